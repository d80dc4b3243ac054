import type { Container, Volume } from '../generated/types.ts';
import { badSeccompTypes } from './baseline.ts';
import {
  allContainers,
  type Check,
  type CheckedPod,
  containersText,
  hasOwnUsers,
  namesOf,
  plural,
  quoted,
  settersText,
  sorted,
} from './check.ts';

/** From 1.25 on, what only Linux knows is not asked of pods for Windows. */
function isWindows({ spec }: CheckedPod, minor: number): boolean {
  return minor >= 25 && spec.os?.name === 'windows';
}

const allowPrivilegeEscalation: Check = (pod, minor) => {
  if (minor < 8 || isWindows(pod, minor)) return undefined;
  const bad = allContainers(pod.spec).filter(
    each => each.securityContext?.allowPrivilegeEscalation !== false,
  );
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersText(namesOf(bad))} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const capabilities: Check = (pod, minor) => {
  if (minor < 22 || isWindows(pod, minor)) return undefined;
  const containers = allContainers(pod.spec);
  const keeping = containers.filter(each => !each.securityContext?.capabilities?.drop?.includes('ALL'));
  const added = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter(name => name !== 'NET_BIND_SERVICE');
  const adding = containers.filter(each => added(each).length > 0);
  const details: string[] = [];
  if (keeping.length > 0) {
    details.push(`${containersText(namesOf(keeping))} must set securityContext.capabilities.drop=["ALL"]`);
  }
  if (adding.length > 0) {
    const names = quoted(sorted(adding.flatMap(added)));
    details.push(
      `${containersText(namesOf(adding))} must not include ${names} in securityContext.capabilities.add`,
    );
  }
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
};

const allowedVolumes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const restrictedVolumes: Check = ({ spec }) => {
  const typeOf = (volume: Volume) => Object.keys(volume).find(key => key !== 'name') ?? 'unknown';
  const bad = (spec.volumes ?? []).filter(volume => !allowedVolumes.has(typeOf(volume)));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map(typeOf));
  const names = `${plural('volume', bad.length)} ${quoted(bad.map(volume => volume.name))}`;
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'restricted volume types',
    detail: `${names} ${verb} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
  };
};

const runAsNonRoot: Check = (pod, minor) => {
  if (hasOwnUsers(pod, minor)) return undefined;
  const { spec } = pod;
  const ofPod = spec.securityContext?.runAsNonRoot;
  const containers = allContainers(spec);
  const refusing = containers.filter(each => each.securityContext?.runAsNonRoot === false);
  const reason = 'runAsNonRoot != true';
  const setters = settersText(ofPod === false, namesOf(refusing));
  if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  const silent = containers.filter(each => each.securityContext?.runAsNonRoot === undefined);
  if (ofPod === true || silent.length === 0) return undefined;
  return {
    reason,
    detail: `pod or ${containersText(namesOf(silent))} must set securityContext.runAsNonRoot=true`,
  };
};

const runAsUser: Check = (pod, minor) => {
  if (minor < 23 || hasOwnUsers(pod, minor)) return undefined;
  const bad = allContainers(pod.spec).filter(each => each.securityContext?.runAsUser === 0);
  const setters = settersText(pod.spec.securityContext?.runAsUser === 0, namesOf(bad));
  return setters === ''
    ? undefined
    : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
};

const seccompProfile: Check = (pod, minor) => {
  if (minor < 19 || isWindows(pod, minor)) return undefined;
  const bad = badSeccompTypes(pod);
  if (bad) return bad;
  if (pod.spec.securityContext?.seccompProfile) return undefined;
  const silent = allContainers(pod.spec).filter(each => !each.securityContext?.seccompProfile);
  if (silent.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${containersText(namesOf(silent))} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

/** What the level `restricted` asks beyond `baseline`, in upstream's order. */
export const restrictedChecks: readonly Check[] = [
  allowPrivilegeEscalation,
  capabilities,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfile,
];
