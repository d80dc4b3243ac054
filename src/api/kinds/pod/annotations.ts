import type { PodSpec } from '../../generated/types.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';

const mirrorPod = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const appArmor = 'container.apparmor.security.beta.kubernetes.io/';

type Annotations = Record<string, string>;

export function isMirrorPod(annotations: Annotations | undefined): boolean {
  return annotations?.[mirrorPod] !== undefined;
}

/** The annotations that mean something on a pod. */
export function checkPodAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  at: FieldPath,
  out: Findings,
): void {
  const mirror = annotations[mirrorPod];
  if (mirror !== undefined && !spec.nodeName) {
    out.invalid(at.key(mirrorPod), mirror, 'must set spec.nodeName if mirror pod annotation is set');
  }
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isInt32(cost)) {
    out.invalid(at.key(deletionCost), cost, 'must be a 32bit integer');
  }
}

/** As upstream: no sign plus, no leading zeros. */
function isInt32(text: string): boolean {
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return false;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31;
}

/** The node's own annotations can't be changed from outside. */
export function checkPodAnnotationUpdates(
  fresh: Annotations,
  old: Annotations,
  at: FieldPath,
  out: Findings,
): void {
  for (const [key, value] of Object.entries(old)) {
    if (fresh[key] === value) continue;
    if (key.startsWith(appArmor)) out.forbidden(at.key(key), 'may not remove or update AppArmor annotations');
    if (key === mirrorPod) out.forbidden(at.key(key), 'may not remove or update mirror pod annotation');
  }
  for (const key of Object.keys(fresh)) {
    if (key in old) continue;
    if (key.startsWith(appArmor)) out.forbidden(at.key(key), 'may not add AppArmor annotations');
    if (key === mirrorPod) out.forbidden(at.key(key), 'may not add mirror pod annotation');
  }
}
