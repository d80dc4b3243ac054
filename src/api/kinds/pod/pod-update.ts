import type { Affinity, NodeAffinity, Pod, PodSpec, Toleration } from '../../generated/types.ts';
import { inclusiveRangeMessage } from '../../names.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, specPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { specDiff } from '../spec-diff.ts';
import { checkImageSpaces } from './containers.ts';
import { checkTolerations } from './scheduling.ts';

const maxInt32 = 2 ** 31 - 1;
const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** What of a pod's spec may change while it exists, beyond the spec being right. */
export function checkPodSpecUpdate(fresh: PodSpec, old: PodSpec, out: Findings): void {
  for (const kind of ['containers', 'initContainers'] as const) {
    const containers = fresh[kind] ?? [];
    if (containers.length !== (old[kind]?.length ?? 0)) {
      out.forbidden(specPath.child(kind), 'pod updates may not add or remove containers');
      return;
    }
    containers.forEach((container, i) => {
      checkImageSpaces(container, specPath.child(kind).index(i), out);
    });
  }
  if (!checkDeadline(fresh, old, out)) return;
  checkAddedTolerations(fresh.tolerations ?? [], old.tolerations ?? [], specPath.child('tolerations'), out);
  checkGateRemoval(fresh, old, specPath.child('schedulingGates'), out);
  if (semanticEqual(fresh, old)) return;
  const munged = withOldMutableFields(fresh, old);
  if (old.schedulingGates?.length) mungeGated(munged, old, out);
  if (semanticEqual(munged, old)) return;
  out.forbidden(
    specPath,
    `pod updates may not change fields other than ${updatable}\n${specDiff(old, munged)}`,
  );
}

function checkDeadline(fresh: PodSpec, old: PodSpec, out: Findings): boolean {
  const at = specPath.child('activeDeadlineSeconds');
  const [now, before] = [fresh.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (now === undefined) {
    if (before !== undefined)
      out.invalid(at, undefined, 'must not update from a positive integer to nil value');
    return true;
  }
  if (now < 0 || now > maxInt32) {
    out.invalid(at, now, inclusiveRangeMessage(0, maxInt32));
    return false;
  }
  if (before === undefined || now <= before) return true;
  out.invalid(at, now, 'must be less than or equal to previous value');
  return false;
}

function checkAddedTolerations(fresh: Toleration[], old: Toleration[], at: FieldPath, out: Findings): void {
  const kept = (was: Toleration) =>
    fresh.some(now => semanticEqual({ ...was, tolerationSeconds: now.tolerationSeconds }, now));
  if (!old.every(kept)) {
    out.forbidden(at, 'existing toleration can not be modified except its tolerationSeconds');
    return;
  }
  checkTolerations(fresh, at, out);
}

function checkGateRemoval(fresh: PodSpec, old: PodSpec, at: FieldPath, out: Findings): void {
  const before = new Set((old.schedulingGates ?? []).map(gate => gate.name));
  (fresh.schedulingGates ?? []).forEach((gate, i) => {
    if (before.has(gate.name)) return;
    const why = `only deletion is allowed, but found new scheduling gate '${gate.name}'`;
    out.forbidden(at.index(i).child('name'), why);
  });
}

/** The new spec with what may change set back, so that the rest can be compared. */
function withOldMutableFields(fresh: PodSpec, old: PodSpec): PodSpec {
  const munged: PodSpec = { ...fresh };
  for (const kind of ['containers', 'initContainers'] as const) {
    if (!fresh[kind]) continue;
    munged[kind] = fresh[kind].map((container, i) => ({ ...container, image: old[kind]?.[i]?.image }));
  }
  munged.activeDeadlineSeconds = old.activeDeadlineSeconds;
  munged.schedulingGates = old.schedulingGates;
  munged.tolerations = old.tolerations;
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && fresh.terminationGracePeriodSeconds === 1) {
    munged.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  return munged;
}

/** Until its gates are gone, where a pod may run can be narrowed. */
function mungeGated(munged: PodSpec, old: PodSpec, out: Findings): void {
  for (const [key, value] of Object.entries(old.nodeSelector ?? {})) {
    if (munged.nodeSelector?.[key] === value) continue;
    const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    out.invalid(specPath.child('nodeSelector'), munged.nodeSelector, why);
    break;
  }
  munged.nodeSelector = old.nodeSelector;
  const before = old.affinity?.nodeAffinity;
  if (semanticEqual(before, munged.affinity?.nodeAffinity)) return;
  const at = specPath.child('affinity', 'nodeAffinity');
  checkNodeAffinityNarrowed(munged.affinity?.nodeAffinity, before, at, out);
  const affinity: Affinity = { ...munged.affinity };
  if (before) affinity.nodeAffinity = before;
  else delete affinity.nodeAffinity;
  munged.affinity = affinity;
}

function checkNodeAffinityNarrowed(
  fresh: NodeAffinity | undefined,
  old: NodeAffinity | undefined,
  at: FieldPath,
  out: Findings,
): void {
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (!before?.length) return;
  const here = at.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const now = fresh?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (now.length !== before.length) {
    out.invalid(here, now, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed');
    return;
  }
  const covers = now.every((term, i) =>
    (['matchExpressions', 'matchFields'] as const).every(kind =>
      (before[i]![kind] ?? []).every((requirement, j) => semanticEqual(term[kind]?.[j], requirement)),
    ),
  );
  if (!covers) out.invalid(here, now, 'only additions are allowed (no mutations or deletions)');
}

/** The spec; an empty one where a client sent none. */
export function podSpecOf(pod: Pod): PodSpec {
  return pod.spec ?? { containers: [] };
}
