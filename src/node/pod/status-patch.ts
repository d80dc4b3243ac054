import { isDeepStrictEqual } from 'node:util';
import type { PodCondition, PodStatus } from '../../api/generated/types.ts';

type Patch = Record<string, unknown>;

/** Conditions the node owns; those of others are left alone. */
export const ownConditions: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  'PodResizePending',
  'PodResizeInProgress',
  'AllContainersRestarting',
]);

/** One that the node sets where it evicts and leaves alone where others did. */
const disruption = 'DisruptionTarget';

/** Fields the node writes; one that is no longer there is taken out. */
const ownFields = [
  'phase',
  'reason',
  'message',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'qosClass',
  'observedGeneration',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const satisfies readonly (keyof PodStatus)[];

/**
 * The strategic merge patch that turns `old` into `wanted`; undefined where nothing differs. It carries the
 * pod's uid, so that it never meets another pod of the same name.
 */
export function statusPatch(uid: string, old: PodStatus | undefined, wanted: PodStatus): Patch | undefined {
  const status: Patch = {};
  for (const field of ownFields) {
    if (isDeepStrictEqual(plain(old?.[field]), plain(wanted[field]))) continue;
    status[field] = fieldPatch(field, old?.[field], wanted[field]);
  }
  const conditions = changedConditions(old?.conditions ?? [], wanted.conditions ?? []);
  if (conditions.length > 0) status.conditions = conditions;
  return Object.keys(status).length === 0 ? undefined : { metadata: { uid }, status };
}

/** Lists of addresses are merged by address: what is to go has to be said. */
function fieldPatch(field: string, old: unknown, wanted: unknown): unknown {
  if (wanted === undefined) return null;
  const merged = field === 'podIPs' || field === 'hostIPs';
  if (!merged || old === undefined) return wanted;
  return [{ $patch: 'replace' }, ...(wanted as object[])];
}

function changedConditions(old: readonly PodCondition[], wanted: readonly PodCondition[]): PodCondition[] {
  const gone = old.filter(
    ({ type }) => ownConditions.has(type) && !wanted.some(condition => condition.type === type),
  );
  const removed = gone.map(({ type }) => ({ type, $patch: 'delete' }) as unknown as PodCondition);
  const changed = wanted
    .filter(condition => {
      const before = old.find(({ type }) => type === condition.type);
      const ours = ownConditions.has(condition.type) || condition.type === disruption;
      return ours && !(before && sameCondition(before, condition));
    })
    .map(condition => {
      const before = old.find(({ type }) => type === condition.type);
      // A merge keeps what is not mentioned.
      const cleared: Patch = {};
      if (before?.reason && !condition.reason) cleared.reason = null;
      if (before?.message && !condition.message) cleared.message = null;
      return { ...condition, lastProbeTime: null, ...cleared } as unknown as PodCondition;
    });
  return [...changed, ...removed];
}

function sameCondition(a: PodCondition, b: PodCondition): boolean {
  return (
    a.status === b.status &&
    (a.reason ?? '') === (b.reason ?? '') &&
    (a.message ?? '') === (b.message ?? '') &&
    a.observedGeneration === b.observedGeneration
  );
}

/** Without what is undefined, as it would come back from the API. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
