import type { Clock } from '../base/clock.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import { exportArchive } from './archive-export.ts';
import { type ImportedImage, type ImportLimits, importArchive } from './archive-import.ts';
import { BlobStore } from './blob-store.ts';
import { type BuildProgress, Catalog } from './catalog/catalog.ts';
import { AptPackages } from './catalog/packages.ts';
import { childrenOf, isIndex, maxManifestBytes, parseManifest } from './manifest.ts';
import { PullThrough } from './pull-through.ts';
import { type ImageRecord, imageOrigins, RecordStore } from './record-store.ts';
import {
  familiarReference,
  formatReference,
  type ImageReference,
  parseReference,
  repositoryOf,
} from './reference.ts';
import { type PullRequest, RegistryUpstream, type Upstream, UpstreamError } from './upstream.ts';

declare module '../base/decisions.ts' {
  interface DecisionTypes {
    /** A reference was answered with an image from a registry. */
    'image.pulled': { image: string; digest: string };
    'image.imported': { image: string; digest: string; bytes: number };
    'image.removed': { image: string };
  }
}

/** An image the user asked for that nobody has. The message says what to do. */
export class ImageNotFoundError extends Error {
  override readonly name: string = 'ImageNotFoundError';
}

/** Its registry does not give the image to who asks. */
export class ImageForbiddenError extends ImageNotFoundError {
  override readonly name = 'ImageForbiddenError';
}

/** What a reference stands for here and now. */
export interface ResolvedImage {
  digest: string;
  mediaType: string;
  /** Of the manifest, bytes. */
  size: number;
}

interface HeldImage extends ResolvedImage {
  time: number;
  private: boolean;
}

export interface ImageLibraryDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  blobs: BlobStore;
  records: RecordStore;
  catalog: Catalog;
  /** Undefined where registries must not be tried: isolated clusters. */
  upstream?: Upstream;
}

/** A tag that a registry was asked for within this time is answered from the cache. */
const tagFreshness = 10 * 60 * 1000;
/** Blobs that no image names stay this long: an import or a build may be under way. */
const sweepGrace = 60 * 60 * 1000;

/**
 * All images of the machine's clusters. A reference is looked for among the user's imports, in the cache, in
 * its registry, and in the catalog, in this order.
 */
export class ImageLibrary {
  readonly catalog: Catalog;
  readonly #deps: ImageLibraryDeps;
  readonly #pullThrough: PullThrough;

  constructor(deps: ImageLibraryDeps) {
    this.#deps = deps;
    this.catalog = deps.catalog;
    this.#pullThrough = new PullThrough(deps);
  }

  /**
   * Finds, pulls or builds what `reference` names.
   * @throws ImageNotFoundError, or an Error where a build failed.
   */
  async resolve(reference: ImageReference, request: PullRequest = {}): Promise<ResolvedImage> {
    if (reference.digest !== undefined) return this.#resolveDigest(reference, reference.digest, request);
    const imported = await this.#held('imported', formatReference(reference));
    if (imported) return imported;
    const cached = await this.#held('upstream', formatReference(reference));
    const refusal = await this.#pullManifest(reference, cached, request);
    if (typeof refusal !== 'string') return refusal;
    const recipe = this.catalog.find(repositoryOf(reference));
    if (recipe && refusal === '') return this.#described(await this.catalog.build(recipe));
    throw notFound(reference, refusal);
  }

