import type { Container, Pod, ResourceRequirements } from '../../api/generated/types.ts';
import { compareQuantity, parseQuantity } from '../../api/quantity.ts';
import { type ContainerSpec, containersOf } from './pod-identity.ts';
import { containerName, isRunning, type PodRuntime, type RuntimeContainer } from './pod-runtime.ts';

/** Processor and memory of a container: what can be changed while it runs. */
export type ContainerResources = Pick<ResourceRequirements, 'requests' | 'limits'>;

export interface PlannedResize {
  container: RuntimeContainer;
  spec: ContainerSpec;
  /** Its resizePolicy asks for a restart. */
  restart: boolean;
}

const resizable = ['cpu', 'memory'] as const;

/** The running containers that have other resources than their pod asks for. Pure. */
export function planResize(
  pod: Pod,
  runtime: PodRuntime,
  actual: (containerId: string) => ContainerResources | undefined,
): PlannedResize[] {
  const planned: PlannedResize[] = [];
  for (const spec of containersOf(pod)) {
    if (spec.kind === 'ephemeral') continue;
    const container = runtime.containers.find(
      found => containerName(found) === spec.spec.name && isRunning(found),
    );
    const before = container && actual(container.status.id);
    if (!container || !before) continue;
    const changed = resizable.filter(name => differs(before, spec.spec.resources ?? {}, name));
    if (changed.length > 0) planned.push({ container, spec, restart: needsRestart(spec.spec, changed) });
  }
  return planned;
}

function differs(before: ContainerResources, now: ContainerResources, name: string): boolean {
  return (['requests', 'limits'] as const).some(list => {
    const [was, is] = [before[list]?.[name], now[list]?.[name]];
    if (was === undefined || is === undefined) return was !== is;
    return compareQuantity(parseQuantity(was), parseQuantity(is)) !== 0;
  });
}

function needsRestart({ resizePolicy = [] }: Container, changed: readonly string[]): boolean {
  return resizePolicy.some(
    ({ resourceName, restartPolicy }) =>
      changed.includes(resourceName) && restartPolicy === 'RestartContainer',
  );
}
