import type { Container, Pod } from '../../api/generated/types.ts';
import type { ContainerConfig, Image, Mount } from '../../cri/cri.ts';
import type { Encoded } from '../../cri/schema.ts';
import { type ContainerSpec, containerHash, runtimeAnnotations, runtimeLabels } from '../pod/pod-identity.ts';
import { containerResources } from './container-resources.ts';
import { containerSecurity } from './security-context.ts';
import { expandVariables } from './variable-expansion.ts';

export interface ContainerFacts {
  restartCount: number;
  /** The reference the runtime knows the image by. */
  imageRef: string;
  image: Image | undefined;
  environment: ReadonlyMap<string, string>;
  mounts: Mount[];
  logPath: string;
  seccompDir: string;
  /** Id of the container whose process namespace an ephemeral one joins. */
  targetId?: string;
  machine: { memoryBytes: number; cgroupVersion: 1 | 2 };
}

/** Source: kubelet `generateContainerConfig`. @throws ContainerConfigError */
export function containerConfig(pod: Pod, container: ContainerSpec, facts: ContainerFacts): ContainerConfig {
  const { spec } = container;
  const expand = (text: string) => expandVariables(text, name => facts.environment.get(name));
  return {
    metadata: { name: spec.name, attempt: facts.restartCount },
    image: { image: facts.imageRef, userSpecifiedImage: spec.image ?? '' },
    command: (spec.command ?? []).map(expand),
    args: (spec.args ?? []).map(expand),
    workingDir: spec.workingDir ?? '',
    envs: [...facts.environment].map(([key, value]) => ({ key, value })),
    mounts: facts.mounts,
    labels: containerLabels(pod, spec),
    annotations: containerAnnotations(pod, spec, facts.restartCount),
    logPath: facts.logPath,
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    tty: spec.tty ?? false,
    ...(spec.lifecycle?.stopSignal && { stopSignal: spec.lifecycle.stopSignal as StopSignal }),
    linux: {
      resources: containerResources(pod, spec, facts.machine),
      securityContext: containerSecurity(pod, spec, facts.image, facts),
    },
  };
}

type StopSignal = NonNullable<Encoded<'ContainerConfig'>['stopSignal']>;

function containerLabels(pod: Pod, { name }: Container): Record<string, string> {
  return {
    [runtimeLabels.podName]: pod.metadata?.name ?? '',
    [runtimeLabels.podNamespace]: pod.metadata?.namespace ?? '',
    [runtimeLabels.podUid]: pod.metadata?.uid ?? '',
    [runtimeLabels.containerName]: name,
  };
}

/** What a later agent needs to end this container rightly, even when its pod is no longer in the API. */
function containerAnnotations(pod: Pod, spec: Container, restartCount: number): Record<string, string> {
  return {
    [runtimeAnnotations.hash]: containerHash(spec),
    [runtimeAnnotations.restartCount]: String(restartCount),
    [runtimeAnnotations.terminationMessagePath]: spec.terminationMessagePath ?? '',
    [runtimeAnnotations.terminationMessagePolicy]: spec.terminationMessagePolicy ?? '',
    [runtimeAnnotations.gracePeriod]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    ...(spec.lifecycle?.preStop && { [runtimeAnnotations.preStop]: JSON.stringify(spec.lifecycle.preStop) }),
    ...(spec.ports && { [runtimeAnnotations.ports]: JSON.stringify(spec.ports) }),
  };
}
