import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { DecisionLog } from '../base/decisions.ts';
import { silentLogger } from '../base/log.ts';
import { ContainerdProcess } from '../cri/containerd-process.ts';
import { GrpcCri } from '../cri/grpc-cri.ts';
import { bytesOf } from './fake-library.ts';
import { hostsTomlPath, renderHostsToml } from './hosts-toml.ts';
import { type ImageLibrary, openImageLibrary } from './image-library.ts';
import { ImageMirror } from './image-mirror.ts';
import { type ImageReference, parseReference } from './reference.ts';
import { testCertificates } from './test-certificates.ts';
import { RegistryUpstream, type Upstream, UpstreamError } from './upstream.ts';

/** The inner run's descriptor of the machine's network namespace: only builds use it. */
const outsideDescriptor = 3;

if (process.env.CAUSEWAY_TEST_NAMESPACES !== '1') {
  const dir = mkdtempSync('/var/tmp/causeway-images-');
  const args = ['--net', '--mount', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child', '--'];
  const node = [process.execPath, '--test-reporter=spec', fileURLToPath(import.meta.url)];
  const child = spawn(
    'unshare',
    [
      ...args,
      'sh',
      '-c',
      'mkdir -p /run/containerd; mount -t tmpfs none /run/containerd; ip link set lo up; exec "$0" "$@"',
      ...node,
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit', openSync('/proc/self/ns/net', 'r')],
      env: {
        ...process.env,
        CAUSEWAY_TEST_NAMESPACES: '1',
        CAUSEWAY_TEST_DIR: dir,
        NODE_TEST_CONTEXT: undefined,
      },
    },
  );
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  // With the namespaces the shims and their mounts are gone.
  rmSync(dir, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the test failed in its namespaces (code ${code})`);
} else await declareTests();

/** Registries on loopback are asked; there is no way to others. */
function onLoopback(): Upstream {
  const loopback = new RegistryUpstream({ clock: systemClock }, { plainHttp: () => true });
  const check = ({ domain }: ImageReference) => {
    if (!domain.startsWith('127.')) throw new UpstreamError('unreachable', `${domain} cannot be reached`);
  };
  return {
    async manifest(reference, request) {
      check(reference);
      return loopback.manifest(reference, request);
    },
    async blob(reference, digest, request) {
      check(reference);
      return loopback.blob(reference, digest, request);
    },
  };
}

/** A registry with one image, busybox, for those who know the secret. Resolves with its domain. */
async function privateRegistry(library: ImageLibrary): Promise<string> {
  const busybox = parseReference('busybox');
  const { digest: top, mediaType } = await library.resolve(busybox);
  const known = `Basic ${Buffer.from('u:secret').toString('base64')}`;
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== known) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
      return;
    }
    const wanted = request.url!.split('/').at(-1)!;
    const digest = wanted === '1' ? top : wanted;
    if (digest === top) response.setHeader('content-type', mediaType);
    response.end(await bytesOf((await library.blob(busybox, digest)).open()));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function declareTests(): Promise<void> {
  const { cri, socket, library } = await startRuntime();
  const ctr = (...args: string[]) =>
    execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  /** A container in this network namespace. */
  const run = (image: string, ...command: string[]) =>
    ctr('run', '--rm', '--net-host', image, `t${Math.random().toString(36).slice(2)}`, ...command);
  const background = (image: string, id: string, ...command: string[]) => {
    ctr('run', '--detach', '--net-host', image, id, ...command);
    after(() => void ctr('task', 'kill', '--signal', 'SIGKILL', id));
  };

  test('containerd pulls stand-ins through the mirror', async () => {
    for (const image of [
      'registry.k8s.io/pause:3.10',
      'busybox',
      'curlimages/curl',
      'nginx',
      'k8s.gcr.io/echoserver:1.10',
    ]) {
      await cri.pullImage(image);
      assert.ok(await cri.imageStatus(image), image);
    }
    assert.deepEqual([...new Set((await library.list()).map(({ origin }) => origin))], ['stand-in']);
  });

  test('credentials of the pull reach the registry, by way of the mirror', async () => {
    const name = `${await privateRegistry(library)}/team/app:1`;
    await assert.rejects(cri.pullImage(name), /asks for credentials/);
    await assert.rejects(cri.pullImage(name, { username: 'u', password: 'wrong' }), /cannot be pulled/);
    await cri.pullImage(name, { username: 'u', password: 'secret' });
    assert.ok(await cri.imageStatus(name));
  });

  test('an image nobody has is told in the mirror’s words', async () => {
    await assert.rejects(cri.pullImage('quay.io/ghost/app:1'), {
      message:
        /image "quay.io\/ghost\/app:1" is neither imported, nor reachable upstream, nor in the catalog: causeway image import FILE/,
    });
  });

  test('nginx answers, with its page, to curl and to wget', async () => {
    background('docker.io/library/nginx:latest', 'web');
    const curl = 'docker.io/curlimages/curl:latest';
    const page = run(
      curl,
      '/entrypoint.sh',
      '-s',
      '--retry',
      '20',
      '--retry-connrefused',
      '--retry-delay',
      '1',
      'http://127.0.0.1/',
    );
    assert.match(page, /<title>Welcome to nginx!<\/title>/);
    assert.match(
      run(curl, '/entrypoint.sh', '/bin/sh', '-c', 'id -un; curl -sI http://127.0.0.1/'),
      /^curl_user\nHTTP\/1.1 200 OK/,
    );
    const busybox = 'docker.io/library/busybox:latest';
    // busybox says it on its error output.
    assert.match(run(busybox, 'sh', '-c', 'wget --spider 127.0.0.1 2>&1'), /remote file exists/);
    assert.match(run(busybox, 'sh', '-c', 'id; which nc nslookup env vi ip'), /uid=0\(root\)/);
    assert.match(
      run('docker.io/library/nginx:latest', 'bash', '-c', 'id nginx; curl -sI http://[::1]/'),
      /uid=101\(nginx\)[\s\S]*200 OK/,
    );
  });

  test('the echo server answers with the original’s sections', async () => {
    background('k8s.gcr.io/echoserver:1.10', 'echo');
    const url = 'http://127.0.0.1:8080/a?b=c';
    const text = run(
      'docker.io/curlimages/curl:latest',
      '/entrypoint.sh',
      '-s',
      '--retry',
      '20',
      '--retry-connrefused',
      '--retry-delay',
      '1',
      '-d',
      'the body',
      url,
    );
    const headers =
      '\taccept=*/*\n\tcontent-length=8\n\tcontent-type=application/x-www-form-urlencoded\n\thost=127.0.0.1:8080\n\tuser-agent=curl/X\n';
    assert.equal(
      text
        .replace(/nginx: [\d.]+ - lua: \d+/, 'nginx: X - lua: X')
        .replace(/curl\/[\d.]+/, 'curl/X')
        .replace(/Hostname: \S+/, 'Hostname: X'),
      `\n\nHostname: X\n\nPod Information:\n\t-no pod information available-\n\nServer values:\n\tserver_version=nginx: X - lua: X\n\nRequest Information:\n\tclient_address=127.0.0.1\n\tmethod=POST\n\treal path=/a?b=c\n\tquery=b=c\n\trequest_version=1.1\n\trequest_scheme=http\n\trequest_uri=http://127.0.0.1:8080/a?b=c\n\nRequest Headers:\n${headers}\nRequest Body:\nthe body\n\n`,
    );
    const tls = run('docker.io/curlimages/curl:latest', '/entrypoint.sh', '-sk', 'https://127.0.0.1:8443/');
    assert.match(tls, /request_scheme=https[\s\S]*-no body in request-/);
  });

  test('the sandbox image holds a pid namespace and ends when told to', async () => {
    ctr('run', '--detach', 'registry.k8s.io/pause:3.10', 'pause');
    assert.match(ctr('task', 'ls'), /pause\s+\d+\s+RUNNING/);
    ctr('task', 'kill', '--signal', 'SIGTERM', 'pause');
    while (/pause\s+\d+\s+RUNNING/.test(ctr('task', 'ls'))) await systemClock.sleep(20);
  });

  test('an exported image is taken by ctr', async () => {
    const path = join(dirname(socket), 'export.tar');
    const chunks: Uint8Array[] = [];
    for await (const chunk of await library.export('busybox:exported')) chunks.push(chunk);
    writeFileSync(path, Buffer.concat(chunks));
    assert.match(ctr('images', 'import', path), /docker.io\/library\/busybox:exported/);
  });
}

