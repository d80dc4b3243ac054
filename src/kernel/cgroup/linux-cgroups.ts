import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { CgroupBusy, type CgroupLimits, type Cgroups, type CgroupUsage } from './cgroups.ts';
import { type Hierarchies, readHierarchies } from './hierarchies.ts';

export class LinuxCgroups implements Cgroups {
  readonly #clock: Clock;
  readonly #mountinfo: string;
  #found: Hierarchies | undefined;

  /** @param options.mountinfo another file than `/proc/self/mountinfo`, for tests. */
  constructor(deps: { clock: Clock }, options: { mountinfo?: string } = {}) {
    this.#clock = deps.clock;
    this.#mountinfo = options.mountinfo ?? '/proc/self/mountinfo';
  }

  async create(path: string): Promise<void> {
    const { version } = this.#hierarchies();
    await Promise.all(this.#directories(path).map(directory => mkdir(directory, { recursive: true })));
    if (version === 2) await this.#delegate(path);
  }

  joinFiles(path: string): string[] {
    return this.#directories(path).map(directory => join(directory, 'cgroup.procs'));
  }

  async limit(path: string, limits: CgroupLimits): Promise<void> {
    const { version, roots } = this.#hierarchies();
    const files = version === 2 ? limitFiles(limits) : oldLimitFiles(limits);
    for (const { controller, name, value } of files) {
      const root =
        version === 2 ? roots[0] : roots.find(({ controllers }) => controllers.includes(controller));
      if (!root) throw new Error(`the control groups of this machine do not limit ${controller}`);
      await writeFile(join(root.path, path, name), value, { flag: 'r+' });
    }
  }

  async exists(path: string): Promise<boolean> {
    return this.#directories(path).some(existsSync);
  }

  async children(path: string): Promise<string[]> {
    const names = await Promise.all(this.#directories(path).map(subdirectories));
    return [...new Set(names.flat())].sort();
  }

  async processes(path: string): Promise<number[]> {
    const pids = await Promise.all(this.#directories(path).map(processesBelow));
    return [...new Set(pids.flat())].sort((a, b) => a - b);
  }

  async usage(path: string): Promise<CgroupUsage | undefined> {
    const { version, roots } = this.#hierarchies();
    if (version === 2) {
      const directory = join(roots[0]!.path, path);
      const [current, stats, cpu] = await readAll(directory, ['memory.current', 'memory.stat', 'cpu.stat']);
      if (cpu === undefined) return undefined;
      const charged = Number(current ?? 0);
      const cache = field(stats, 'file') - field(stats, 'shmem');
      return {
        memory: Math.max(charged - cache, 0),
        ...memoryUsage(charged, stats, { inactive: 'inactive_file', anonymous: 'anon', prefix: '' }),
        cpu: field(cpu, 'usage_usec') / 1000,
      };
    }
    const rootOf = (controller: string) => roots.find(root => root.controllers.includes(controller))?.path;
    const [memoryRoot, cpuRoot] = [rootOf('memory'), rootOf('cpuacct')];
    const [[stats, charged], [cpu]] = await Promise.all([
      memoryRoot ? readAll(join(memoryRoot, path), ['memory.stat', 'memory.usage_in_bytes']) : [],
      cpuRoot ? readAll(join(cpuRoot, path), ['cpuacct.usage']) : [],
    ]);
    if (stats === undefined && cpu === undefined) return undefined;
    const names = { inactive: 'total_inactive_file', anonymous: 'total_rss', prefix: 'total_' };
    return {
      memory: field(stats, 'total_rss') + field(stats, 'total_shmem'),
      ...memoryUsage(Number(charged ?? 0), stats, names),
      cpu: Number(cpu ?? 0) / 1e6,
    };
  }

  async kill(path: string): Promise<void> {
    // A process may fork between the listing and the signal: kill until none is listed.
    for (let round = 0; round < 500; round++) {
      const pids = await this.processes(path);
      if (pids.length === 0) return;
      for (const pid of pids) signal(pid);
      await this.#clock.sleep(round < 20 ? 2 : 20);
    }
    throw new CgroupBusy(path);
  }

  async remove(path: string): Promise<void> {
    const others = this.#hierarchies().others.map(root => join(root, path));
    for (const directory of [...this.#directories(path), ...others]) await removeTree(directory, this.#clock);
  }

  #hierarchies(): Hierarchies {
    this.#found ??= readHierarchies(readFileSync(this.#mountinfo, 'utf8'));
    if (!this.#found) throw new Error('no control groups are mounted: mount cgroup2 at /sys/fs/cgroup');
    return this.#found;
  }

  #directories(path: string): string[] {
    if (path === '' || path.split('/').includes('..')) throw new Error(`"${path}" is no control group`);
    return this.#hierarchies().roots.map(root => join(root.path, path));
  }

  /** Version 2: every group above hands the controllers down. What is not there to hand down is left out. */
  async #delegate(path: string): Promise<void> {
    let directory = this.#hierarchies().roots[0]!.path;
    for (const part of path.split('/')) {
      for (const controller of ['memory', 'cpu', 'pids']) {
        await writeFile(join(directory, 'cgroup.subtree_control'), `+${controller}`).catch(() => {});
      }
      directory = join(directory, part);
    }
  }
}

interface LimitFile {
  controller: 'cpu' | 'memory';
  name: string;
  value: string;
}

const period = 100_000;

function oldLimitFiles({ cpuShares, cpuQuota, memory }: CgroupLimits): LimitFile[] {
  return [
    { controller: 'cpu', name: 'cpu.shares', value: `${cpuShares}` },
    { controller: 'cpu', name: 'cpu.cfs_period_us', value: `${period}` },
    { controller: 'cpu', name: 'cpu.cfs_quota_us', value: `${cpuQuota || -1}` },
    { controller: 'memory', name: 'memory.limit_in_bytes', value: `${memory || -1}` },
  ];
}

/** Shares become a weight as in kubelet's `CPUSharesToCPUWeight`. */
function limitFiles({ cpuShares, cpuQuota, memory }: CgroupLimits): LimitFile[] {
  const weight = 1 + Math.floor(((cpuShares - 2) * 9999) / 262_142);
  return [
    { controller: 'cpu', name: 'cpu.weight', value: `${weight}` },
    { controller: 'cpu', name: 'cpu.max', value: `${cpuQuota || 'max'} ${period}` },
    { controller: 'memory', name: 'memory.max', value: `${memory || 'max'}` },
  ];
}

async function subdirectories(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
}

async function processesBelow(directory: string): Promise<number[]> {
  const own = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  const below = await Promise.all(
    (await subdirectories(directory)).map(name => processesBelow(join(directory, name))),
  );
  // 0 is a process outside the caller's PID namespace: nothing can be done about it from here.
  return [...own.split('\n').map(Number), ...below.flat()].filter(pid => pid > 0);
}

async function removeTree(directory: string, clock: Clock): Promise<void> {
  for (const name of await subdirectories(directory)) await removeTree(join(directory, name), clock);
  // A process that was killed leaves its group a moment after it is gone from the list.
  for (let round = 0; ; round++) {
    try {
      await rmdir(directory);
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
      if (round === 100 || !(await stat(directory).catch(() => undefined))) {
        throw new CgroupBusy(directory, { cause });
      }
      await clock.sleep(5);
    }
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function readAll(directory: string, names: readonly string[]): Promise<(string | undefined)[]> {
  return Promise.all(names.map(name => readFile(join(directory, name), 'utf8').catch(() => undefined)));
}

/** @param names of the fields, which differ between the versions */
function memoryUsage(
  charged: number,
  stats: string | undefined,
  names: { inactive: string; anonymous: string; prefix: string },
): Omit<CgroupUsage, 'memory' | 'cpu'> {
  return {
    charged,
    workingSet: Math.max(charged - field(stats, names.inactive), 0),
    anonymous: field(stats, names.anonymous),
    pageFaults: field(stats, `${names.prefix}pgfault`),
    majorPageFaults: field(stats, `${names.prefix}pgmajfault`),
  };
}

function field(text: string | undefined, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0);
}
