import type { BlobStore } from './blob-store.ts';
import { childrenOf, isIndex, maxManifestBytes, mediaTypes, parseManifest } from './manifest.ts';
import { addEntry, chunksOf, type Pack, pack, streamEntry } from './tar.ts';

/**
 * An archive of the OCI image layout with one image under `reference`. Blobs that are not here (other
 * platforms of an index) are left out.
 */
export function exportArchive(
  blobs: BlobStore,
  reference: string,
  image: { digest: string; mediaType: string; size: number },
): AsyncIterable<Uint8Array> {
  const tar = pack();
  const fill = async () => {
    await addEntry(tar, file('oci-layout'), Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    const annotations = {
      'io.containerd.image.name': reference,
      'org.opencontainers.image.ref.name': reference,
    };
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [{ ...image, annotations }] };
    await addEntry(tar, file('index.json'), Buffer.from(JSON.stringify(index)));
    await addImage(tar, blobs, image.digest, new Set());
    tar.finalize();
  };
  fill().catch(error => tar.destroy(error as Error));
  return chunksOf(tar);
}

async function addImage(tar: Pack, blobs: BlobStore, digest: string, done: Set<string>): Promise<void> {
  if (done.has(digest) || !(await blobs.has(digest))) return;
  const manifest = parseManifest(await blobs.read(digest, maxManifestBytes));
  await addBlob(tar, blobs, digest, done);
  for (const child of childrenOf(manifest)) {
    if (isIndex(manifest)) await addImage(tar, blobs, child.digest, done);
    else await addBlob(tar, blobs, child.digest, done);
  }
}

async function addBlob(tar: Pack, blobs: BlobStore, digest: string, done: Set<string>): Promise<void> {
  const size = done.has(digest) ? undefined : await blobs.size(digest);
  if (size === undefined) return;
  done.add(digest);
  await streamEntry(tar, { ...file(`blobs/${digest.replace(':', '/')}`), size }, blobs.open(digest));
}

function file(name: string) {
  return { name, type: 'file', mode: 0o644, mtime: new Date(0) } as const;
}
