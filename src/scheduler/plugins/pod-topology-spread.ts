import type { LabelSelector, TopologySpreadConstraint } from '../../api/generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../../api/label-selector.ts';
import { matchesRequiredNodeAffinity } from '../../api/node-selector.ts';
import { tolerates } from '../../api/tolerations.ts';
import { maxScore, type Rejection, type SchedulingPlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

const mismatch = "node(s) didn't match pod topology spread constraints";
const skewed: Rejection = { reasons: [mismatch], unresolvable: false };
const unlabelled: Rejection = { reasons: [`${mismatch} (missing required label)`], unresolvable: true };

const hostname = 'kubernetes.io/hostname';

/** kube-scheduler's system defaults for pods that say nothing about spreading. */
const systemDefaults = [
  { topologyKey: hostname, maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
];

interface Constraint {
  topologyKey: string;
  maxSkew: number;
  minDomains: number;
  counts(pod: PodInfo): boolean;
  /** Whether the node's domain takes part. */
  includes(node: NodeInfo): boolean;
}

/** Spreads the pods a constraint selects over the domains of its topology key. */
export const podTopologySpread: SchedulingPlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  requeueOn: ['node.added', 'node.labels', 'node.taints', 'pod.assigned', 'pod.deleted', 'pod.labels'],
  prepare(pod, snapshot) {
    const constraints = constraintsOf(pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const domains = constraints.map(constraint => countDomains(constraint, constraints, snapshot));
    return { filter: node => check(pod, node, constraints, domains) };
  },
  score(pod, snapshot, nodes) {
    const own = constraintsOf(pod, 'ScheduleAnyway');
    const hasOwn = (pod.pod.spec?.topologySpreadConstraints ?? []).length > 0;
    const constraints = hasOwn ? own : defaultConstraints(pod, snapshot);
    if (constraints.length === 0) return undefined;
    return spreadScores(constraints, snapshot, nodes, hasOwn);
  },
};

function check(
  pod: PodInfo,
  node: NodeInfo,
  constraints: Constraint[],
  domains: Map<string, number>[],
): Rejection | undefined {
  for (const [index, constraint] of constraints.entries()) {
    const value = node.labels[constraint.topologyKey];
    if (value === undefined) return unlabelled;
    const counts = domains[index]!;
    const least = counts.size < constraint.minDomains ? 0 : Math.min(...counts.values());
    const self = constraint.counts(pod) ? 1 : 0;
    const skew = (counts.get(value) ?? 0) + self - (Number.isFinite(least) ? least : 0);
    if (skew > constraint.maxSkew) return skewed;
  }
  return undefined;
}

/** How many pods the constraint counts in each domain; domains without any stand with 0. */
function countDomains(constraint: Constraint, all: Constraint[], snapshot: Snapshot): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of snapshot.nodes.values()) {
    // A node counts when it has the labels of every constraint.
    if (all.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) continue;
    if (!constraint.includes(node)) continue;
    const value = node.labels[constraint.topologyKey]!;
    counts.set(value, (counts.get(value) ?? 0) + countPods(constraint, node));
  }
  return counts;
}

function countPods(constraint: Constraint, node: NodeInfo): number {
  let count = 0;
  for (const pod of node.pods.values()) {
    if (!pod.pod.metadata.deletionTimestamp && constraint.counts(pod)) count++;
  }
  return count;
}

/**
 * The fewer counted pods a node's domains hold, the better. Domains count with a weight that grows with their
 * number (ln of it), as kube-scheduler's do.
 */
function spreadScores(
  constraints: Constraint[],
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
  requireAll: boolean,
): number[] {
  const ignored = (node: NodeInfo) =>
    requireAll && constraints.some(({ topologyKey }) => node.labels[topologyKey] === undefined);
  const domains = constraints.map(constraint =>
    countDomains(constraint, requireAll ? constraints : [constraint], snapshot),
  );
  const raw = nodes.map(node => {
    if (ignored(node)) return undefined;
    let score = 0;
    for (const [index, { topologyKey, maxSkew }] of constraints.entries()) {
      const value = node.labels[topologyKey];
      if (value === undefined) continue;
      const weight = Math.log(domains[index]!.size + 2);
      score += (domains[index]!.get(value) ?? 0) * weight + (maxSkew - 1);
    }
    return Math.round(score);
  });
  const scored = raw.filter(score => score !== undefined);
  const min = Math.min(...scored);
  const max = Math.max(...scored);
  return raw.map(score => {
    if (score === undefined) return 0;
    return max === 0 ? maxScore : Math.floor((maxScore * (max + min - score)) / max);
  });
}

function constraintsOf(pod: PodInfo, when: 'DoNotSchedule' | 'ScheduleAnyway'): Constraint[] {
  const given = pod.pod.spec?.topologySpreadConstraints ?? [];
  return given
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when)
    .map(constraint => resolveConstraint(constraint, pod));
}

function resolveConstraint(given: TopologySpreadConstraint, pod: PodInfo): Constraint {
  const { topologyKey, maxSkew, minDomains = 1, labelSelector, matchLabelKeys = [] } = given;
  const { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = given;
  const selects = podSelector(labelSelector);
  return {
    topologyKey,
    maxSkew,
    minDomains,
    counts: other =>
      other.namespace === pod.namespace &&
      selects(other) &&
      matchLabelKeys.every(key => !(key in pod.labels) || other.labels[key] === pod.labels[key]),
    includes: node =>
      (nodeAffinityPolicy === 'Ignore' || matchesRequiredNodeAffinity(pod.pod.spec, node)) &&
      (nodeTaintsPolicy === 'Ignore' || toleratesNode(pod, node)),
  };
}

function defaultConstraints(pod: PodInfo, snapshot: Snapshot): Constraint[] {
  const selector = snapshot.workloadSelector(pod);
  if (!selector) return [];
  const selects = podSelector(selector);
  return systemDefaults.map(({ topologyKey, maxSkew }) => ({
    topologyKey,
    maxSkew,
    minDomains: 1,
    counts: other => other.namespace === pod.namespace && selects(other),
    includes: node => matchesRequiredNodeAffinity(pod.pod.spec, node),
  }));
}

function toleratesNode(pod: PodInfo, { node }: NodeInfo): boolean {
  const taints = node.spec?.taints?.filter(({ effect }) => effect !== 'PreferNoSchedule') ?? [];
  return taints.every(taint => tolerates(pod.tolerations, taint));
}

/** No selector selects nothing. */
function podSelector(selector: LabelSelector | undefined): (pod: PodInfo) => boolean {
  if (!selector) return () => false;
  const parsed = selectorFromLabelSelector(selector);
  return pod => matchesLabels(parsed, pod.labels);
}
