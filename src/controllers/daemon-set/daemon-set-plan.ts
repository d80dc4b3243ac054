import type { DaemonSet, Node, Pod, PodTemplateSpec, Taint, Toleration } from '../../api/generated/types.ts';
import { matchesRequiredNodeAffinity } from '../../api/node-selector.ts';
import type { Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import { tolerates } from '../../api/tolerations.ts';
import { isAvailable, isReady } from '../pods/pod-state.ts';

const always: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const forHostNetwork: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

/** The template's tolerations with those every daemon has. */
export function daemonTolerations(template: PodTemplateSpec): Toleration[] {
  const { tolerations = [], hostNetwork } = template.spec ?? {};
  const added = hostNetwork ? [...always, forHostNetwork] : always;
  const missing = added.filter(
    ({ key, effect }) =>
      !tolerations.some(own => own.key === key && own.effect === effect && own.operator === 'Exists'),
  );
  return [...tolerations, ...missing];
}

/** Whether a daemon belongs on a node, and whether one that is there may stay. */
export function placement(template: PodTemplateSpec, node: Stored<Node>): { run: boolean; stay: boolean } {
  const { name, labels = {} } = node.metadata;
  const { spec } = template;
  const pinned = spec?.nodeName;
  if ((pinned && pinned !== name) || !matchesRequiredNodeAffinity(spec, { name, labels })) {
    return { run: false, stay: false };
  }
  const taints = node.spec?.taints ?? [];
  const tolerations = daemonTolerations(template);
  const tolerated = (effects: string[]) =>
    taints
      .filter(({ effect }: Taint) => effects.includes(effect))
      .every(taint => tolerates(tolerations, taint));
  return { run: tolerated(['NoSchedule', 'NoExecute']), stay: tolerated(['NoExecute']) };
}

/** The node a daemon is on or meant for: it is pinned by name before it is scheduled. */
export function nodeOfDaemon({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName;
  const terms =
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  for (const { matchFields = [] } of terms ?? []) {
    const pinned = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (pinned?.values?.length === 1) return pinned.values[0];
  }
  return undefined;
}

export interface DaemonInput {
  set: DaemonSet;
  nodes: readonly Stored<Node>[];
  pods: readonly Stored<Pod>[];
  isDeleting(pod: Stored<Pod>): boolean;
  /** Whether a pod is of the template as it is now. */
  isCurrent(pod: Pod): boolean;
  now: number;
}

export interface DaemonPlan {
  create: string[];
  delete: { pod: Stored<Pod>; why: 'failed' | 'misplaced' | 'doubled' | 'outdated' }[];
}

/** What is to be created and deleted: where daemons belong and are not, and the other way round; then updates. */
export function planDaemonSet(input: DaemonInput): DaemonPlan {
  const plan: DaemonPlan = { create: [], delete: [] };
  const byNode = podsByNode(input.pods);
  const template = input.set.spec!.template;
  const surge = fences(input).maxSurge;
  for (const node of input.nodes) {
    const { name } = node.metadata;
    const { run, stay } = placement(template, node);
    planNode(plan, input, name, byNode.get(name) ?? [], { run, stay, surge });
    byNode.delete(name);
  }
  // What is left is on nodes that are gone; the pod garbage collector takes those.
  planUpdate(plan, input);
  return plan;
}

function planNode(
  plan: DaemonPlan,
  { isDeleting, isCurrent }: DaemonInput,
  node: string,
  pods: readonly Stored<Pod>[],
  { run, stay, surge }: { run: boolean; stay: boolean; surge: number },
): void {
  const live = pods.filter(pod => !isDeleting(pod));
  if (!stay) {
    for (const pod of live) plan.delete.push({ pod, why: 'misplaced' });
    return;
  }
  const failed = live.filter(({ status }) => status?.phase === 'Failed');
  for (const pod of failed) plan.delete.push({ pod, why: 'failed' });
  const kept = live.filter(pod => !failed.includes(pod)).sort(byAge);
  if (run && pods.length === 0) plan.create.push(node);
  if (surge > 0) return;
  const [, ...doubled] = kept.sort((a, b) => Number(isCurrent(b)) - Number(isCurrent(a)));
  for (const pod of doubled) plan.delete.push({ pod, why: 'doubled' });
}

/** How many nodes may be without, or have an additional, daemon during an update. */
export function fences({ set, nodes }: Pick<DaemonInput, 'set' | 'nodes'>): {
  maxUnavailable: number;
  maxSurge: number;
} {
  const { updateStrategy, template } = set.spec!;
  if (updateStrategy?.type === 'OnDelete') return { maxUnavailable: 0, maxSurge: 0 };
  const wanted = nodes.filter(node => placement(template, node).run).length;
  const { maxUnavailable, maxSurge = 0 } = updateStrategy?.rollingUpdate ?? {};
  const surge = resolveUp(maxSurge, wanted);
  const unavailable = resolveUp(maxUnavailable ?? (surge > 0 ? 0 : 1), wanted);
  return surge === 0 && unavailable === 0
    ? { maxUnavailable: 1, maxSurge: 0 }
    : { maxUnavailable: unavailable, maxSurge: surge };
}

function resolveUp(value: number | string, total: number): number {
  if (typeof value === 'number') return value;
  return Math.ceil((Number.parseInt(value, 10) * total) / 100);
}

function planUpdate(plan: DaemonPlan, input: DaemonInput): void {
  if (input.set.spec?.updateStrategy?.type === 'OnDelete') return;
  const { maxUnavailable, maxSurge } = fences(input);
  if (maxSurge > 0) planSurge(plan, input, maxSurge);
  else planReplacement(plan, input, maxUnavailable);
}

function planReplacement(plan: DaemonPlan, input: DaemonInput, maxUnavailable: number): void {
  const doomed = new Set(plan.delete.map(({ pod }) => pod));
  const byNode = podsByNode(input.pods);
  const broken: Stored<Pod>[] = [];
  const working: Stored<Pod>[] = [];
  let unavailable = 0;
  for (const node of input.nodes) {
    if (!placement(input.set.spec!.template, node).run) continue;
    const pods = (byNode.get(node.metadata.name) ?? []).filter(
      pod => !input.isDeleting(pod) && !doomed.has(pod),
    );
    const available = pods.some(pod => isUp(input, pod));
    if (!available) unavailable++;
    for (const pod of pods) {
      if (!input.isCurrent(pod)) (isUp(input, pod) ? working : broken).push(pod);
    }
  }
  const allowed = Math.max(0, maxUnavailable - unavailable);
  for (const pod of [...broken, ...working.slice(0, allowed)]) plan.delete.push({ pod, why: 'outdated' });
}

/** With surge the new daemon comes up beside the old one, which goes when the new one is available. */
function planSurge(plan: DaemonPlan, input: DaemonInput, maxSurge: number): void {
  const byNode = podsByNode(input.pods);
  const waiting: string[] = [];
  let surging = 0;
  for (const node of input.nodes) {
    const { name } = node.metadata;
    if (!placement(input.set.spec!.template, node).run) continue;
    const pods = (byNode.get(name) ?? []).filter(
      pod => !input.isDeleting(pod) && pod.status?.phase !== 'Failed',
    );
    const current = pods.filter(pod => input.isCurrent(pod));
    const old = pods.filter(pod => !input.isCurrent(pod));
    if (old.length === 0) continue;
    if (current.some(pod => isUp(input, pod)))
      for (const pod of old) plan.delete.push({ pod, why: 'outdated' });
    else if (current.length > 0) surging++;
    else if (old.every(pod => !isUp(input, pod)))
      for (const pod of old) plan.delete.push({ pod, why: 'outdated' });
    else waiting.push(name);
  }
  plan.create.push(...waiting.slice(0, Math.max(0, maxSurge - surging)));
}

function isUp({ set, now }: DaemonInput, pod: Stored<Pod>): boolean {
  return isAvailable(pod, set.spec?.minReadySeconds ?? 0, now);
}

export function daemonCounts(input: DaemonInput) {
  const { set, nodes, pods, isDeleting, isCurrent } = input;
  const byNode = podsByNode(pods.filter(pod => !isDeleting(pod)));
  const counts = {
    currentNumberScheduled: 0,
    desiredNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
    numberAvailable: 0,
    updatedNumberScheduled: 0,
  };
  for (const node of nodes) {
    const own = byNode.get(node.metadata.name) ?? [];
    if (!placement(set.spec!.template, node).run) {
      if (own.length > 0) counts.numberMisscheduled++;
      continue;
    }
    counts.desiredNumberScheduled++;
    if (own.length === 0) continue;
    counts.currentNumberScheduled++;
    if (own.some(isReady)) counts.numberReady++;
    if (own.some(pod => isUp(input, pod))) counts.numberAvailable++;
    if (own.some(isCurrent)) counts.updatedNumberScheduled++;
  }
  return { ...counts, numberUnavailable: counts.desiredNumberScheduled - counts.numberAvailable };
}

function podsByNode(pods: readonly Stored<Pod>[]): Map<string, Stored<Pod>[]> {
  const byNode = new Map<string, Stored<Pod>[]>();
  for (const pod of pods) {
    const node = nodeOfDaemon(pod);
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

function byAge(a: Stored<Pod>, b: Stored<Pod>): number {
  return timeOf(a.metadata.creationTimestamp) - timeOf(b.metadata.creationTimestamp);
}
