import { chmod, chown, mkdir, readdir, rm } from 'node:fs/promises';
import type { Pod, Volume } from '../../api/generated/types.ts';
import { unitsOf } from '../../api/quantity.ts';
import { type DecisionLog, decisionObject } from '../../base/decisions.ts';
import type { DownwardFacts } from '../container/downward-api.ts';
import type { PodPaths } from '../pod/pod-paths.ts';
import { writeAtomically } from './atomic-directory.ts';
import type { ClaimVolumes } from './claim-volumes.ts';
import { prepareHostPath } from './host-path.ts';
import { type ImageVolumes, imagePlugin } from './image-volumes.ts';
import type { Mounts } from './mounts.ts';
import { isFileVolume, isSecretVolume, type VolumeSources, volumeFiles } from './volume-files.ts';

/** A volume that is ready to be bound into containers. */
export interface MountedVolume {
  path: string;
  /** Whether containers get it read-only. */
  readOnly: boolean;
  /** By whom its contents are written. */
  written: 'agent' | 'elsewhere';
}

/** A volume could not be made. The message is that of the FailedMount event. */
export class VolumeError extends Error {
  constructor(volume: string, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`MountVolume.SetUp failed for volume "${volume}" : ${text}`, { cause });
    this.name = 'VolumeError';
  }
}

/** Makes, refreshes and removes the volumes of pods. Each call may be repeated. */
export class PodVolumes {
  readonly #paths: PodPaths;
  readonly #mounts: Mounts;
  readonly #sources: VolumeSources;
  readonly #decisions: DecisionLog;
  readonly #claims: ClaimVolumes;
  readonly #images: ImageVolumes;
  #secretsMounted: Promise<void> | undefined;

  constructor(deps: {
    paths: PodPaths;
    mounts: Mounts;
    sources: VolumeSources;
    decisions: DecisionLog;
    claims: ClaimVolumes;
    images: ImageVolumes;
  }) {
    this.#images = deps.images;
    this.#claims = deps.claims;
    this.#paths = deps.paths;
    this.#mounts = deps.mounts;
    this.#sources = deps.sources;
    this.#decisions = deps.decisions;
  }

  /**
   * Makes all volumes of a pod, at the same time.
   * @throws VolumeError, the first one
   */
  async mount(pod: Pod, facts: DownwardFacts): Promise<Map<string, MountedVolume>> {
    const volumes = pod.spec?.volumes ?? [];
    const mounted = await Promise.all(
      volumes.map(async volume => {
        try {
          const result = await this.#mountOne(pod, volume, facts);
          return [volume.name, result] as const;
        } catch (cause) {
          const error = new VolumeError(volume.name, cause);
          this.#decisions.record('volume.failed', decisionObject(pod), {
            volume: volume.name,
            error: error.message,
          });
          throw error;
        }
      }),
    );
    return new Map(mounted);
  }

  /** Writes anew what changed in the API: config maps, secrets, tokens, labels. @throws VolumeError */
  async refresh(pod: Pod, facts: DownwardFacts): Promise<void> {
    for (const volume of pod.spec?.volumes ?? []) {
      if (!isFileVolume(volume)) continue;
      try {
        await this.#writeFiles(pod, volume, facts);
      } catch (cause) {
        throw new VolumeError(volume.name, cause);
      }
    }
  }

  /** Removes everything of a pod that is no more. */
  async remove(uid: string): Promise<void> {
    const dir = this.#paths.pod(uid);
    // Never delete through a mount: a bind of a host path would lose the host's files.
    await this.#mounts.unmount(dir);
    const left = await this.#mounts.below(dir);
    if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
    await this.#images.remove(uid, await namesIn(this.#paths.volume(uid, imagePlugin, '')));
    await rm(dir, { recursive: true, force: true });
    await rm(this.#paths.secretVolumes(uid), { recursive: true, force: true });
  }

  async #mountOne(pod: Pod, volume: Volume, facts: DownwardFacts): Promise<MountedVolume> {
    if (isFileVolume(volume)) {
      const path = await this.#writeFiles(pod, volume, facts);
      return { path, readOnly: true, written: 'agent' };
    }
    if (volume.persistentVolumeClaim || volume.ephemeral) return this.#claims.mount(pod, volume);
    const found = { readOnly: false, written: 'elsewhere' } as const;
    if (volume.hostPath) return { path: await prepareHostPath(volume.hostPath), ...found };
    // Containers get it read-only, whatever they say.
    if (volume.image) return { path: await this.#images.mount(pod, volume), ...found, readOnly: true };
    if (volume.emptyDir) return { path: await this.#emptyDir(pod, volume), ...found };
    const kind = Object.keys(volume).find(key => key !== 'name') ?? 'unknown';
    throw new Error(`volumes of type ${kind} are not supported by this node yet`);
  }

  async #emptyDir(pod: Pod, { name, emptyDir }: Volume): Promise<string> {
    const path = this.#paths.volume(pod.metadata?.uid ?? '', 'kubernetes.io~empty-dir', name);
    await mkdir(path, { recursive: true, mode: 0o750 });
    if (emptyDir?.medium === 'Memory') {
      const size = emptyDir.sizeLimit ? unitsOf(emptyDir.sizeLimit) : undefined;
      await this.#mounts.tmpfs(path, size);
    } else if (emptyDir?.medium) {
      throw new Error(`emptyDir of medium ${emptyDir.medium} is not supported by this node yet`);
    }
    const group = pod.spec?.securityContext?.fsGroup;
    if (group !== undefined) await chown(path, 0, group);
    await chmod(path, group === undefined ? 0o777 : 0o2777);
    return path;
  }

  async #writeFiles(pod: Pod, volume: Volume, facts: DownwardFacts): Promise<string> {
    const path = await this.#filePath(pod, volume);
    const files = await volumeFiles(pod, volume, facts, this.#sources);
    const changed = await writeAtomically(path, files, pod.spec?.securityContext?.fsGroup);
    if (changed) this.#decisions.record('volume.updated', decisionObject(pod), { volume: volume.name });
    return path;
  }

  async #filePath(pod: Pod, volume: Volume): Promise<string> {
    const uid = pod.metadata?.uid ?? '';
    if (isSecretVolume(volume)) {
      await this.#mountSecrets();
      return this.#paths.secretVolume(uid, volume.name);
    }
    const plugin = volume.configMap ? 'configmap' : volume.downwardAPI ? 'downward-api' : 'projected';
    return this.#paths.volume(uid, `kubernetes.io~${plugin}`, volume.name);
  }

  /** One tmpfs for all secrets of the node: a mount for each would cost every pod a process. */
  #mountSecrets(): Promise<void> {
    this.#secretsMounted ??= this.#makeSecretsDir().catch(error => {
      this.#secretsMounted = undefined;
      throw error;
    });
    return this.#secretsMounted;
  }

  async #makeSecretsDir(): Promise<void> {
    await mkdir(this.#paths.secretsDir, { recursive: true, mode: 0o711 });
    await this.#mounts.tmpfs(this.#paths.secretsDir);
    await chmod(this.#paths.secretsDir, 0o711);
  }
}

/** Empty for a folder that is not there. */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(error => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
