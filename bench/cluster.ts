import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './context.ts';

const run = promisify(execFile);
const buffer = 64 * 1024 * 1024;

interface Status {
  nodes: { name: string; state: string }[];
  components: { component: string; pids: number[] }[];
}

/** A two-node isolated cluster for the bench, handled by the command line as a user does. */
export class BenchCluster {
  readonly name = 'bench';

  /** Brings it up; resolves with the seconds it took. */
  async up(): Promise<number> {
    const began = performance.now();
    await this.#causeway(['up', '--isolated', '--yes', '--name', this.name]);
    return (performance.now() - began) / 1000;
  }

  async down(): Promise<void> {
    await this.#causeway(['down', '--name', this.name]);
  }

  /** Removes it; fine where there is none. */
  async delete(): Promise<void> {
    await this.#causeway(['delete', '--yes', '--name', this.name]).catch(error => {
      if (!/no (such )?cluster|there is no/i.test(String(error.stderr))) throw error;
    });
  }

  /** Runs a command on the host side; resolves with its output. */
  exec(command: string, args: readonly string[]): Promise<string> {
    return this.#causeway(['exec', '--name', this.name, '--', command, ...args]);
  }

  /** Begins a command on the host side: it reads a pipe, what it writes is read by `stdout`. */
  start(command: string, args: readonly string[]): ChildProcess {
    const words = ['exec', '--name', this.name, '--', command, ...args];
    return spawn(join(root, 'causeway'), words, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  }

  /** Into the machine's image library, which every cluster pulls from. */
  async importImage(archive: string): Promise<void> {
    await this.#causeway(['image', 'import', archive]);
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.#causeway(['status', '--name', this.name, '-o', 'json'])) as Status;
  }

  /**
   * Every process of the cluster but containers and their shims: those in the pid namespaces of its machines
   * or in its host side's network namespace, and those that its folders are named in (supervisors outside).
   */
  async processes(): Promise<ClusterProcess[]> {
    const { components } = await this.status();
    const roots = components
      .flatMap(({ pids }) => pids)
      .map(readProcess)
      .filter(found => found !== undefined);
    const own = readProcess(process.pid)!;
    const spaces = new Set(roots.flatMap(({ pidSpace, netSpace }) => [pidSpace, netSpace]));
    spaces.delete(own.pidSpace);
    spaces.delete(own.netSpace);
    const folders = new RegExp(`/(lib|run)/causeway/(clusters/)?${this.name}/`);
    return readdirSync('/proc')
      .filter(entry => /^\d+$/.test(entry))
      .map(pid => readProcess(Number(pid)))
      .filter(found => found !== undefined)
      .filter(
        ({ command }) => !command.startsWith('containerd-shim') && !command.includes('/containerd-shim'),
      )
      .filter(({ pid, pidSpace, netSpace, command }) => {
        if (roots.some(found => found.pid === pid)) return true;
        return spaces.has(pidSpace) || spaces.has(netSpace) || folders.test(command);
      });
  }

  async #causeway(args: readonly string[]): Promise<string> {
    const { stdout } = await run(join(root, 'causeway'), [...args], { cwd: root, maxBuffer: buffer });
    return stdout;
  }
}

export interface ClusterProcess {
  pid: number;
  command: string;
  pidSpace: string;
  netSpace: string;
}

function readProcess(pid: number): ClusterProcess | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const [pidSpace, netSpace] = ['pid', 'net'].map(kind => readlinkSync(`/proc/${pid}/ns/${kind}`));
    return { pid, command, pidSpace: pidSpace!, netSpace: netSpace! };
  } catch {
    // It ended meanwhile, or is a kernel thread.
    return undefined;
  }
}
