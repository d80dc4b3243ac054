import type { Container } from '../../api/generated/types.ts';
import { type NodePod, runtimeAnnotations } from './pod-identity.ts';
import { containerName, type PodRuntime } from './pod-runtime.ts';

/**
 * A stand-in for a pod that only the runtime knows any more, made from its labels and annotations: enough to
 * end it as it asked for.
 */
export function orphanPod(runtime: PodRuntime): NodePod {
  const containers = new Map<string, Container>();
  let gracePeriod = 30;
  for (const container of runtime.containers) {
    const { annotations } = container.status;
    const name = containerName(container);
    const preStop = parse(annotations[runtimeAnnotations.preStop]);
    containers.set(name, { name, ...(preStop && { lifecycle: { preStop } }) });
    gracePeriod = Number(annotations[runtimeAnnotations.gracePeriod] ?? gracePeriod);
  }
  const { uid, name, namespace } = runtime;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { uid, name, namespace, resourceVersion: '' },
    spec: { containers: [...containers.values()], terminationGracePeriodSeconds: gracePeriod },
  };
}

function parse(json: string | undefined): NonNullable<Container['lifecycle']>['preStop'] {
  if (!json) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