  /**
   * A blob: its size where it is known before its bytes come, and the bytes, or those of a range where the
   * blob is here. @throws ImageNotFoundError
   */
  async blob(
    reference: ImageReference,
    digest: string,
    request: PullRequest = {},
  ): Promise<{ size?: number; open(range?: { start: number; end: number }): AsyncIterable<Uint8Array> }> {
    const size = await this.#deps.blobs.size(digest);
    if (size !== undefined) return { size, open: range => this.#deps.blobs.open(digest, range) };
    if (!this.#deps.upstream) throw new ImageNotFoundError(`blob ${digest} is not here`);
    return { open: () => this.#pullThrough.blob(reference, digest, request) };
  }

  /** What is held: imports, pulled images and built stand-ins. */
  list(): Promise<ImageRecord[]> {
    return this.#deps.records.list();
  }

  /**
   * Takes the images of an archive of `docker save` or of the OCI layout, plain or compressed.
   * @throws ImportError that says what is wrong with the archive.
   */
  async import(
    archive: AsyncIterable<Uint8Array>,
    options: { name?: string; limits?: ImportLimits } = {},
  ): Promise<ImportedImage[]> {
    const { blobs, records, clock, decisions } = this.#deps;
    const images = await importArchive(blobs, archive, options);
    for (const image of images) {
      await records.put({ ...image, origin: 'imported', time: clock.now() });
      const { reference, digest, size } = image;
      decisions.record('image.imported', undefined, { image: reference, digest, bytes: size });
    }
    return images;
  }

  /**
   * Builds the stand-in of a name of the catalog or of a reference.
   * @throws ImageNotFoundError where the catalog has none.
   */
  async build(name: string, progress?: BuildProgress): Promise<ImageRecord> {
    const recipe = this.catalog.find(name) ?? this.catalog.find(repositoryOf(parseReference(name)));
    if (recipe) return this.catalog.build(recipe, progress);
    const known = this.catalog.contents.map(entry => entry.name).join(', ');
    throw new ImageNotFoundError(`the catalog has no stand-in for "${name}"; it has: ${known}`);
  }

  /** Writes an image as an archive of the OCI layout, as `ctr images import` takes it. */
  async export(name: string): Promise<AsyncIterable<Uint8Array>> {
    const reference = parseReference(name);
    const image = await this.resolve(reference);
    return exportArchive(this.#deps.blobs, formatReference(reference), image);
  }

  /** Forgets a reference, whatever its origin, and the blobs nobody names any more. False where it is not held. */
  async remove(name: string): Promise<boolean> {
    const reference = parseReference(name);
    const { records, blobs, decisions } = this.#deps;
    let found = false;
    for (const origin of imageOrigins) {
      const recipe = origin === 'stand-in' ? this.catalog.find(repositoryOf(reference)) : undefined;
      const key = recipe?.repositories[0] ?? formatReference(reference);
      if (!(await records.get(origin, key))) continue;
      await records.delete(origin, key);
      found = true;
    }
    if (!found) return false;
    decisions.record('image.removed', undefined, { image: formatReference(reference) });
    await blobs.sweep(await this.#namedBlobs(), sweepGrace);
    return true;
  }

  /** The tags held of a repository. */
  async tags(repository: string): Promise<string[]> {
    const prefix = `${repository}:`;
    const records = await this.list();
    const held = records.filter(({ reference }) => reference.startsWith(prefix));
    return [...new Set(held.map(({ reference }) => reference.slice(prefix.length)))].sort();
  }

  async #resolveDigest(
    reference: ImageReference,
    digest: string,
    request: PullRequest,
  ): Promise<ResolvedImage> {
    if (!(await this.#deps.blobs.has(digest))) {
      const refusal = await this.#pullManifest(reference, undefined, request);
      if (typeof refusal === 'string') throw notFound(reference, refusal);
    }
    const content = await this.#deps.blobs.read(digest, maxManifestBytes);
    return { digest, mediaType: parseManifest(content).mediaType, size: content.length };
  }

  /**
   * The resolved image, or why its registry does not give it: '' where it was not reached or not tried.
   * @throws ImageForbiddenError where it gives it to others
   */
  async #pullManifest(
    reference: ImageReference,
    cached: HeldImage | undefined,
    request: PullRequest,
  ): Promise<ResolvedImage | string> {
    const { clock, log, upstream } = this.#deps;
    const shared = cached?.private ? undefined : cached;
    if (shared && (!upstream || clock.now() - shared.time < tagFreshness)) return shared;
    if (!upstream) return cached ? 'it is private, and registries are not asked here' : '';
    try {
      return await this.#keepManifest(reference, await upstream.manifest(reference, request), request);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      log.debug('no answer from the registry', { image: formatReference(reference), error });
      if (shared) return shared;
      if (error.kind === 'unauthorized') throw forbidden(reference, error);
      return error.kind === 'refused' || cached ? error.message : '';
    }
  }

  async #keepManifest(
    reference: ImageReference,
    { content, mediaType, digest }: { content: Buffer; mediaType: string; digest: string },
    { credentials }: PullRequest,
  ): Promise<ResolvedImage> {
    const { blobs, records, clock, decisions } = this.#deps;
    const manifest = parseManifest(content);
    await blobs.put(content);
    // A digest is asked for by those who have seen an index: what the user named is recorded already.
    if (reference.tag !== undefined) {
      const size = childrenOf(manifest).reduce((sum, child) => sum + child.size, content.length);
      const time = clock.now();
      await records.put({
        reference: formatReference(reference),
        origin: 'upstream',
        digest,
        mediaType,
        size,
        time,
        // Nodes show credentials only where the registry has refused the image without.
        ...(credentials && { private: true }),
      });
    }
    decisions.record('image.pulled', undefined, { image: formatReference(reference), digest });
    return { digest, mediaType, size: content.length };
  }

  async #held(origin: 'imported' | 'upstream', reference: string) {
    const record = await this.#deps.records.get(origin, reference);
    return record && this.#described(record);
  }

  async #described(record: ImageRecord): Promise<HeldImage> {
    const size = await this.#deps.blobs.size(record.digest);
    if (size === undefined) throw new Error(`the manifest of ${record.reference} is missing on disk`);
    return {
      digest: record.digest,
      mediaType: record.mediaType,
      size,
      time: record.time,
      private: record.private ?? false,
    };
  }

  /** Every blob that a record leads to. */
  async #namedBlobs(): Promise<Set<string>> {
    const named = new Set<string>();
    const visit = async (digest: string): Promise<void> => {
      if (named.has(digest) || !(await this.#deps.blobs.has(digest))) return;
      named.add(digest);
      const manifest = parseManifest(await this.#deps.blobs.read(digest, maxManifestBytes));
      for (const child of childrenOf(manifest)) {
        if (isIndex(manifest)) await visit(child.digest);
        else named.add(child.digest);
      }
    };
    for (const { digest } of await this.list()) await visit(digest);
    return named;
  }
}

export interface OpenLibraryOptions {
  /** The folder of the images, shared by the machine's clusters: `<dataDir>/images`. */
  path: string;
  /** Whether registries may be asked, or who asks them; never in isolated clusters. */
  upstream: boolean | Upstream;
  /** argv prefix of commands that need the machine's own network: `nsenter --net=<path> --`. */
  outside?: readonly string[];
}

/** The library of a folder with the real registries and packages behind it. */
export function openImageLibrary(
  deps: Pick<ImageLibraryDeps, 'clock' | 'log' | 'decisions'>,
  { path, upstream, outside }: OpenLibraryOptions,
): ImageLibrary {
  const blobs = new BlobStore(deps, { path });
  const records = new RecordStore({ path });
  const packages = new AptPackages(deps, { path: `${path}/packages`, ...(outside && { outside }) });
  const catalog = new Catalog({ ...deps, blobs, records, packages });
  return new ImageLibrary({
    ...deps,
    blobs,
    records,
    catalog,
    ...(upstream && { upstream: upstream === true ? new RegistryUpstream(deps) : upstream }),
  });
}

function forbidden(reference: ImageReference, cause: UpstreamError): ImageForbiddenError {
  const message = `image "${familiarReference(reference)}" cannot be pulled: ${cause.message}`;
  return new ImageForbiddenError(message, { cause });
}

function notFound(reference: ImageReference, refusal: string): ImageNotFoundError {
  const name = familiarReference(reference);
  if (refusal !== '') return new ImageNotFoundError(`image "${name}" cannot be pulled: ${refusal}`);
  return new ImageNotFoundError(
    `image "${name}" is neither imported, nor reachable upstream, nor in the catalog: causeway image import FILE`,
  );
}