async function startRuntime() {
  const dir = process.env.CAUSEWAY_TEST_DIR!;
  const outside = ['nsenter', `--net=/proc/${process.pid}/fd/${outsideDescriptor}`, '--'];
  const deps = { clock: systemClock, log: silentLogger, decisions: new DecisionLog(systemClock, 'test') };
  const library = openImageLibrary(deps, { path: join(dir, 'images'), upstream: onLoopback(), outside });
  const certificates = await testCertificates();
  const tls = { ...certificates.server, clientCa: certificates.ca };
  const mirror = new ImageMirror({ ...deps, library }, { host: '127.0.0.1', port: 0, tls });
  const { signal } = new AbortController();
  await mirror.start(signal);
  const pki = join(dir, 'pki');
  mkdirSync(pki);
  writeFileSync(join(pki, 'ca.crt'), certificates.ca);
  writeFileSync(join(pki, 'node.crt'), certificates.client.cert);
  writeFileSync(join(pki, 'node.key'), certificates.client.key, { mode: 0o600 });
  const registryConfigDir = join(dir, 'certs.d');
  mkdirSync(dirname(hostsTomlPath(registryConfigDir)), { recursive: true });
  const client = { cert: join(pki, 'node.crt'), key: join(pki, 'node.key') };
  const hosts = renderHostsToml({
    mirror: `https://127.0.0.1:${mirror.port}`,
    ca: join(pki, 'ca.crt'),
    client,
  });
  writeFileSync(hostsTomlPath(registryConfigDir), hosts);
  const socket = join(dir, 'c.sock');
  const containerd = new ContainerdProcess(deps, {
    binary: 'containerd',
    dir,
    root: join(dir, 'root'),
    state: join(dir, 'state'),
    socket,
    sandboxImage: 'registry.k8s.io/pause:3.10',
    cniBinDir: join(dir, 'bin'),
    cniConfDir: join(dir, 'cni'),
    registryConfigDir,
    runtimeBinary: 'runc',
  });
  await containerd.start(signal);
  const cri = new GrpcCri({ socket });
  after(async () => {
    cri.close();
    await containerd.stop();
    await mirror.stop();
  });
  return { cri, socket, library };
}
