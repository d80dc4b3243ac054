import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, VolumeMount } from '../../api/generated/types.ts';
import type { Mount } from '../../cri/cri.ts';
import { ContainerConfigError } from '../container/environment.ts';
import { expandVariables } from '../container/variable-expansion.ts';
import type { PodPaths } from '../pod/pod-paths.ts';
import type { Mounts } from './mounts.ts';
import type { MountedVolume } from './pod-volumes.ts';
import { bindSubpath } from './subpath.ts';

export interface ContainerMountFacts {
  volumes: ReadonlyMap<string, MountedVolume>;
  environment: ReadonlyMap<string, string>;
  /** Grows with each start of the container, so that every one has a termination message file of its own. */
  restartCount: number;
  paths: PodPaths;
  mounts: Mounts;
}

const propagations = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
} as const;

/** The mounts of a container: its volumes, `/etc/hosts`, the termination message. @throws ContainerConfigError */
export async function containerMounts(
  pod: Pod,
  container: Container,
  facts: ContainerMountFacts,
): Promise<Mount[]> {
  const list: Mount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    list.push(await volumeMount(pod, container, mount, index, facts));
  }
  if (wantsHostsFile(container)) {
    const hostPath = facts.paths.hosts(pod.metadata?.uid ?? '');
    list.push({ containerPath: '/etc/hosts', hostPath });
  }
  if (container.terminationMessagePath) list.push(await terminationMessage(pod, container, facts));
  return list;
}

async function volumeMount(
  pod: Pod,
  container: Container,
  mount: VolumeMount,
  index: number,
  facts: ContainerMountFacts,
): Promise<Mount> {
  const volume = facts.volumes.get(mount.name);
  if (!volume) {
    throw new ContainerConfigError(
      `cannot find volume "${mount.name}" to mount into container "${container.name}"`,
    );
  }
  const subpath = subpathOf(mount, facts.environment);
  let hostPath = volume.path;
  if (subpath) {
    hostPath = facts.paths.subpath(pod.metadata?.uid ?? '', mount.name, container.name, index);
    await prepareSubpath(volume.path, subpath, hostPath, container, mount, facts);
  }
  const containerPath = mount.mountPath.startsWith('/') ? mount.mountPath : join('/', mount.mountPath);
  const propagation = propagations[(mount.mountPropagation ?? 'None') as keyof typeof propagations];
  const readonly = Boolean(mount.readOnly) || volume.readOnly;
  const recursiveReadOnly = readonly && mount.recursiveReadOnly === 'Enabled';
  return { containerPath, hostPath, readonly, propagation, recursiveReadOnly };
}

async function prepareSubpath(
  volumePath: string,
  subpath: string,
  target: string,
  container: Container,
  mount: VolumeMount,
  facts: ContainerMountFacts,
): Promise<void> {
  try {
    await facts.mounts.unmount(target);
    // The files of config-like volumes are links to `..data`, written by nobody but us.
    const base =
      facts.volumes.get(mount.name)?.written === 'agent' ? await dataDirectory(volumePath) : volumePath;
    await bindSubpath(base, subpath, target, facts.mounts);
  } catch (cause) {
    const message = `failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}"`;
    throw new ContainerConfigError(message, { cause });
  }
}

async function dataDirectory(volumePath: string): Promise<string> {
  const data = join(volumePath, '..data');
  const handle = await open(data).catch(() => undefined);
  await handle?.close();
  return handle ? data : volumePath;
}

function subpathOf(mount: VolumeMount, environment: ReadonlyMap<string, string>): string {
  if (!mount.subPathExpr) return mount.subPath ?? '';
  const missing = new Set<string>();
  const expanded = expandVariables(mount.subPathExpr, name => {
    const value = environment.get(name);
    if (value === undefined) missing.add(name);
    return value;
  });
  if (missing.size > 0) {
    throw new ContainerConfigError(`missing value for "${[...missing][0]}"`);
  }
  return expanded;
}

/** A container with a mount of its own at /etc/hosts keeps that. */
function wantsHostsFile(container: Container): boolean {
  return !(container.volumeMounts ?? []).some(({ mountPath }) => mountPath === '/etc/hosts');
}

async function terminationMessage(
  pod: Pod,
  container: Container,
  facts: ContainerMountFacts,
): Promise<Mount> {
  const dir = facts.paths.container(pod.metadata?.uid ?? '', container.name);
  await mkdir(dir, { recursive: true, mode: 0o750 });
  const hostPath = join(dir, `termination-${facts.restartCount}`);
  // Whatever user the container runs as may write its last words.
  await writeFile(hostPath, '', { mode: 0o666 });
  const handle = await open(hostPath, 'r+');
  await handle.chmod(0o666);
  await handle.close();
  return { containerPath: container.terminationMessagePath!, hostPath };
}
