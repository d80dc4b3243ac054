import {
  type Machine,
  MachineError,
  type MachineSpec,
  type Machines,
  type Place,
  type ProcessSpec,
  type SupervisedProcess,
  type Usage,
} from './machines.ts';

/** Machines as records. `processSpecs` tells what was started where; `cut` which links are pulled. */
export class FakeMachines implements Machines {
  prepared = false;
  readonly cut = new Set<string>();
  readonly #machines = new Map<string, Machine>();
  readonly #processes = new Map<string, Map<string, { spec: ProcessSpec; pid: number }>>();
  #pid = 1000;

  async prepare(): Promise<void> {
    this.prepared = true;
    this.#processes.set('host', this.#processes.get('host') ?? new Map());
  }

  async create(spec: MachineSpec): Promise<Machine> {
    if (!this.prepared) throw new MachineError('failed', 'the host side is not prepared');
    const present = this.#machines.get(spec.name);
    if (present?.init) return present;
    const machine = { ...spec, link: `cwm-${spec.name}`, init: { pid: this.#pid++, startTime: 1 } };
    this.#machines.set(spec.name, machine);
    this.#processes.set(`machine ${spec.name}`, new Map());
    return machine;
  }

  async list(): Promise<Machine[]> {
    return [...this.#machines.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async stop(name: string): Promise<void> {
    const machine = this.#machines.get(name);
    if (!machine) throw new MachineError('not-found', `there is no machine ${name}`);
    this.#processes.delete(`machine ${name}`);
    this.#machines.set(name, { ...machine, init: undefined });
  }

  async destroy(name: string): Promise<void> {
    this.#machines.delete(name);
    this.#processes.delete(`machine ${name}`);
    this.cut.delete(name);
  }

  async cutLink(name: string): Promise<void> {
    if (!this.#machines.get(name)?.init) {
      throw new MachineError('not-running', `the machine ${name} has no link`);
    }
    this.cut.add(name);
  }

  async restoreLink(name: string): Promise<void> {
    this.cut.delete(name);
  }

  async startProcess(place: Place, spec: ProcessSpec): Promise<void> {
    const processes = this.#at(place);
    if (!processes.has(spec.name)) processes.set(spec.name, { spec, pid: this.#pid++ });
  }

  async stopProcess(place: Place, name: string): Promise<void> {
    this.#processes.get(keyOf(place))?.delete(name);
  }

  async processes(place: Place): Promise<SupervisedProcess[]> {
    const processes = [...(this.#processes.get(keyOf(place))?.values() ?? [])];
    return processes.map(({ spec, pid }) => ({ name: spec.name, pids: [pid], pid, supervised: true }));
  }

  processSpecs(place: Place): ProcessSpec[] {
    return [...this.#at(place).values()].map(({ spec }) => spec);
  }

  async command(place: Place, argv: readonly string[]): Promise<string[]> {
    this.#at(place);
    return 'host' in place ? [...argv] : ['in', place.machine, ...argv];
  }

  async usage(place: Place): Promise<Usage | undefined> {
    return this.#processes.has(keyOf(place)) ? { memory: 0, cpu: 0 } : undefined;
  }

  podsCgroup(machine: string): string {
    return `/causeway/fake/nodes/${machine}/pods`;
  }

  cgroup(machine: string): string {
    return `/causeway/fake/nodes/${machine}`;
  }

  async destroyAll(): Promise<void> {
    this.prepared = false;
    this.#machines.clear();
    this.#processes.clear();
    this.cut.clear();
  }

  #at(place: Place): Map<string, { spec: ProcessSpec; pid: number }> {
    const processes = this.#processes.get(keyOf(place));
    if (processes) return processes;
    if ('host' in place) throw new MachineError('not-running', 'the host side is not prepared');
    const code = this.#machines.has(place.machine) ? 'not-running' : 'not-found';
    throw new MachineError(code, `the machine ${place.machine} does not run`);
  }
}

function keyOf(place: Place): string {
  return 'host' in place ? 'host' : `machine ${place.machine}`;
}
