import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import tar from 'tar-stream';

/** The image that tests with a real runtime use, for sandboxes and for containers. */
export const testImage = 'docker.io/library/causeway-test:1';

const applets = [
  'sh',
  'sleep',
  'echo',
  'cat',
  'ls',
  'env',
  'id',
  'hostname',
  'wget',
  'httpd',
  'nc',
  'true',
  'false',
  'kill',
  'ip',
  'mount',
  'touch',
  'stat',
  'yes',
  'head',
  'tail',
  'date',
  'grep',
  'printf',
  'sync',
  'trap',
  'rm',
  'mkdir',
];

/** Writes an OCI archive with a static busybox to `path`. */
export async function writeTestImage(path: string, cacheDir = '/var/tmp/causeway-test'): Promise<void> {
  const busybox = staticBusybox(cacheDir);
  const layer = await packed(pack => {
    pack.entry({ name: 'bin/busybox', mode: 0o755 }, busybox);
    for (const name of applets) pack.entry({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' });
    pack.entry({ name: 'tmp', type: 'directory', mode: 0o1777 });
    pack.entry({ name: 'etc', type: 'directory', mode: 0o755 });
    pack.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/:/bin/sh\nweb:x:1000:1000:web:/:/bin/sh\n');
    pack.entry({ name: 'etc/group' }, 'root:x:0:\nweb:x:1000:\n');
  });
  const config = json({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/bin'], Cmd: ['sleep', '1000000'] },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...descriptor(config) },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...descriptor(layer) }],
  });
  const index = json({
    schemaVersion: 2,
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        ...descriptor(manifest),
        annotations: { 'io.containerd.image.name': testImage, 'org.opencontainers.image.ref.name': '1' },
      },
    ],
  });
  const archive = tar.pack();
  const written = pipeline(archive, createWriteStream(path));
  archive.entry({ name: 'oci-layout' }, '{"imageLayoutVersion":"1.0.0"}');
  archive.entry({ name: 'index.json' }, index);
  for (const blob of [layer, config, manifest]) {
    archive.entry({ name: `blobs/sha256/${digest(blob).slice(7)}` }, blob);
  }
  archive.finalize();
  await written;
}

/** busybox from the distribution's package, fetched once. */
function staticBusybox(cacheDir: string): Buffer {
  const binary = join(cacheDir, 'bin', 'busybox');
  if (!existsSync(binary)) {
    mkdirSync(cacheDir, { recursive: true });
    const quiet = { cwd: cacheDir, stdio: 'ignore' } as const;
    execFileSync('apt-get', ['download', 'busybox-static'], quiet);
    const archive = readdirSync(cacheDir).find(name => name.startsWith('busybox-static_'));
    if (!archive) throw new Error('apt-get download busybox-static left no package');
    execFileSync('dpkg-deb', ['-x', archive, '.'], quiet);
  }
  return readFileSync(binary);
}

async function packed(fill: (pack: tar.Pack) => void): Promise<Buffer> {
  const pack = tar.pack();
  fill(pack);
  pack.finalize();
  return buffer(pack);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function digest(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function descriptor(bytes: Buffer): { digest: string; size: number } {
  return { digest: digest(bytes), size: bytes.length };
}
