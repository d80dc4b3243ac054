import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { formatTime, timeOf } from '../../api/time.ts';
import { setCondition } from '../conditions.ts';
import { isFinished, isReady } from '../pods/pod-state.ts';

/** A disruption that was allowed is expected to be seen within this many milliseconds. */
export const disruptionTimeout = 2 * 60_000;

export interface BudgetInput {
  budget: Stored<PodDisruptionBudget>;
  /** The pods it selects. */
  pods: readonly Stored<Pod>[];
  /** How many pods their controllers want; needed for percentages and maxUnavailable. */
  expected: number;
  now: number;
}

/** What a budget says of itself. */
export function budgetStatus({ budget, pods, expected, now }: BudgetInput): PodDisruptionBudgetStatus {
  const disruptedPods = stillDisrupted(budget, pods, now);
  const live = pods.filter(pod => !isFinished(pod));
  const currentHealthy = live.filter(
    pod => !pod.metadata.deletionTimestamp && !(pod.metadata.name in disruptedPods) && isReady(pod),
  ).length;
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const percent = typeof minAvailable === 'string' || maxUnavailable !== undefined;
  const expectedPods = percent ? expected : live.length;
  const desiredHealthy = desired(minAvailable, maxUnavailable, expectedPods);
  const disruptionsAllowed = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  const condition = {
    type: 'DisruptionAllowed',
    status: disruptionsAllowed > 0 ? 'True' : 'False',
    reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata.generation,
    lastTransitionTime: formatTime(now),
  };
  return {
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed,
    ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
    observedGeneration: budget.metadata.generation,
    conditions: setCondition(budget.status?.conditions ?? [], condition),
  };
}

function desired(
  minAvailable: number | string | undefined,
  maxUnavailable: number | string | undefined,
  expected: number,
): number {
  if (maxUnavailable !== undefined) return Math.max(0, expected - resolveUp(maxUnavailable, expected));
  return minAvailable === undefined ? 0 : resolveUp(minAvailable, expected);
}

function resolveUp(value: number | string, total: number): number {
  if (typeof value === 'number') return value;
  return Math.ceil((Number.parseInt(value, 10) * total) / 100);
}

/** Evictions that were allowed and whose pods have not begun to go yet. */
function stillDisrupted(
  { status }: PodDisruptionBudget,
  pods: readonly Stored<Pod>[],
  now: number,
): Record<string, string> {
  const alive = new Set(
    pods.filter(pod => !pod.metadata.deletionTimestamp).map(({ metadata }) => metadata.name),
  );
  const entries = Object.entries(status?.disruptedPods ?? {});
  return Object.fromEntries(
    entries.filter(([name, at]) => alive.has(name) && timeOf(at) + disruptionTimeout > now),
  );
}
