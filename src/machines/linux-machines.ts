import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../base/clock.ts';
import { addressBits, familyOf, parseAddress, parseCidr } from '../base/ip-address.ts';
import type { Logger } from '../base/log.ts';
import type { Cgroups } from '../kernel/cgroup/cgroups.ts';
import type { Commands } from '../kernel/command.ts';
import type { NetworkChange } from '../kernel/ip/change.ts';
import { type IpRoute, IpRouteError } from '../kernel/ip/ip-route.ts';
import { inNetns, type NetnsPath, type NetworkNamespaces, netnsOf } from '../kernel/network-namespace.ts';
import { isRunning, processId, signalProcess } from '../kernel/process-table.ts';
import {
  bridgeMac,
  clusterCgroup,
  machineLink,
  machineMac,
  placeCgroup,
  processCgroup,
} from './cluster-names.ts';
import { removeCluster } from './cluster-removal.ts';
import { type MachineRecord, MachineRecords } from './machine-records.ts';
import { startMachine } from './machine-start.ts';
import {
  type Machine,
  MachineError,
  type MachineSpec,
  type Machines,
  type Place,
  type ProcessSpec,
  type StopOptions,
  type SupervisedProcess,
  type Usage,
} from './machines.ts';
import { SupervisedProcesses } from './supervised-processes.ts';

export interface MachinesOptions {
  cluster: string;
  /** `/run/causeway/<cluster>`: namespaces and machines.json. */
  runDir: string;
  /** The host side is a namespace of its own, with no way out; else it is the caller's. */
  isolated: boolean;
  bridge: string;
  /** Subnets of the node network and the host side's address in each, one a family. */
  subnets: string[];
  gateways: string[];
  mtu: number;
}

export interface MachinesDeps {
  clock: Clock;
  log: Logger;
  commands: Commands;
  ip: IpRoute;
  namespaces: NetworkNamespaces;
  cgroups: Cgroups;
}

const script = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url));

export class LinuxMachines implements Machines {
  readonly #deps: MachinesDeps;
  readonly #options: MachinesOptions;
  readonly #records: MachineRecords;
  readonly #processes: SupervisedProcesses;

