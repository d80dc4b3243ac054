import { type ContainerSpec, containersOf, type NodePod } from './pod-identity.ts';
import type { PlannedKill } from './pod-plan.ts';
import { containerName, type RuntimeContainer } from './pod-runtime.ts';

export interface DueStop {
  container: RuntimeContainer;
  /** None for a container the pod's spec does not have. */
  spec: ContainerSpec | undefined;
}

/** What of an ending pod stops now: the main containers at once; when those have ended the sidecars, last started first. */
export function stopsDue(pod: NodePod, running: readonly RuntimeContainer[]): DueStop[] {
  const specs = containersOf(pod);
  const all = running.map(container => ({
    container,
    spec: specs.find(({ spec }) => spec.name === containerName(container)),
  }));
  const main = all.filter(({ spec }) => spec?.kind !== 'sidecar');
  if (main.length > 0) return main;
  const last = specs
    .filter(({ kind }) => kind === 'sidecar')
    .reverse()
    .map(sidecar => all.find(({ spec }) => spec === sidecar))
    .find(stop => stop !== undefined);
  return last ? [last] : all;
}

/** Seconds a container gets that ends while its pod goes on. A probe may have a grace period of its own. */
export function killGrace(
  pod: NodePod,
  container: ContainerSpec | undefined,
  reason: PlannedKill['reason'],
): number {
  const spec = container?.spec;
  const probe =
    reason === 'liveness' ? spec?.livenessProbe : reason === 'startup' ? spec?.startupProbe : undefined;
  return probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}
