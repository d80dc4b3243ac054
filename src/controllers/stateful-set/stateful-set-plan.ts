import type { Pod, StatefulSet } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { isAvailable, isReady } from '../pods/pod-state.ts';
import { revisionHashLabel } from '../revisions/revision-history.ts';

export type StatefulStep =
  | { do: 'create'; ordinal: number; revision: string }
  | { do: 'delete'; pod: Stored<Pod>; why: 'failed' | 'scaled-down' | 'outdated' };

export interface StatefulInput {
  set: StatefulSet;
  pods: readonly Stored<Pod>[];
  isDeleting(pod: Stored<Pod>): boolean;
  currentRevision: string;
  updateRevision: string;
  now: number;
}

/** The number at the end of a StatefulSet's pod's name; undefined where it is no pod of it. */
export function ordinalOf(pod: Stored<Pod>, setName: string): number | undefined {
  const { name } = pod.metadata;
  if (!name.startsWith(`${setName}-`)) return undefined;
  const digits = name.slice(setName.length + 1);
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

export function revisionOfPod({ metadata }: Pod): string {
  return metadata?.labels?.[revisionHashLabel] ?? '';
}

export function isOrdered({ spec }: StatefulSet): boolean {
  return spec?.podManagementPolicy !== 'Parallel';
}

export function firstOrdinal({ spec }: StatefulSet): number {
  return spec?.ordinals?.start ?? 0;
}

/**
 * The next steps of a StatefulSet. Ordered ones take one step at a time and wait for every pod before it to be
 * available; parallel ones take all at once, an update apart, which goes from the highest ordinal down.
 */
export function planStatefulSet(input: StatefulInput): StatefulStep[] {
  const slots = slotsOf(input);
  const ordered = isOrdered(input.set);
  const steps: StatefulStep[] = [];
  for (const { ordinal, pod } of slots.wanted) {
    const step = slotStep(input, ordinal, pod);
    if (step) steps.push(step);
    if (ordered && (step || !pod || input.isDeleting(pod) || !healthy(input, pod))) return steps;
  }
  for (const pod of slots.condemned) {
    if (input.isDeleting(pod)) {
      if (ordered) return steps;
      continue;
    }
    if (ordered && !healthy(input, pod) && pod !== slots.firstUnhealthy) return steps;
    steps.push({ do: 'delete', pod, why: 'scaled-down' });
    if (ordered) return steps;
  }
  return [...steps, ...updateSteps(input, slots)];
}

interface Slots {
  wanted: { ordinal: number; pod: Stored<Pod> | undefined }[];
  /** Beyond the wanted ones, highest first. */
  condemned: Stored<Pod>[];
  firstUnhealthy: Stored<Pod> | undefined;
}

function slotsOf(input: StatefulInput): Slots {
  const { set, pods } = input;
  const byOrdinal = new Map(pods.map(pod => [ordinalOf(pod, set.metadata?.name ?? ''), pod]));
  const start = firstOrdinal(set);
  const count = set.spec?.replicas ?? 1;
  const wanted = Array.from({ length: count }, (_, i) => ({
    ordinal: start + i,
    pod: byOrdinal.get(start + i),
  }));
  const beyond = [...byOrdinal].filter(
    ([ordinal]) => ordinal !== undefined && (ordinal < start || ordinal >= start + count),
  );
  const condemned = beyond.sort(([a], [b]) => b! - a!).map(([, pod]) => pod);
  const inOrder = [...wanted.flatMap(({ pod }) => pod ?? []), ...[...condemned].reverse()];
  return { wanted, condemned, firstUnhealthy: inOrder.find(pod => !healthy(input, pod)) };
}

function healthy({ set, now, isDeleting }: StatefulInput, pod: Stored<Pod>): boolean {
  return (
    pod.status?.phase === 'Running' &&
    !isDeleting(pod) &&
    isAvailable(pod, set.spec?.minReadySeconds ?? 0, now)
  );
}

function slotStep(
  input: StatefulInput,
  ordinal: number,
  pod: Stored<Pod> | undefined,
): StatefulStep | undefined {
  if (!pod) return { do: 'create', ordinal, revision: revisionFor(input, ordinal) };
  const finished = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
  if (finished && !input.isDeleting(pod)) return { do: 'delete', pod, why: 'failed' };
  return undefined;
}

/** During an update, pods below the partition come back as they were. */
function revisionFor({ set, currentRevision, updateRevision }: StatefulInput, ordinal: number): string {
  const { updateStrategy } = set.spec ?? {};
  if ((updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return updateRevision;
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0;
  return ordinal < firstOrdinal(set) + partition ? currentRevision : updateRevision;
}

function updateSteps(input: StatefulInput, slots: Slots): StatefulStep[] {
  const { set, updateRevision } = input;
  const { updateStrategy, replicas = 1 } = set.spec ?? {};
  if (updateStrategy?.type === 'OnDelete') return [];
  const { partition = 0, maxUnavailable = 1 } = updateStrategy?.rollingUpdate ?? {};
  const allowed = Math.max(1, resolve(maxUnavailable, replicas));
  let unavailable = slots.wanted.filter(({ pod }) => !pod || !healthy(input, pod)).length;
  const steps: StatefulStep[] = [];
  for (const { ordinal, pod } of slots.wanted.toReversed()) {
    if (ordinal < firstOrdinal(set) + partition) break;
    if (!pod || input.isDeleting(pod)) {
      if (unavailable >= allowed) break;
      continue;
    }
    if (revisionOfPod(pod) !== updateRevision) {
      // A pod that is not available is replaced without making things worse.
      if (unavailable >= allowed && healthy(input, pod)) break;
      if (healthy(input, pod)) unavailable++;
      steps.push({ do: 'delete', pod, why: 'outdated' });
      if (unavailable >= allowed) break;
    } else if (!healthy(input, pod) && unavailable >= allowed) break;
  }
  return steps;
}

function resolve(value: number | string, total: number): number {
  if (typeof value === 'number') return value;
  return Math.ceil((Number.parseInt(value, 10) * total) / 100);
}

/** The counts of a StatefulSet's status. */
export function statefulCounts(input: StatefulInput) {
  const { set, pods, isDeleting, currentRevision, updateRevision, now } = input;
  const created = pods.filter(pod => pod.status?.phase !== undefined);
  const running = created.filter(pod => pod.status?.phase === 'Running' && isReady(pod));
  const live = created.filter(pod => !isDeleting(pod));
  return {
    replicas: created.length,
    readyReplicas: running.length,
    availableReplicas: running.filter(pod => isAvailable(pod, set.spec?.minReadySeconds ?? 0, now)).length,
    currentReplicas: live.filter(pod => revisionOfPod(pod) === currentRevision).length,
    updatedReplicas: live.filter(pod => revisionOfPod(pod) === updateRevision).length,
  };
}
