import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Cgroups } from '../kernel/cgroup/cgroups.ts';
import type { Commands } from '../kernel/command.ts';
import { commandLine, isRunning, type ProcessId, processId, signalProcess } from '../kernel/process-table.ts';
import { placeCgroup, processCgroup } from './cluster-names.ts';
import type { Place, ProcessSpec, StopOptions, SupervisedProcess } from './machines.ts';

export interface SupervisedOptions {
  cluster: string;
  /** The supervise.sh to run. */
  script: string;
}

const defaultMaxLogBytes = 16 * 2 ** 20;

/**
 * Processes under supervise.sh. Each has a control group of its own: that is where they are found again, so
 * that no list of PIDs can be wrong.
 */
export class SupervisedProcesses {
  readonly #clock: Clock;
  readonly #commands: Commands;
  readonly #cgroups: Cgroups;
  readonly #options: SupervisedOptions;

  constructor(deps: { clock: Clock; commands: Commands; cgroups: Cgroups }, options: SupervisedOptions) {
    this.#clock = deps.clock;
    this.#commands = deps.commands;
    this.#cgroups = deps.cgroups;
    this.#options = options;
  }

  /** @param enter the words that bring a command to `place`. */
  async start(place: Place, enter: readonly string[], spec: ProcessSpec): Promise<void> {
    const group = processCgroup(this.#options.cluster, place, spec.name);
    const state = await this.#state(group, spec.name);
    if (state.supervisor) return this.#hasten(state.supervisor, state.pids);
    // What a killed supervisor left running would be a second instance beside the one started now.
    if (state.pids.length > 0) await this.#cgroups.kill(group);
    await this.#cgroups.create(group);
    await mkdir(dirname(spec.logFile), { recursive: true });
    const { PATH = '/usr/sbin:/usr/bin:/sbin:/bin', HOME = '/root', LANG = 'C.UTF-8' } = process.env;
    const limit = String(spec.maxLogBytes ?? defaultMaxLogBytes);
    const supervise = ['sh', this.#options.script, spec.name, spec.logFile, limit];
    const words = [...enter, ...supervise, ...spec.argv];
    const env = { PATH, HOME, LANG, ...spec.env, SUPERVISE_JOIN: this.#cgroups.joinFiles(group).join(' ') };
    await this.#commands.run(['setsid', '--wait', ...words], { env, cwd: '/' });
  }

  /** Ends the supervisor's timer: where it waits to start the process again, it does so now. */
  #hasten(supervisor: ProcessId, pids: readonly number[]): void {
    for (const id of pids.map(processId)) {
      if (id?.parent === supervisor.pid && commandLine(id.pid)[0] === 'sleep') signalProcess(id, 'SIGTERM');
    }
  }

  async stop(place: Place, name: string, options: StopOptions = {}): Promise<void> {
    const { grace = 5_000, extent = 'group' } = options;
    const group = processCgroup(this.#options.cluster, place, name);
    const { pids, supervisor } = await this.#state(group, name);
    const own = extent === 'group' ? pids : pids.filter(pid => parentOf(pid) === supervisor?.pid);
    const targets = [supervisor, ...own.map(processId)].filter(id => id !== undefined);
    if (supervisor) signalProcess(supervisor, 'SIGTERM');
    else for (const target of targets) signalProcess(target, 'SIGTERM');
    await this.#waitForEnd(targets, grace);
    for (const target of targets) signalProcess(target, 'SIGKILL');
    if (extent === 'process') {
      await this.#waitForEnd(targets, grace);
      return;
    }
    await this.#cgroups.kill(group);
    await this.#cgroups.remove(group);
  }

  async list(place: Place): Promise<SupervisedProcess[]> {
    const parent = `${placeCgroup(this.#options.cluster, place)}/system`;
    const names = await this.#cgroups.children(parent);
    return Promise.all(
      names.map(async name => {
        const { pids, supervisor, supervised } = await this.#state(`${parent}/${name}`, name);
        // Beside the program the supervisor has a timer of its own.
        const pid = pids.find(
          candidate =>
            parentOf(candidate) === supervisor?.pid && commandLine(candidate).join(' ') !== 'sleep 60',
        );
        return { name, pids, supervised, ...(pid !== undefined && { pid }) };
      }),
    );
  }

  async #state(
    group: string,
    name: string,
  ): Promise<{ pids: number[]; supervisor: ProcessId | undefined; supervised: boolean }> {
    const pids = await this.#cgroups.processes(group);
    // Its background part has the same words; the timer it starts has others.
    const pid = pids.find(candidate => {
      const words = commandLine(candidate);
      return words[1] === this.#options.script && words[2] === name;
    });
    const supervisor = pid === undefined ? undefined : processId(pid);
    const rest = pids.filter(candidate => candidate !== pid);
    const ordered = pid === undefined ? rest : [pid, ...rest];
    return { pids: ordered, supervisor, supervised: supervisor !== undefined };
  }

  async #waitForEnd(targets: readonly ProcessId[], limit: number): Promise<void> {
    const end = this.#clock.monotonic() + limit;
    for (
      let wait = 2;
      targets.some(isRunning) && this.#clock.monotonic() < end;
      wait = Math.min(wait * 2, 50)
    ) {
      await this.#clock.sleep(wait);
    }
  }
}

function parentOf(pid: number): number | undefined {
  return processId(pid)?.parent;
}
