import type { Container, Pod, SeccompProfile } from '../../api/generated/types.ts';
import type { Image } from '../../cri/cri.ts';
import type { Encoded } from '../../cri/schema.ts';
import { formatPod } from '../pod/pod-identity.ts';
import { ContainerConfigError } from './environment.ts';

// Source: kubelet pkg/securitycontext, `defaultMaskedPaths` and `defaultReadonlyPaths`.
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** The namespaces a container shares with the node, with its pod, or has for itself. */
export function namespaceOptions(pod: Pod, targetId?: string): Encoded<'NamespaceOption'> {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec ?? {};
  const pid = hostPID ? 'NODE' : shareProcessNamespace ? 'POD' : targetId ? 'TARGET' : 'CONTAINER';
  return {
    network: hostNetwork ? 'NODE' : 'POD',
    ipc: hostIPC ? 'NODE' : 'POD',
    pid,
    ...(pid === 'TARGET' && { targetId }),
  };
}

/**
 * What a container may do, from its own security context over its pod's.
 * @throws ContainerConfigError where it must not run as root and would.
 */
export function containerSecurity(
  pod: Pod,
  container: Container,
  image: Image | undefined,
  options: { seccompDir: string; targetId?: string },
): Encoded<'LinuxContainerSecurityContext'> {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  verifyNonRoot(pod, container, runAsUser, image);
  const masks = own.procMount === 'Unmasked' || own.privileged ? {} : { maskedPaths, readonlyPaths };
  return {
    capabilities: {
      addCapabilities: own.capabilities?.add ?? [],
      dropCapabilities: own.capabilities?.drop ?? [],
    },
    privileged: own.privileged ?? false,
    namespaceOptions: namespaceOptions(pod, options.targetId),
    ...userOf(runAsUser, image),
    ...(runAsGroup !== undefined && { runAsGroup: { value: runAsGroup } }),
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    supplementalGroups: supplementalGroups(pod),
    supplementalGroupsPolicy: shared.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge',
    noNewPrivs: own.allowPrivilegeEscalation === false,
    seccomp: seccompProfile(own.seccompProfile ?? shared.seccompProfile, options.seccompDir),
    ...masks,
  };
}

/** Without a user of its own a container runs as the image says. */
function userOf(
  runAsUser: number | undefined,
  image: Image | undefined,
): { runAsUser?: { value: number }; runAsUsername?: string } {
  if (runAsUser !== undefined) return { runAsUser: { value: runAsUser } };
  if (image?.uid) return { runAsUser: { value: image.uid.value } };
  return image?.username ? { runAsUsername: image.username } : {};
}

export function supplementalGroups(pod: Pod): number[] {
  const { fsGroup, supplementalGroups: groups = [] } = pod.spec?.securityContext ?? {};
  return fsGroup === undefined ? [...groups] : [fsGroup, ...groups];
}

export function seccompProfile(
  profile: SeccompProfile | undefined,
  seccompDir: string,
): Encoded<'SecurityProfile'> {
  if (profile?.type === 'RuntimeDefault') return { profileType: 'RuntimeDefault' };
  if (profile?.type === 'Localhost') {
    return { profileType: 'Localhost', localhostRef: `${seccompDir}/${profile.localhostProfile}` };
  }
  return { profileType: 'Unconfined' };
}

function verifyNonRoot(
  pod: Pod,
  container: Container,
  runAsUser: number | undefined,
  image: Image | undefined,
): void {
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot;
  if (!nonRoot) return;
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`;
  if (runAsUser === 0) {
    throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
  }
  if (runAsUser !== undefined) return;
  if (image?.uid?.value === 0 || (!image?.uid && !image?.username)) {
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  }
  if (image?.username) {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  }
}
