import type { PodDisruptionBudget } from '../api/generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../api/label-selector.ts';
import type { Stored } from '../api/objects.ts';
import { timeOf } from '../api/time.ts';
import { fits } from './find-node.ts';
import { type Diagnosis, fitMessage } from './fit-error.ts';
import type { Rejection, SchedulingPlugin } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { type Snapshot, withNode } from './snapshot.ts';

export interface Preemption {
  node: NodeInfo;
  /** Most important first. */
  victims: PodInfo[];
  /** How many victims' disruption budgets this would break. */
  violations: number;
}

export type PreemptionResult =
  | { preemption: Preemption }
  | {
      preemption?: undefined;
      message: string /** The nomination of before no longer stands. */;
      clears: boolean;
    };

const noVictims: Rejection = {
  reasons: ['No preemption victims found for incoming pod'],
  unresolvable: true,
};
const notHelpful = 'Preemption is not helpful for scheduling';

/**
 * Looks for a node that would take the pod were less important pods evicted: as few, as unimportant and as
 * rarely protected by a budget as can be. Pure; kube-scheduler's DefaultPreemption.
 */
export function findPreemption(
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly SchedulingPlugin[],
  diagnosis: Diagnosis,
  budgets: readonly Stored<PodDisruptionBudget>[],
): PreemptionResult {
  const why = ineligible(pod, snapshot, diagnosis);
  if (why) return { message: `preemption: ${why}`, clears: false };
  const rejections = new Map<string, Rejection>();
  const candidates: Preemption[] = [];
  for (const [name, rejection] of diagnosis.rejections) {
    const node = snapshot.nodes.get(name);
    if (!node || rejection.unresolvable) continue;
    const result = selectVictims(pod, node, snapshot, plugins, budgets);
    if ('victims' in result) candidates.push(result);
    else rejections.set(name, result);
  }
  const best = candidates.sort(compareCandidates)[0];
  if (best) return { preemption: best };
  const text = fitMessage({ nodes: snapshot.nodes.size, rejections, absentReason: notHelpful });
  return { message: `preemption: ${text}`, clears: true };
}

function ineligible(pod: PodInfo, snapshot: Snapshot, diagnosis: Diagnosis): string | undefined {
  if (pod.pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = snapshot.nodes.get(pod.pod.status?.nominatedNodeName ?? '');
  if (!nominated || diagnosis.rejections.get(nominated.name)?.unresolvable) return undefined;
  for (const other of nominated.pods.values()) {
    if (other.priority < pod.priority && other.pod.metadata.deletionTimestamp) {
      return 'not eligible due to a terminating pod on the nominated node.';
    }
  }
  return undefined;
}

/** Takes all less important pods off the node, then puts back as many as can stay, protected ones first. */
function selectVictims(
  pod: PodInfo,
  node: NodeInfo,
  snapshot: Snapshot,
  plugins: readonly SchedulingPlugin[],
  budgets: readonly Stored<PodDisruptionBudget>[],
): Preemption | Rejection {
  const lesser = [...node.pods.values()].filter(other => other.priority < pod.priority);
  if (lesser.length === 0) return noVictims;
  const trial = node.clone();
  for (const other of lesser) trial.remove(other.uid);
  const what = withNode(snapshot, trial);
  const refusal = fits(pod, trial, what, plugins);
  if (refusal) return refusal;
  lesser.sort(byImportance);
  const { violating, others } = splitByBudget(lesser, budgets);
  const reprieve = (candidates: PodInfo[]) =>
    candidates.filter(other => mustGo(other, pod, trial, what, plugins));
  const violatingVictims = reprieve(violating);
  const victims = [...violatingVictims, ...reprieve(others)].sort(byImportance);
  return { node, victims, violations: violatingVictims.length };
}

/** Puts `other` back; takes it off again, and says true, where the pod then would not fit. */
function mustGo(
  other: PodInfo,
  pod: PodInfo,
  trial: NodeInfo,
  snapshot: Snapshot,
  plugins: readonly SchedulingPlugin[],
): boolean {
  trial.add(other);
  if (!fits(pod, trial, snapshot, plugins)) return false;
  trial.remove(other.uid);
  return true;
}

function splitByBudget(pods: readonly PodInfo[], budgets: readonly Stored<PodDisruptionBudget>[]) {
  const allowed = new Map(
    budgets.map(budget => [budget.metadata.uid, budget.status?.disruptionsAllowed ?? 0]),
  );
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let violates = false;
    for (const budget of budgets) {
      if (!protects(budget, pod)) continue;
      const left = (allowed.get(budget.metadata.uid) ?? 0) - 1;
      allowed.set(budget.metadata.uid, left);
      if (left < 0) violates = true;
    }
    (violates ? violating : others).push(pod);
  }
  return { violating, others };
}

function protects(budget: Stored<PodDisruptionBudget>, pod: PodInfo): boolean {
  if (budget.metadata.namespace !== pod.namespace || !budget.spec?.selector) return false;
  // A pod whose disruption is under way already was counted then.
  if (pod.pod.metadata.name in (budget.status?.disruptedPods ?? {})) return false;
  if (Object.keys(pod.labels).length === 0) return false;
  return matchesLabels(selectorFromLabelSelector(budget.spec.selector), pod.labels);
}

/** Higher priority first, then the one that runs longer. */
function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startOf(a) - startOf(b);
}

function startOf({ pod }: PodInfo): number {
  return timeOf(pod.status?.startTime) || Number.POSITIVE_INFINITY;
}

/** Fewest broken budgets, least important victim at the top, least sum, fewest victims, youngest victims. */
function compareCandidates(a: Preemption, b: Preemption): number {
  return (
    a.violations - b.violations ||
    (a.victims[0]?.priority ?? 0) - (b.victims[0]?.priority ?? 0) ||
    sumOfPriorities(a) - sumOfPriorities(b) ||
    a.victims.length - b.victims.length ||
    earliestTopStart(b) - earliestTopStart(a)
  );
}

function sumOfPriorities({ victims }: Preemption): number {
  // Priorities reach down to -2^31; the offset lets more victims weigh more, also below 0.
  return victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0);
}

function earliestTopStart({ victims }: Preemption): number {
  const top = victims.filter(({ priority }) => priority === victims[0]?.priority);
  return Math.min(Number.MAX_VALUE, ...top.map(startOf));
}
