import { mkdir } from 'node:fs/promises';
import type { Pod, Volume } from '../../api/generated/types.ts';
import type { Cri } from '../../cri/cri.ts';
import { normalizeImage } from '../container/image-reference.ts';
import type { PodPaths } from '../pod/pod-paths.ts';
import type { Mounts } from './mounts.ts';

/** Where the files of image volumes lie below the volumes of a pod. */
export const imagePlugin = 'kubernetes.io~image';

/** Volumes with the files of images, which are on the node by then. */
export class ImageVolumes {
  readonly #cri: Cri;
  readonly #mounts: Mounts;
  readonly #paths: PodPaths;

  constructor(deps: { cri: Cri; mounts: Mounts; paths: PodPaths }) {
    this.#cri = deps.cri;
    this.#mounts = deps.mounts;
    this.#paths = deps.paths;
  }

  /** The path of the files. @throws Error or CriError */
  async mount(pod: Pod, { name, image }: Volume): Promise<string> {
    const uid = pod.metadata?.uid ?? '';
    const path = this.#paths.volume(uid, imagePlugin, name);
    // First the folder: by it `remove` is told which views there are.
    await mkdir(path, { recursive: true, mode: 0o750 });
    const reference = normalizeImage(image?.reference ?? '');
    const [view, ...others] = await this.#cri.viewImage(reference, keyOf(uid, name));
    if (!view || others.length > 0) throw new Error(`the files of ${reference} are not one mount`);
    await this.#mounts.view(view, path);
    return path;
  }

  /** Lets go of the images of a pod whose volumes are unmounted. */
  async remove(uid: string, names: readonly string[]): Promise<void> {
    for (const name of names) await this.#cri.removeImageView(keyOf(uid, name));
  }
}

function keyOf(uid: string, volume: string): string {
  return `image-volume-${uid}-${volume}`;
}