  constructor(deps: MachinesDeps, options: MachinesOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#records = new MachineRecords(join(options.runDir, 'machines.json'));
    this.#processes = new SupervisedProcesses(deps, {
      cluster: options.cluster,
      script: script('supervise.sh'),
    });
  }

  /** The host side's namespace; undefined where that is the caller's own. */
  get hostNetns(): NetnsPath | undefined {
    return this.#options.isolated ? join(this.#options.runDir, 'ns', 'host') : undefined;
  }

  async prepare(): Promise<void> {
    const { runDir, bridge, gateways, mtu } = this.#options;
    await mkdir(runDir, { recursive: true, mode: 0o755 });
    if (this.hostNetns) await this.#deps.namespaces.create(this.hostNetns);
    const sysctls = this.#hostSysctls();
    const links = await this.#deps.ip.links(this.hostNetns);
    const present = links.find(link => link.name === bridge);
    const changes: NetworkChange[] = this.hostNetns ? [{ op: 'link.set', name: 'lo', up: true }] : [];
    if (!present) {
      changes.push({ op: 'link.add', name: bridge, kind: 'bridge', mtu, mac: bridgeMac(bridge) });
    }
    changes.push({ op: 'link.set', name: bridge, up: true, addrGenMode: 'eui64' });
    for (const gateway of gateways) {
      const address = this.#withPrefix(gateway);
      if (present?.addresses.includes(address)) continue;
      changes.push({ op: 'address.add', link: bridge, address, noDad: gateway.includes(':') });
    }
    await this.#deps.ip.apply(changes, this.hostNetns);
    await sysctls;
  }

  async create(spec: MachineSpec): Promise<Machine> {
    const { cluster } = this.#options;
    const running = (await this.#find(spec.name))?.init;
    if (running) return this.#machine({ ...spec, init: running });
    await this.#clear(spec.name);
    const group = processCgroup(cluster, { machine: spec.name }, 'init');
    await this.#deps.cgroups.create(group);
    const init = await startMachine(this.#deps.clock, {
      hostname: spec.name,
      script: script('machine.sh'),
      joinFiles: this.#deps.cgroups.joinFiles(group),
      binds: spec.binds ?? [],
      unsynced: spec.unsynced ?? [],
      inside: this.#inside(spec),
      connect: pid => this.#connect(spec.name, pid),
    });
    const record = { ...spec, init };
    await this.#records.set(record);
    return this.#machine(record);
  }

  async list(): Promise<Machine[]> {
    const names = new Set((await this.#records.all()).keys());
    for (const name of await this.#deps.cgroups.children(`${clusterCgroup(this.#options.cluster)}/nodes`)) {
      names.add(name);
    }
    const found = await Promise.all([...names].sort().map(name => this.#find(name)));
    return found.flatMap(record => (record ? [this.#machine(record)] : []));
  }

  async stop(name: string, options: StopOptions = {}): Promise<void> {
    const record = await this.#find(name);
    if (!record) throw new MachineError('not-found', `there is no machine ${name}`);
    const place = { machine: name };
    const processes = await this.#processes.list(place);
    await Promise.all(
      processes
        .filter(process => process.name !== 'init')
        .map(process => this.#processes.stop(place, process.name, { ...options, extent: 'process' })),
    );
    await this.#clear(name);
    await this.#records.set({ ...record, init: undefined });
  }

  async destroy(name: string): Promise<void> {
    await this.#clear(name);
    await this.#records.delete(name);
  }

  cutLink(name: string): Promise<void> {
    return this.#setLink(name, false);
  }

  restoreLink(name: string): Promise<void> {
    return this.#setLink(name, true);
  }

  async startProcess(place: Place, spec: ProcessSpec): Promise<void> {
    await this.#processes.start(place, await this.command(place, []), spec);
  }

  stopProcess(place: Place, name: string, options?: StopOptions): Promise<void> {
    return this.#processes.stop(place, name, options);
  }

  async processes(place: Place): Promise<SupervisedProcess[]> {
    return (await this.#processes.list(place)).filter(process => process.name !== 'init');
  }

  async command(place: Place, argv: readonly string[]): Promise<string[]> {
    if ('host' in place) return this.hostNetns ? inNetns(this.hostNetns, argv) : [...argv];
    const record = await this.#find(place.machine);
    if (!record) throw new MachineError('not-found', `there is no machine ${place.machine}`);
    if (!record.init) throw new MachineError('not-running', `the machine ${place.machine} does not run`);
    const target = ['--target', String(record.init.pid), '--net', '--mount', '--uts', '--pid'];
    return ['nsenter', ...target, '--', ...argv];
  }

  usage(place: Place): Promise<Usage | undefined> {
    return this.#deps.cgroups.usage(placeCgroup(this.#options.cluster, place));
  }

  podsCgroup(machine: string): string {
    return `${this.cgroup(machine)}/pods`;
  }

  cgroup(machine: string): string {
    return `/${placeCgroup(this.#options.cluster, { machine })}`;
  }

  async destroyAll(): Promise<void> {
    const records = await this.#records.all();
    for (const { init } of records.values()) if (init) signalProcess(init, 'SIGKILL');
    const machines = [...records.keys(), ...(await this.list()).map(machine => machine.name)];
    await removeCluster(this.#deps, {
      ...this.#options,
      hostNetns: this.hostNetns,
      links: machines.map(name => machineLink(this.#options.cluster, name)),
    });
    this.#records.forget();
  }

  #machine(record: MachineRecord): Machine {
    return { ...record, link: machineLink(this.#options.cluster, record.name) };
  }

  /** The record with `init` as it is now: the first process is looked for in its control group too. */
  async #find(name: string): Promise<MachineRecord | undefined> {
    const record = (await this.#records.all()).get(name);
    if (record?.init && isRunning(record.init)) return record;
    const place = { machine: name };
    const group = processCgroup(this.#options.cluster, place, 'init');
    if (!record && !(await this.#deps.cgroups.exists(placeCgroup(this.#options.cluster, place)))) return;
    const [pid] = await this.#deps.cgroups.processes(group);
    return { addresses: [], ...record, name, init: pid === undefined ? undefined : processId(pid) };
  }

  /** Ends and removes what there is of a machine, whole or in parts. */
  async #clear(name: string): Promise<void> {
    const { cluster } = this.#options;
    const init = (await this.#find(name))?.init;
    // The end of PID 1 ends all of its PID namespace, the mounts and the network with it.
    if (init) signalProcess(init, 'SIGKILL');
    const group = placeCgroup(cluster, { machine: name });
    await this.#deps.cgroups.kill(group);
    await this.#deps.cgroups.remove(group);
    await this.#deleteLink(machineLink(cluster, name));
  }

  async #deleteLink(name: string): Promise<void> {
    if (this.hostNetns && !(await this.#deps.namespaces.exists(this.hostNetns))) return;
    try {
      await this.#deps.ip.apply([{ op: 'link.delete', name }], this.hostNetns);
    } catch (error) {
      if (!(error instanceof IpRouteError && error.code === 'not-found')) throw error;
    }
  }

  async #connect(name: string, pid: number): Promise<void> {
    const { cluster, bridge, mtu } = this.#options;
    const link = machineLink(cluster, name);
    const peer = { name: 'eth0', netns: netnsOf(pid), mtu, mac: machineMac(cluster, name) };
    await this.#deps.ip.apply(
      [
        { op: 'link.add', name: link, kind: 'veth', mtu, peer },
        {
          op: 'link.set',
          name: link,
          master: bridge,
          alias: `${cluster}/${name}`,
          addrGenMode: 'none',
          up: true,
        },
      ],
      this.hostNetns,
    );
  }

  #inside(spec: MachineSpec): NetworkChange[] {
    const { gateways } = this.#options;
    const changes: NetworkChange[] = [
      { op: 'link.set', name: 'lo', up: true },
      { op: 'link.set', name: 'eth0', up: true, addrGenMode: 'eui64' },
    ];
    for (const address of spec.addresses) {
      const noDad = address.includes(':');
      changes.push({ op: 'address.add', link: 'eth0', address: this.#withPrefix(address), noDad });
    }
    for (const gateway of gateways) {
      const family = familyOf(gateway)!;
      if (!spec.addresses.some(address => familyOf(address) === family)) continue;
      const route = { destination: 'default', family, via: gateway, link: 'eth0' };
      changes.push({ op: 'route.replace', route });
    }
    return changes;
  }

  async #setLink(name: string, up: boolean): Promise<void> {
    const link = machineLink(this.#options.cluster, name);
    try {
      await this.#deps.ip.apply([{ op: 'link.set', name: link, up }], this.hostNetns);
    } catch (cause) {
      throw new MachineError('not-running', `the machine ${name} has no link`, { cause });
    }
  }

  /** The host side forwards between the machines' network and elsewhere. */
  async #hostSysctls(): Promise<void> {
    const settings = ['net.ipv4.ip_forward=1'];
    if (this.#options.subnets.some(subnet => subnet.includes(':'))) {
      settings.push('net.ipv6.conf.all.forwarding=1');
    }
    if (this.hostNetns) {
      settings.push('net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0');
      for (const family of ['ip', 'ip6', 'arp']) settings.push(`net.bridge.bridge-nf-call-${family}tables=0`);
    }
    await this.#deps.commands.run(inNetns(this.hostNetns, ['sysctl', '-q', '-e', '-w', ...settings]));
  }

  /** `172.30.0.11` → `172.30.0.11/24`, by the subnet it lies in. */
  #withPrefix(address: string): string {
    const parsed = parseAddress(address);
    if (!parsed) throw new MachineError('failed', `"${address}" is no address`);
    const subnet = this.#options.subnets.map(parseCidr).find(cidr => cidr?.family === parsed.family);
    return `${address}/${subnet?.prefix ?? addressBits(parsed.family)}`;
  }
}
