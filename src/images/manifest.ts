import { createHash } from 'node:crypto';

/** Points at a blob: its digest, its size in bytes and what it is. */
export interface Descriptor {
  mediaType: string;
  /** `sha256:<hex>` */
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  platform?: { architecture: string; os: string; variant?: string };
}

/** An image manifest of OCI or of Docker's schema 2; both have the same shape. */
export interface Manifest {
  schemaVersion: 2;
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

/** An OCI image index or a Docker manifest list. */
export interface ImageIndex {
  schemaVersion: 2;
  mediaType: string;
  manifests: Descriptor[];
  annotations?: Record<string, string>;
}

/** What a container gets from its image, as in the OCI image configuration. */
export interface ImageConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
}

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** What a client may be handed for a reference, best first. */
export const manifestMediaTypes: readonly string[] = [
  mediaTypes.index,
  mediaTypes.dockerIndex,
  mediaTypes.manifest,
  mediaTypes.dockerManifest,
];

/** Manifests and indexes beyond this many bytes are refused, as registries do. */
export const maxManifestBytes = 4 * 1024 * 1024;

const digestPattern = /^sha256:[a-f0-9]{64}$/;

/** Whether `text` is a digest this project stores blobs under. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}

export function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/**
 * Reads a manifest or an index.
 * @throws Error that says what is wrong with it.
 */
export function parseManifest(content: Uint8Array): Manifest | ImageIndex {
  if (content.length > maxManifestBytes) throw new Error('the manifest is larger than 4 MiB');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(content).toString('utf8'));
  } catch (cause) {
    throw new Error('the manifest is no JSON', { cause });
  }
  if (!isObject(value)) throw new Error('the manifest is no JSON object');
  if (value.schemaVersion !== 2) {
    throw new Error(`a manifest of schema version ${String(value.schemaVersion)} is not supported`);
  }
  if (Array.isArray(value.manifests)) {
    value.manifests.forEach(checkDescriptor);
    return { ...value, mediaType: value.mediaType ?? mediaTypes.index } as unknown as ImageIndex;
  }
  if (!Array.isArray(value.layers)) throw new Error('the manifest has neither layers nor manifests');
  checkDescriptor(value.config);
  value.layers.forEach(checkDescriptor);
  return { ...value, mediaType: value.mediaType ?? mediaTypes.manifest } as unknown as Manifest;
}

export function isIndex(manifest: Manifest | ImageIndex): manifest is ImageIndex {
  return 'manifests' in manifest;
}

/** The blobs a manifest or an index names directly. */
export function childrenOf(manifest: Manifest | ImageIndex): Descriptor[] {
  return isIndex(manifest) ? manifest.manifests : [manifest.config, ...manifest.layers];
}

/** This machine's CPU as image platforms name it. */
export function machineArchitecture(arch: string = process.arch): string {
  return arch === 'x64' ? 'amd64' : arch;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkDescriptor(value: unknown): void {
  if (!isObject(value) || typeof value.digest !== 'string' || typeof value.mediaType !== 'string') {
    throw new Error('the manifest has a descriptor without digest or mediaType');
  }
  if (!isDigest(value.digest)) throw new Error(`the manifest names an unusable digest: ${value.digest}`);
  if (typeof value.size !== 'number' || !Number.isSafeInteger(value.size) || value.size < 0) {
    throw new Error(`the manifest gives no size for ${value.digest}`);
  }
}
