import { statfs } from 'node:fs/promises';
import type { Node, Pod } from '../../api/generated/types.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { type DecisionLog, decisionObject } from '../../base/decisions.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { sandboxImage } from '../../cri/containerd-config.ts';
import type { Cri, Image } from '../../cri/cri.ts';
import { InvalidImageName, normalizeImage } from './image-reference.ts';

/** kubelet's defaults. Percent of the disk used above which images go, and down to which. */
export const imageCollection = { highPercent: 85, lowPercent: 80, minAge: 120_000, period: 300_000 };

/** Bytes. */
export interface DiskSpace {
  capacity: number;
  available: number;
}

export interface ImageCollectorDeps {
  cri: Cri;
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  recorder: EventRecorder;
  /** Those of this node that have not ended. */
  pods: () => readonly Pod[];
  /** The node, for events about it. */
  node: () => Node;
  /** Of the disk that a path lies on. */
  space?: (path: string) => Promise<DiskSpace>;
}

/** When an image was first seen and last used, monotonic milliseconds. */
interface Sight {
  first: number;
  used: number;
}

/**
 * Takes images off the node that nothing uses, the longest unused first, where its disk is nearly full.
 * Source: kubelet `images/image_gc_manager.go`.
 */
export class ImageCollector {
  readonly #deps: ImageCollectorDeps;
  readonly #space: (path: string) => Promise<DiskSpace>;
  readonly #sights = new Map<string, Sight>();
  #cancel: Cancel = () => {};
  #running: Promise<void> = Promise.resolve();
  #busy = false;
  #failed = false;

  constructor(deps: ImageCollectorDeps) {
    this.#deps = deps;
    this.#space = deps.space ?? diskSpace;
  }

  start(): void {
    // What is there at the start may have been there for long.
    this.#begin(() => this.#look(Number.NEGATIVE_INFINITY));
    this.#cancel = this.#deps.clock.every(imageCollection.period, () => this.#begin(() => this.#collect()));
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#running;
  }

  #begin(work: () => Promise<unknown>): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#running = work()
      .then(
        () => {
          this.#failed = false;
        },
        error => this.#noteFailure(error),
      )
      .finally(() => {
        this.#busy = false;
      });
  }

  /** One failure may be of the moment: only the next one is told. */
  #noteFailure(error: unknown): void {
    const { log } = this.#deps;
    log.warn('images are not collected', { error: errorChain(error) });
    if (this.#failed) this.#event('ImageGCFailed', error instanceof Error ? error.message : String(error));
    this.#failed = true;
  }

  async #collect(): Promise<void> {
    const { cri, clock, decisions, node } = this.#deps;
    const unused = await this.#look(clock.monotonic());
    const [disk] = await cri.imageFsInfo();
    if (!disk?.fsId) return;
    const { capacity, available } = await this.#space(disk.fsId.mountpoint);
    if (capacity === 0) {
      this.#event('InvalidDiskCapacity', 'invalid capacity 0 on image filesystem');
      throw new Error('invalid capacity 0 on image filesystem');
    }
    const { highPercent, lowPercent, minAge } = imageCollection;
    if (100 - Math.floor((available * 100) / capacity) < highPercent) return;
    const wanted = Math.floor((capacity * (100 - lowPercent)) / 100) - available;
    let freed = 0;
    const errors: unknown[] = [];
    for (const { id, size } of unused) {
      if (freed >= wanted) break;
      if (clock.monotonic() - this.#sights.get(id)!.first < minAge) continue;
      try {
        await cri.removeImage(id);
        decisions.record('node.image.removed', decisionObject(node()), { image: id });
        this.#sights.delete(id);
        freed += Number(size);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} images were not removed`);
    if (freed >= wanted) return;
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`;
    this.#event('FreeDiskSpaceFailed', message);
    throw new Error(message);
  }

  /** The images nothing uses and nobody pinned, the longest unused first. Notes what it sees. */
  async #look(now: number): Promise<Image[]> {
    const { cri, clock } = this.#deps;
    const [images, used] = [await cri.listImages(), await this.#namesInUse()];
    const unused: Image[] = [];
    for (const image of images) {
      const sight = this.#sights.get(image.id) ?? { first: now, used: Number.NEGATIVE_INFINITY };
      this.#sights.set(image.id, sight);
      const names = [image.id, ...image.repoTags, ...image.repoDigests];
      if (names.some(name => used.has(name))) sight.used = clock.monotonic();
      else if (!image.pinned) unused.push(image);
    }
    const present = new Set(images.map(({ id }) => id));
    for (const id of this.#sights.keys()) if (!present.has(id)) this.#sights.delete(id);
    const order = ({ id }: Image) => this.#sights.get(id)!;
    return unused.sort(
      (a, b) => compare(order(a).used, order(b).used) || compare(order(a).first, order(b).first),
    );
  }

  /** Ids and names: of all containers there are, and of what pods are about to start or mount. */
  async #namesInUse(): Promise<Set<string>> {
    const { cri, pods } = this.#deps;
    const names = new Set([sandboxImage]);
    for (const { image, imageRef } of await cri.listContainers()) {
      names.add(imageRef);
      if (image?.image) names.add(image.image);
    }
    for (const { spec } of pods()) {
      const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
      const mounted = (spec?.volumes ?? []).map(({ image }) => image?.reference);
      for (const name of [...containers.map(({ image }) => image), ...mounted]) addNormal(names, name);
    }
    return names;
  }

  #event(reason: string, message: string): void {
    this.#deps.recorder.event(this.#deps.node(), 'Warning', reason, message);
  }
}

function addNormal(names: Set<string>, image: string | undefined): void {
  if (!image) return;
  try {
    names.add(normalizeImage(image));
  } catch (error) {
    // It is never pulled, either.
    if (!(error instanceof InvalidImageName)) throw error;
  }
}

/** Infinities are equal to themselves. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

async function diskSpace(path: string): Promise<DiskSpace> {
  const { blocks, bavail, bsize } = await statfs(path);
  return { capacity: blocks * bsize, available: bavail * bsize };
}
