import type { BlobStore } from './blob-store.ts';
import type { ImageReference } from './reference.ts';
import type { PullRequest, Upstream } from './upstream.ts';

/**
 * Blobs from registries, handed on while they are written to the store. A blob that several ask for at a time
 * comes from the registry once: the others wait and read it from the store.
 */
export class PullThrough {
  readonly #blobs: BlobStore;
  readonly #upstream: Upstream | undefined;
  readonly #running = new Map<string, Promise<void>>();

  constructor(deps: { blobs: BlobStore; upstream?: Upstream }) {
    this.#blobs = deps.blobs;
    this.#upstream = deps.upstream;
  }

  /**
   * The bytes of a blob. The iteration fails where the registry fails or the bytes are not the digest's; by
   * then the last chunk has not been given, so that no receiver takes the blob for whole.
   */
  async *blob(reference: ImageReference, digest: string, request?: PullRequest): AsyncGenerator<Uint8Array> {
    for (let running = this.#running.get(digest); running; running = this.#running.get(digest)) {
      await running;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.set(digest, promise);
    try {
      if (await this.#blobs.has(digest)) yield* this.#blobs.open(digest);
      else yield* this.#fetch(reference, digest, request);
    } finally {
      this.#running.delete(digest);
      resolve();
    }
  }

  async *#fetch(
    reference: ImageReference,
    digest: string,
    request?: PullRequest,
  ): AsyncGenerator<Uint8Array> {
    const writer = await this.#blobs.begin({ digest });
    let committed = false;
    try {
      let held: Uint8Array | undefined;
      for await (const chunk of await this.#upstream!.blob(reference, digest, request)) {
        await writer.write(chunk);
        if (held) yield held;
        held = chunk;
      }
      await writer.commit();
      committed = true;
      if (held) yield held;
    } finally {
      if (!committed) await writer.abort();
    }
  }
}
