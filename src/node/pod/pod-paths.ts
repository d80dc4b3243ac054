import { join } from 'node:path';
import type { Pod } from '../../api/generated/types.ts';

/** Where a pod's files lie on the node, with kubelet's names. */
export class PodPaths {
  readonly rootDir: string;
  readonly #logDir: string;
  readonly #secretDir: string;

  /** @param options.secretDir lies on a tmpfs: secrets never reach a disk. */
  constructor(options: { rootDir: string; podLogDir: string; secretDir: string }) {
    this.rootDir = options.rootDir;
    this.#logDir = options.podLogDir;
    this.#secretDir = options.secretDir;
  }

  get podsDir(): string {
    return join(this.rootDir, 'pods');
  }

  /** The folders of persistent volumes. */
  get persistentDir(): string {
    return join(this.rootDir, 'volumes');
  }

  get podLogsDir(): string {
    return this.#logDir;
  }

  get secretsDir(): string {
    return this.#secretDir;
  }

  pod(uid: string): string {
    return join(this.podsDir, uid);
  }

  hosts(uid: string): string {
    return join(this.pod(uid), 'etc-hosts');
  }

  /** @param plugin as kubelet escapes it: `kubernetes.io~empty-dir`. */
  volume(uid: string, plugin: string, name: string): string {
    return join(this.pod(uid), 'volumes', plugin, name);
  }

  /** Of the volumes that hold secrets. */
  secretVolume(uid: string, name: string): string {
    return join(this.#secretDir, uid, name);
  }

  secretVolumes(uid: string): string {
    return join(this.#secretDir, uid);
  }

  subpath(uid: string, volume: string, container: string, index: number): string {
    return join(this.pod(uid), 'volume-subpaths', volume, container, String(index));
  }

  container(uid: string, name: string): string {
    return join(this.pod(uid), 'containers', name);
  }

  logs(pod: Pod): string {
    const { namespace, name, uid } = pod.metadata ?? {};
    return join(this.#logDir, `${namespace}_${name}_${uid}`);
  }

  /** Relative to `logs`. */
  containerLog(container: string, restartCount: number): string {
    return join(container, `${restartCount}.log`);
  }
}
