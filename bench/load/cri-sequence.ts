/**
 * The least a pod costs: RunPodSandbox, CreateContainer, StartContainer on a containerd of its own with the
 * standard CNI plugins. Runs in namespaces of its own; prints the milliseconds of each
 * sequence's three steps as JSON.
 * Usage: node bench/load/cri-sequence.ts FOLDER PLUGINS IMAGE-ARCHIVE
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { ContainerdProcess } from '../../src/cri/containerd-process.ts';
import { GrpcCri } from '../../src/cri/grpc-cri.ts';
import { testImage } from '../../src/cri/test-image.ts';

const [, , folder = '', cniBinDir = '', archive = ''] = process.argv;
const sequences = 10;
/** Milliseconds between them, as between the pods of pod-load.ts. */
const settle = 300;
const cniConfDir = join(folder, 'net.d');
const socket = join(folder, 'c.sock');

/** As kubeadm's documentation and containerd's own script have it: bridge with host-local, then loopback. */
const network = {
  cniVersion: '0.4.0',
  name: 'bare',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: join(folder, 'host-local'),
        ranges: [[{ subnet: '10.88.0.0/16' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
};

mkdirSync(cniConfDir, { recursive: true });
writeFileSync(join(cniConfDir, '10-bare.conflist'), JSON.stringify(network));
const containerd = new ContainerdProcess(
  { clock: systemClock, log: silentLogger },
  {
    binary: 'containerd',
    dir: folder,
    root: join(folder, 'root'),
    state: join(folder, 'state'),
    socket,
    sandboxImage: testImage,
    cniBinDir,
    cniConfDir,
    runtimeBinary: 'runc',
    disableApparmor: true,
  },
);
await containerd.start(new AbortController().signal);
execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', 'images', 'import', archive], { stdio: 'ignore' });
const cri = new GrpcCri({ socket });

/** Milliseconds of sandbox, create and start. */
async function sequence(n: number): Promise<[number, number, number]> {
  const config = {
    metadata: { name: `pod-${n}`, namespace: 'bench', uid: `uid-${n}`, attempt: 0 },
    hostname: `pod-${n}`,
    logDirectory: join(folder, 'log', `${n}`),
    linux: {},
  };
  const container = {
    metadata: { name: 'main', attempt: 0 },
    image: { image: testImage },
    command: ['sh', '-c', 'trap "exit 0" TERM; sleep 1000000 & wait'],
    logPath: 'main.log',
    linux: {},
  };
  mkdirSync(config.logDirectory, { recursive: true });
  const began = performance.now();
  const sandbox = await cri.runPodSandbox(config);
  const created = performance.now();
  const id = await cri.createContainer(sandbox, container, config);
  const starting = performance.now();
  await cri.startContainer(id);
  const ended = performance.now();
  await cri.stopPodSandbox(sandbox);
  await cri.removePodSandbox(sandbox);
  await sleep(settle);
  return [created - began, starting - created, ended - starting];
}

await sequence(0);
const took: [number, number, number][] = [];
for (let n = 1; n <= sequences; n++) took.push(await sequence(n));
cri.close();
await containerd.stop();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify(took));
