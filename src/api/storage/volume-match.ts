import type { PersistentVolume, PersistentVolumeClaim } from '../generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../label-selector.ts';
import { matchesNodeTerms, type SelectableNode } from '../node-selector.ts';
import { compareQuantity, parseQuantity } from '../quantity.ts';
import { classOfClaim, classOfVolume } from './claims.ts';

export interface MatchOptions {
  /** Only volumes that can be reached from this node. */
  node?: SelectableNode;
  /** Only a volume that asks for this very claim: the others wait for the claim's first consumer. */
  onlyReserved?: boolean;
}

/**
 * The volume for a claim: one that is reserved for it, else the smallest that will do. Pure.
 * Source: component-helpers `storage/volume.FindMatchingVolume`.
 */
export function findVolume<V extends PersistentVolume>(
  claim: PersistentVolumeClaim,
  volumes: Iterable<V>,
  options: MatchOptions = {},
): V | undefined {
  let smallest: V | undefined;
  for (const volume of volumes) {
    if (isFor(volume, claim)) {
      if (misfit(claim, volume) === 'requested PV is too small') continue;
      return reachable(volume, options.node) ? volume : undefined;
    }
    if (options.onlyReserved || !isFree(volume) || !reachable(volume, options.node)) continue;
    if (misfit(claim, volume) !== undefined || !isSelected(claim, volume)) continue;
    if (!smallest || compareSize(volume, smallest) < 0) smallest = volume;
  }
  return smallest;
}

/** Whether the volume is reserved for the claim, by name or as the one it is bound to. */
export function isFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  if (reference?.name !== metadata?.name || reference?.namespace !== metadata?.namespace) return false;
  return !reference?.uid || reference.uid === metadata?.uid;
}

/** Why the volume is no good for the claim, whoever else wants it; undefined where it is. Upstream's words. */
export function misfit(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  const { spec } = volume;
  const wanted = claim.spec?.resources?.requests?.storage ?? '0';
  if (compareQuantity(parseQuantity(spec?.capacity?.storage ?? '0'), parseQuantity(wanted)) < 0)
    return 'requested PV is too small';
  if (classOfVolume(volume) !== classOfClaim(claim)) return 'storageClassName does not match';
  if ((spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem'))
    return 'incompatible volumeMode';
  const modes = new Set<string>(spec?.accessModes ?? []);
  if (!(claim.spec?.accessModes ?? []).every(mode => modes.has(mode))) return 'incompatible accessMode';
  return undefined;
}

/** Whether nobody has it: not reserved, not going away, and known to be there. */
function isFree({ metadata, spec, status }: PersistentVolume): boolean {
  return !spec?.claimRef && !metadata?.deletionTimestamp && status?.phase === 'Available';
}

export function reachable({ spec }: PersistentVolume, node: SelectableNode | undefined): boolean {
  const required = spec?.nodeAffinity?.required;
  return !node || !required || matchesNodeTerms(required.nodeSelectorTerms, node);
}

function isSelected({ spec }: PersistentVolumeClaim, { metadata }: PersistentVolume): boolean {
  if (!spec?.selector) return true;
  return matchesLabels(selectorFromLabelSelector(spec.selector), metadata?.labels ?? {});
}

function compareSize(a: PersistentVolume, b: PersistentVolume): number {
  const size = ({ spec }: PersistentVolume) => parseQuantity(spec?.capacity?.storage ?? '0');
  return compareQuantity(size(a), size(b));
}
