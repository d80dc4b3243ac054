import { digestOf, type Manifest, mediaTypes } from './manifest.ts';
import { formatReference, type ImageReference } from './reference.ts';
import { type PullRequest, type Upstream, UpstreamError, type UpstreamManifest } from './upstream.ts';

/** Registries in memory, with counts of what was asked and a switch that makes them unreachable. */
export class FakeUpstream implements Upstream {
  readonly #manifests = new Map<string, UpstreamManifest>();
  readonly #blobs = new Map<string, Buffer>();
  readonly asked: string[] = [];
  reachable = true;
  /** The password without which nothing is given. */
  password: string | undefined;
  /** Bytes sent instead of a blob's own. */
  corrupt: Buffer | undefined;

  /** Adds an image of the given layers; returns its manifest's digest. */
  add(reference: ImageReference, layers: readonly string[]): string {
    const describe = (mediaType: string, text: string) => {
      const content = Buffer.from(text);
      const digest = digestOf(content);
      this.#blobs.set(digest, content);
      return { mediaType, digest, size: content.length };
    };
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: describe(
        mediaTypes.config,
        '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}',
      ),
      layers: layers.map(layer => describe(mediaTypes.layer, layer)),
    };
    const content = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(content);
    this.#manifests.set(formatReference(reference), { content, mediaType: mediaTypes.manifest, digest });
    return digest;
  }

  async manifest(reference: ImageReference, request?: PullRequest): Promise<UpstreamManifest> {
    this.asked.push(`manifest ${formatReference(reference)}`);
    this.#check(reference, request);
    const found = this.#manifests.get(formatReference(reference));
    if (!found) throw new UpstreamError('refused', `${reference.domain} answers 404: manifest unknown`);
    return found;
  }

  async blob(
    reference: ImageReference,
    digest: string,
    request?: PullRequest,
  ): Promise<AsyncIterable<Uint8Array>> {
    this.asked.push(`blob ${digest}`);
    this.#check(reference, request);
    const content = this.#blobs.get(digest);
    if (!content) throw new UpstreamError('refused', `${reference.domain} answers 404: blob unknown`);
    const bytes = this.corrupt ?? content;
    return (async function* () {
      const half = bytes.length >> 1;
      yield bytes.subarray(0, half);
      yield bytes.subarray(half);
    })();
  }

  #check({ domain }: ImageReference, { credentials }: PullRequest = {}): void {
    if (!this.reachable) throw new UpstreamError('unreachable', 'no route to the registry');
    if (this.password !== undefined && credentials?.password !== this.password)
      throw new UpstreamError('unauthorized', `${domain} answers 401`);
  }
}
