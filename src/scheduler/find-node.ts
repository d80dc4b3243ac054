import type { Diagnosis } from './fit-error.ts';
import type { NodeFilter, PreFilter, Rejection, SchedulingPlugin } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

export type Placement =
  | { node: NodeInfo; score: number; candidates: number }
  | { node?: undefined; diagnosis: Diagnosis };

/** Pods that have been promised a node whose victims are still going away, by node. */
export type Nominations = ReadonlyMap<string, readonly PodInfo[]>;

interface NamedFilter {
  plugin: string;
  filter: NodeFilter;
}

/**
 * Finds the best node for a pod. Pure but for `random` (0 ≤ r < 1), which picks among equals.
 */
export function findNode(
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly SchedulingPlugin[],
  options: { nominations?: Nominations; random?: () => number } = {},
): Placement {
  const prepared = prepare(pod, snapshot, plugins);
  if ('diagnosis' in prepared) return prepared;
  const { feasible, rejections, refusedBy } = filterNodes(pod, snapshot, prepared, options.nominations);
  if (feasible.length === 0) {
    const absentReason = `node(s) didn't satisfy plugin(s) [${[...prepared.narrowedBy].sort().join(' ')}]`;
    const refused = new Set([...refusedBy, ...prepared.narrowedBy]);
    return { diagnosis: { nodes: snapshot.nodes.size, rejections, absentReason, plugins: refused } };
  }
  if (feasible.length === 1) return { node: feasible[0]!, score: 0, candidates: 1 };
  const scores = scoreNodes(pod, snapshot, plugins, feasible);
  return { ...pickBest(feasible, scores, options.random ?? Math.random), candidates: feasible.length };
}

interface Prepared {
  filters: NamedFilter[];
  /** Only these nodes are in question; undefined: all. */
  onlyNodes?: ReadonlySet<string>;
  narrowedBy: Set<string>;
}

function prepare(
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly SchedulingPlugin[],
): Prepared | { diagnosis: Diagnosis } {
  const filters: NamedFilter[] = [];
  const narrowedBy = new Set<string>();
  let onlyNodes: ReadonlySet<string> | undefined;
  for (const plugin of plugins) {
    const result: PreFilter | undefined = plugin.prepare?.(pod, snapshot);
    if (result?.reject) {
      const refusedBy = new Set([plugin.name]);
      const rejections = new Map<string, Rejection>();
      return {
        diagnosis: { nodes: snapshot.nodes.size, podReason: result.reject, rejections, plugins: refusedBy },
      };
    }
    if (result?.filter) filters.push({ plugin: plugin.name, filter: result.filter });
    if (result?.onlyNodes) {
      const { onlyNodes: narrower } = result;
      onlyNodes = onlyNodes ? new Set([...onlyNodes].filter(name => narrower.has(name))) : narrower;
      narrowedBy.add(plugin.name);
    }
  }
  return { filters, onlyNodes, narrowedBy };
}

function filterNodes(
  pod: PodInfo,
  snapshot: Snapshot,
  { filters, onlyNodes }: Prepared,
  nominations: Nominations | undefined,
): { feasible: NodeInfo[]; rejections: Map<string, Rejection>; refusedBy: Set<string> } {
  const feasible: NodeInfo[] = [];
  const rejections = new Map<string, Rejection>();
  const refusedBy = new Set<string>();
  for (const node of snapshot.nodes.values()) {
    if (onlyNodes && !onlyNodes.has(node.name)) continue;
    const refusal =
      runFilters(filters, withNominated(node, pod, nominations) ?? node) ?? runFilters(filters, node);
    if (refusal) {
      rejections.set(node.name, refusal.rejection);
      refusedBy.add(refusal.plugin);
    } else feasible.push(node);
  }
  return { feasible, rejections, refusedBy };
}

/** The node with the pods it was promised to, where any of them is at least as important as `pod`. */
function withNominated(node: NodeInfo, pod: PodInfo, nominations: Nominations | undefined) {
  const promised = nominations
    ?.get(node.name)
    ?.filter(other => other.uid !== pod.uid && other.priority >= pod.priority);
  if (!promised?.length) return undefined;
  const copy = node.clone();
  for (const other of promised) copy.add(other);
  return copy;
}

function runFilters(
  filters: readonly NamedFilter[],
  node: NodeInfo,
): { plugin: string; rejection: Rejection } | undefined {
  for (const { plugin, filter } of filters) {
    const rejection = filter(node);
    if (rejection) return { plugin, rejection };
  }
  return undefined;
}

/** Whether `node`, as given, would take the pod; the refusal where not. */
export function fits(
  pod: PodInfo,
  node: NodeInfo,
  snapshot: Snapshot,
  plugins: readonly SchedulingPlugin[],
): Rejection | undefined {
  const prepared = prepare(pod, snapshot, plugins);
  if ('diagnosis' in prepared) {
    return { reasons: [prepared.diagnosis.podReason ?? ''], unresolvable: true };
  }
  return runFilters(prepared.filters, node)?.rejection;
}

function scoreNodes(
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly SchedulingPlugin[],
  nodes: readonly NodeInfo[],
): number[] {
  const totals = nodes.map(() => 0);
  for (const { score, weight } of plugins) {
    const scores = weight > 0 ? score?.(pod, snapshot, nodes) : undefined;
    if (scores) for (const [index, value] of scores.entries()) totals[index]! += value * weight;
  }
  return totals;
}

function pickBest(nodes: readonly NodeInfo[], scores: readonly number[], random: () => number) {
  const best = Math.max(...scores);
  const equals = nodes.filter((_, index) => scores[index] === best);
  return { node: equals[Math.floor(random() * equals.length)]!, score: best };
}
