import type { PodSpec } from '../../generated/types.ts';
import type { FieldPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import { checkLocalDescendingPath } from './paths.ts';

const mirrorPod = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/';
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
  for (const [key, profile] of Object.entries(annotations)) {
    if (key === podSeccomp || key.startsWith(containerSeccomp)) checkSeccomp(profile, at.child(key), out);
  }
  checkAppArmor(annotations, spec, at, out);
}

/** How profiles were named before there were fields for them. */
const plainProfiles = ['runtime/default', 'unconfined'];
const localProfile = 'localhost/';

function checkSeccomp(profile: string, at: FieldPath, out: Findings): void {
  if (plainProfiles.includes(profile) || profile === 'docker/default') return;
  if (profile.startsWith(localProfile)) checkLocalDescendingPath(profile.slice(localProfile.length), at, out);
  else out.invalid(at, profile, 'must be a valid seccomp profile');
}

function checkAppArmor(annotations: Annotations, spec: PodSpec, at: FieldPath, out: Findings): void {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const names = [...containers, ...initContainers, ...ephemeralContainers].map(container => container.name);
  for (const [key, profile] of Object.entries(annotations)) {
    if (!key.startsWith(appArmor)) continue;
    const name = key.slice(appArmor.length);
    if (!names.includes(name)) out.invalid(at.key(key), name, 'container not found');
    if (!profile || plainProfiles.includes(profile) || profile.startsWith(localProfile)) continue;
    out.invalid(at.key(key), profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`);
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
