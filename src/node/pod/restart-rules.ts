import type { Container, Pod } from '../../api/generated/types.ts';
import { mayRestartAll } from '../../api/kinds/pod/restart-all.ts';
import { containersOf } from './pod-identity.ts';
import {
  containerName,
  isRunning,
  newestContainer,
  type PodRuntime,
  type RuntimeContainer,
} from './pod-runtime.ts';

/** What the first of a container's rules that fits its exit code asks for (KEP-5307). */
export function ruledAction(container: Container, exitCode: number): string | undefined {
  const rule = (container.restartPolicyRules ?? []).find(({ exitCodes }) => {
    const listed = exitCodes?.values?.includes(exitCode) ?? false;
    return exitCodes?.operator === 'NotIn' ? !listed : listed;
  });
  return rule?.action;
}

/** All containers but the ephemeral ones are to go, so that the pod begins anew in its sandbox. */
export interface PlannedReset {
  /** The container whose exit asks for it. */
  source: RuntimeContainer;
  /** What still runs; killed without hooks and grace. */
  running: RuntimeContainer[];
  /** What is removed when nothing runs: those that ask for it last, so that a reset cut short goes on. */
  remove: RuntimeContainer[];
}

export function planReset(pod: Pod, runtime: PodRuntime, sandboxId: string): PlannedReset | undefined {
  if (!mayRestartAll(pod.spec)) return undefined;
  const specs = containersOf(pod).filter(({ kind }) => kind !== 'ephemeral');
  const names = new Set(specs.map(({ spec }) => spec.name));
  const sources = specs.flatMap(({ spec }) => {
    const newest = newestContainer(runtime, spec.name);
    if (newest?.sandboxId !== sandboxId || newest.status.state !== 'CONTAINER_EXITED') return [];
    return ruledAction(spec, newest.status.exitCode) === 'RestartAllContainers' ? [newest] : [];
  });
  const [source] = sources;
  if (!source) return undefined;
  const all = runtime.containers.filter(container => names.has(containerName(container)));
  const others = all.filter(container => !sources.includes(container));
  return { source, running: all.filter(isRunning), remove: [...others, ...sources] };
}
