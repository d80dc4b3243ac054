import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { ContainerdProcess } from './containerd-process.ts';
import { GrpcCri } from './grpc-cri.ts';
import { testImage, writeTestImage } from './test-image.ts';

const baseDir = '/var/tmp/causeway-test';
const archivePath = join(baseDir, 'image.tar');

/**
 * Writes the image that `startTestRuntime` imports, once a machine. Its busybox comes from the distribution: to
 * be called before `inOwnNamespaces`, from where no mirror is reached.
 */
export async function provideTestImage(): Promise<void> {
  if (existsSync(archivePath)) return;
  // Several test files may do this at the same time.
  await writeTestImage(`${archivePath}.${process.pid}`);
  renameSync(`${archivePath}.${process.pid}`, archivePath);
}

/**
 * Runs a test file again inside network, mount, UTS and pid namespaces of its own, with no way out, and fails
 * where it fails. Resolves with true in the inner run, where the tests are to be declared.
 * When the inner run ends, whatever it started is killed with its pid namespace.
 */
export async function inOwnNamespaces(moduleUrl: string): Promise<boolean> {
  if (process.env.CAUSEWAY_TEST_NAMESPACES === '1') return true;
  const args = ['--net', '--mount', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child', '--'];
  // Shims keep their sockets under /run/containerd whatever the configuration says.
  const script =
    'ip link set lo up; mkdir -p /run/containerd; mount -t tmpfs tmpfs /run/containerd; exec "$0" "$@"';
  const node = [process.execPath, '--test-reporter=spec', fileURLToPath(moduleUrl)];
  const child = spawn('unshare', [...args, 'sh', '-c', script, ...node], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CAUSEWAY_TEST_NAMESPACES: '1', NODE_TEST_CONTEXT: undefined },
  });
  // Whatever ends this process ends the inner one, and with its pid namespace all it started.
  process.once('exit', () => child.kill('SIGKILL'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${fileURLToPath(moduleUrl)} failed in its namespaces (code ${code})`);
  return false;
}

export interface TestRuntime {
  dir: string;
  socket: string;
  cri: GrpcCri;
  containerd: ContainerdProcess;
  /** Parent of the control groups of its sandboxes: `/causeway-test/r1234`. */
  cgroup: string;
  /** Ends containerd and what it runs, removes all files. */
  remove(): Promise<void>;
}

/** A real containerd on a folder of its own, with the test image and a CNI plugin of a few lines. */
export async function startTestRuntime(): Promise<TestRuntime> {
  const dir = mkdtempSync(join(baseDir, 'r'));
  const socket = join(dir, 'c.sock');
  writeTestCni(dir);
  const containerd = new ContainerdProcess(
    { clock: systemClock, log: silentLogger },
    {
      binary: 'containerd',
      dir,
      root: join(dir, 'root'),
      state: join(dir, 'state'),
      socket,
      sandboxImage: testImage,
      cniBinDir: join(dir, 'cni-bin'),
      cniConfDir: join(dir, 'cni-conf'),
      runtimeBinary: 'runc',
    },
  );
  await containerd.start(new AbortController().signal);
  execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', archivePath], { stdio: 'ignore' });
  const cri = new GrpcCri({ socket });
  const cgroup = `/causeway-test/${basename(dir)}`;
  const remove = () => removeRuntime(dir, cgroup, cri, containerd);
  return { dir, socket, cri, containerd, cgroup, remove };
}

async function removeRuntime(
  dir: string,
  cgroup: string,
  cri: GrpcCri,
  containerd: ContainerdProcess,
): Promise<void> {
  for (const { id } of await cri.listPodSandbox()) {
    await cri.stopPodSandbox(id);
    await cri.removePodSandbox(id);
  }
  cri.close();
  await containerd.stop();
  removeCgroups(cgroup);
  for (const point of mountsBelow(dir)) execFileSync('umount', ['-l', point]);
  rmSync(dir, { recursive: true, force: true });
}

function mountsBelow(dir: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '');
  return points.filter(point => point.startsWith(`${dir}/`)).reverse();
}

/** Empty by now; in each hierarchy there is. */
function removeCgroups(cgroup: string): void {
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    const root = join('/sys/fs/cgroup', hierarchy, cgroup);
    if (!existsSync(root)) continue;
    const below = readdirSync(root, { recursive: true, withFileTypes: true }).filter(e => e.isDirectory());
    const paths = below.map(entry => join(entry.parentPath, entry.name));
    for (const path of [...paths.sort().reverse(), root]) rmdirSync(path);
    // The parent is shared by all tests: the last one takes it away.
    const parent = dirname(root);
    if (!readdirSync(parent, { withFileTypes: true }).some(entry => entry.isDirectory())) rmdirSync(parent);
  }
}

/**
 * A point-to-point link for each pod, addresses 10.88.0.2 and up in a file. `loopback` is the plugin that
 * containerd 1.x always calls first.
 */
function writeTestCni(dir: string): void {
  const bin = join(dir, 'cni-bin');
  const conf = join(dir, 'cni-conf');
  mkdirSync(bin, { recursive: true });
  mkdirSync(conf, { recursive: true });
  const loopback = `#!/bin/sh
[ "$CNI_COMMAND" = ADD ] && nsenter --net="$CNI_NETNS" ip link set lo up
echo '{"cniVersion":"0.4.0"}'
`;
  const link = `#!/bin/sh
set -e
case "$CNI_COMMAND" in
ADD)
  n=$(flock ${dir}/cni.lock sh -c 'n=$(cat ${dir}/cni.n 2>/dev/null || echo 2); echo $((n+1)) > ${dir}/cni.n; echo $n')
  h=cwt$n
  ip link add "$h" type veth peer name "p$n"
  ip link set "p$n" netns "$CNI_NETNS"
  nsenter --net="$CNI_NETNS" sh -c "ip link set p$n name eth0; ip addr add 10.88.0.$n/32 dev eth0; ip link set eth0 up; ip route add 10.88.0.1 dev eth0; ip route add default via 10.88.0.1"
  ip addr add 10.88.0.1/32 dev "$h"; ip link set "$h" up; ip route add 10.88.0.$n/32 dev "$h"
  echo '{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","sandbox":"'"$CNI_NETNS"'"}],"ips":[{"version":"4","interface":0,"address":"10.88.0.'$n'/32"}]}'
  ;;
VERSION) echo '{"cniVersion":"0.4.0","supportedVersions":["0.4.0"]}' ;;
*) echo '{"cniVersion":"0.4.0"}' ;;
esac
`;
  writeFileSync(join(bin, 'loopback'), loopback, { mode: 0o755 });
  writeFileSync(join(bin, 'test-link'), link, { mode: 0o755 });
  const list = { cniVersion: '0.4.0', name: 'test', plugins: [{ type: 'test-link' }] };
  writeFileSync(join(conf, '10-test.conflist'), JSON.stringify(list));
}
