import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../base/clock.ts';
import { type NetworkChange, renderChange } from '../kernel/ip/change.ts';
import { type ProcessId, processId, signalProcess } from '../kernel/process-table.ts';
import { MachineError } from './machines.ts';

export interface MachineStart {
  hostname: string;
  /** The machine.sh to run. */
  script: string;
  /** cgroup.procs files of the machine's groups. */
  joinFiles: string[];
  binds: { source: string; target: string }[];
  unsynced: { folder: string; work: string }[];
  /** Made inside, once `connect` is done. */
  inside: NetworkChange[];
  /** Called with the PID as soon as the namespaces are there: makes the link into them. */
  connect(pid: number): Promise<void>;
}

const startLimit = 10_000;

/**
 * Starts the first process of a machine and resolves when it is set up and has become the reaper.
 * Nothing is left when it fails.
 */
export async function startMachine(clock: Clock, start: MachineStart): Promise<ProcessId> {
  const binds = start.binds.flatMap(({ source, target }) => [source, target]);
  const unsynced = start.unsynced.flatMap(({ folder, work }) => [folder, work]);
  const argv = [
    ...['--net', '--mount', '--uts', '--pid', '--fork', '--propagation', 'slave', '--'],
    ...['sh', start.script, start.hostname, ...start.joinFiles, '--', ...binds, '--', ...unsynced],
  ];
  // A session of its own: the terminal's signals are not for machines.
  const child = spawn('unshare', argv, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const talk = new Conversation(child);
  const cancel = clock.after(startLimit, () => talk.fail(`not ready within ${startLimit} ms`));
  let init: ProcessId | undefined;
  try {
    const found = processId(Number(await talk.line()));
    if (!found) throw talk.error('its first process ended at once');
    init = { pid: found.pid, startTime: found.startTime };
    await start.connect(init.pid);
    child.stdin!.end(start.inside.map(change => `${renderChange(change)}\n`).join(''));
    if ((await talk.line()) !== 'ready') throw talk.error('its script ended early');
    return init;
  } catch (cause) {
    if (init) signalProcess(init, 'SIGKILL');
    const message = `the machine ${start.hostname} did not start: ${(cause as Error).message}`;
    throw new MachineError('failed', message, { cause });
  } finally {
    cancel();
    // unshare only waits for its child: without it the reaper belongs to the system's first process.
    child.kill('SIGKILL');
    child.unref();
  }
}

/** What the script says, line by line; an end of the output is the failure of whoever waits. */
class Conversation {
  #lines: string[] = [];
  #rest = '';
  #stderr = '';
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(child: ChildProcess) {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop()!;
      this.#lines.push(...lines);
      this.#wake?.();
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      if (this.#stderr.length < 4096) this.#stderr += text;
    });
    child.stdin!.on('error', () => {});
    child.on('error', error => this.fail(error.message));
    child.on('close', () => this.fail('its first process ended'));
  }

  async line(): Promise<string> {
    while (this.#lines.length === 0) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    return this.#lines.shift()!;
  }

  fail(reason: string): void {
    this.#failure ??= this.error(reason);
    this.#wake?.();
  }

  error(reason: string): Error {
    const words = this.#stderr.trim().split('\n')[0];
    return new Error(words ? `${reason}: ${words}` : reason);
  }
}
