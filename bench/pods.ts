import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testImage, writeTestImage } from '../src/cri/test-image.ts';
import { type Bench, type BenchContext, root } from './context.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';

const exec = promisify(execFile);

/** Milliseconds of sandbox, create and start. */
type Steps = [number, number, number];

interface PodTimes {
  /** Milliseconds from the request to Ready, one a pod. */
  ready: number[];
  /** Milliseconds until all were Ready, and all gone. */
  manyReady: number;
  manyGone: number;
}

/**
 * Pods one after another and many at once, beside the bare CRI sequence (sandbox, create, start) on a
 * containerd of its own with the standard CNI plugins: alternating, so that both see the same machine.
 */
export const pods: Bench = {
  name: 'pods',
  needsCluster: true,
  async run(context) {
    const { cluster, runs, folder, say } = context;
    const archive = join(folder, 'image.tar');
    await writeTestImage(archive);
    await cluster.importImage(archive);
    const plugins = await standardPlugins(join(folder, 'cni'));
    const bare: Steps[] = [];
    const times: PodTimes[] = [];
    for (let n = 0; n < runs; n++) {
      bare.push(...(await bareSequence(context, plugins, archive)));
      const args = [join(root, 'bench/load/pod-load.ts'), testImage];
      times.push(JSON.parse(await cluster.exec(process.execPath, args)) as PodTimes);
      say(`pods: run ${n + 1} of ${runs} done`);
    }
    return rowsOf(bare, times);
  },
};

function rowsOf(bare: readonly Steps[], times: readonly PodTimes[]): Row[] {
  const sequence = median(bare.map(([sandbox, create, start]) => sandbox + create + start));
  const steps = [0, 1, 2].map(step => median(bare.map(each => each[step]!)).toFixed(0)).join(' + ');
  const ready = median(times.flatMap(time => time.ready));
  const note = `bare: sandbox + create + start = ${steps} ms; ${bare.length} of each`;
  const seconds = (values: number[]) => median(values) / 1000;
  return [
    {
      bench: 'pods',
      what: 'pod created → Ready, median',
      unit: 'ms',
      reached: ready,
      asked: 209,
      better: 'lower',
      note,
    },
    {
      bench: 'pods',
      what: 'pod created → Ready ÷ bare CRI sequence',
      unit: '×',
      reached: ready / sequence,
      asked: 1.1,
      better: 'lower',
      note,
    },
    {
      bench: 'pods',
      what: '40 plain pods created → all Ready',
      unit: 's',
      reached: seconds(times.map(t => t.manyReady)),
      asked: 6,
      better: 'lower',
    },
    {
      bench: 'pods',
      what: '40 plain pods deleted → all gone',
      unit: 's',
      reached: seconds(times.map(t => t.manyGone)),
      asked: 1.4,
      better: 'lower',
    },
  ];
}

async function bareSequence({ folder }: BenchContext, plugins: string, archive: string): Promise<Steps[]> {
  const inner = [
    process.execPath,
    join(root, 'bench/load/cri-sequence.ts'),
    join(folder, 'cri'),
    plugins,
    archive,
  ];
  const spaces = ['--net', '--mount', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child', '--'];
  const { stdout } = await exec('unshare', [
    ...spaces,
    'sh',
    '-c',
    'ip link set lo up; exec "$@"',
    'sh',
    ...inner,
  ]);
  return JSON.parse(stdout) as Steps[];
}

/** The folder of the standard CNI plugins: the machine's, else the distribution's package, unpacked. */
async function standardPlugins(folder: string): Promise<string> {
  const found = ['/usr/lib/cni', '/opt/cni/bin'].find(path => existsSync(join(path, 'host-local')));
  if (found) return found;
  mkdirSync(folder, { recursive: true });
  await exec('apt-get', ['download', 'containernetworking-plugins'], { cwd: folder });
  const archive = readdirSync(folder).find(name => name.endsWith('.deb'));
  if (!archive) throw new Error('apt-get download containernetworking-plugins left no package');
  await exec('dpkg-deb', ['-x', archive, '.'], { cwd: folder });
  return join(folder, 'usr/lib/cni');
}
