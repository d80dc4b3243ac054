import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { errorChain } from '../base/log.ts';
import { HttpTransport } from '../client/http-transport.ts';
import type { StoreConfig } from '../cluster/config.ts';
import { containerdEnvironment } from '../cri/containerd-process.ts';
import { SystemCommands } from '../kernel/command.ts';
import type { LinuxMachines } from '../machines/linux-machines.ts';
import { hostSide, type Place, type ProcessSpec } from '../machines/machines.ts';
import { type NodeConfig, serverNames } from './cluster-config.ts';
import { apiServerUrl, ClusterFiles } from './cluster-files.ts';
import { type StartedNode, type StartedProcess, whenNodesReady, whenServing } from './cluster-readiness.ts';
import type { ClusterContext } from './commands/context.ts';
import { CrashWatch } from './crash-watch.ts';
import { removeFromEtcd } from './etcd-access.ts';
import { commandLog, linuxMachines } from './linux-machines-port.ts';
import { findProgram } from './packages.ts';
import type { Progress } from './progress.ts';
import { bootId, RuntimeMetadata } from './runtime-metadata.ts';

/** Milliseconds in which nodes that are Ready have said so. */
const upLimit = 500;
const sharedRuntimeState = '/run/containerd';
const bundleFolder = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Starts, stops and removes the parts of one cluster. Each operation does only what is left to do. */
export class ClusterLifecycle {
  readonly machines: LinuxMachines;
  readonly #context: ClusterContext;
  readonly #files: ClusterFiles;
  readonly #progress: Progress;

  constructor(context: ClusterContext, progress: Progress) {
    this.#context = context;
    this.#files = new ClusterFiles(context);
    this.#progress = progress;
    this.machines = linuxMachines(context);
  }

  /**
   * Brings up everything that does not run yet; resolves when all nodes are Ready: with false where there was
   * nothing to do.
   */
  async up(signal: AbortSignal): Promise<boolean> {
    if (await this.#isUp(signal)) return false;
    await this.#start(signal);
    return true;
  }

  /** Whether everything that should run does, and all nodes are Ready. */
  async #isUp(signal: AbortSignal): Promise<boolean> {
    const nodes = this.#context.config.nodes.filter(node => !node.stopped);
    const machines = (await this.machines.list()).filter(machine => machine.init !== undefined);
    if (!nodes.every(node => machines.some(machine => machine.name === node.name))) return false;
    if (!(await this.#runs(hostSide, serverNames(this.#context.config)))) return false;
    for (const { name } of nodes) {
      if (!(await this.#runs({ machine: name }, ['agent', 'containerd']))) return false;
    }
    const unstarted = nodes.map(({ name }) => ({ name, processes: [] }));
    try {
      await this.whenNodesReady(unstarted, AbortSignal.any([signal, AbortSignal.timeout(upLimit)]));
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  async #runs(place: Place, names: string[]): Promise<boolean> {
    const found = (await this.machines.processes(place)).filter(process => process.supervised);
    return names.every(name => found.some(process => process.name === name));
  }

  async #start(signal: AbortSignal): Promise<void> {
    const { config } = this.#context;
    const servers = await this.#progress.step('Certificates and configuration', () =>
      this.#files.writeServers(),
    );
    await this.#progress.step('Node network', () => this.#prepareNetwork());
    // The server and the nodes start side by side: an agent waits for the API by itself.
    const starting = Promise.all(
      config.nodes.filter(node => !node.stopped).map(node => this.startNode(node)),
    );
    starting.catch(() => {});
    await this.#progress.step('API server', () =>
      Promise.all(servers.map(server => this.#startServer(server, signal))),
    );
    await this.#progress.step(`Nodes ${config.nodes.map(node => node.name).join(', ')}`, async note => {
      await this.whenNodesReady(await starting, signal, note);
    });
  }

  /**
   * Stops the servers, does `work` on their store and starts those that ran, whether or not it failed.
   * Resolves when they serve.
   */
  async withoutServers<T>(work: (store: StoreConfig) => Promise<T>): Promise<T> {
    const ran = await this.#runs(hostSide, serverNames(this.#context.config));
    if (ran) await this.#stopServers();
    try {
      return await work(this.#files.storeConfig());
    } finally {
      if (ran)
        await this.#progress.step('API server', () => this.#startServers(new AbortController().signal));
    }
  }

  async #startServers(signal: AbortSignal): Promise<void> {
    const servers = await this.#files.writeServers();
    await Promise.all(servers.map(server => this.#startServer(server, signal)));
  }

  #stopServers(): Promise<void> {
    return this.#progress.step('Stopping the API server', async () => {
      for (const name of serverNames(this.#context.config)) await this.machines.stopProcess(hostSide, name);
    });
  }

  async #startServer(
    { name, socket, path }: { name: string; socket: string; path: string },
    signal: AbortSignal,
  ): Promise<void> {
    const started = await this.#startProcess(hostSide, this.#serverProcess(name, path));
    const transport = await this.#transportOn(socket);
    try {
      await whenServing(this.#context.config.name, transport, started, signal);
    } finally {
      transport.close();
    }
  }

  async #startProcess(place: Place, spec: ProcessSpec): Promise<StartedProcess> {
    const watch = new CrashWatch(spec.name, spec.logFile);
    const restart = () => this.machines.startProcess(place, spec);
    await restart();
    return { watch, restart };
  }

  async #prepareNetwork(): Promise<void> {
    const { paths, config } = this.#context;
    await this.machines.prepare();
    if (config.isolated && !existsSync(paths.outsideNamespace)) {
      const commands = new SystemCommands({ clock: systemClock });
      await commands.run(['touch', paths.outsideNamespace]);
      await commands.run(['mount', '--bind', `/proc/${process.pid}/ns/net`, paths.outsideNamespace]);
    }
  }

  /** The machine of a node with containerd and the agent in it. */
  async startNode(node: NodeConfig): Promise<StartedNode> {
    const place = { machine: node.name };
    const ran = await this.#runs(place, ['agent']);
    const since = systemClock.now();
    const { agent, containerd } = await this.#files.writeNode(node, {
      cgroup: this.machines.podsCgroup(node.name),
      nodeCgroup: this.machines.cgroup(node.name),
    });
    await this.machines.create({
      name: node.name,
      addresses: node.addresses,
      binds: [
        { source: this.#runtimeState(node.name), target: sharedRuntimeState },
        { source: join(this.#context.paths.node(node.name), 'hosts'), target: '/etc/hosts' },
      ],
      unsynced: [this.#metadata(node.name).prepare()],
    });
    const processes = [
      await this.#startProcess(place, this.#containerdProcess(node, containerd)),
      await this.#startProcess(place, this.#agentProcess(node, agent)),
    ];
    return { name: node.name, ...(!ran && { since }), processes };
  }

  #metadata(node: string): RuntimeMetadata {
    return new RuntimeMetadata({ dir: join(this.#context.paths.node(node), 'containerd'), bootId: bootId() });
  }

  /** containerd's shims and runc keep state in one fixed folder: each node has its own laid over it. */
  #runtimeState(node: string): string {
    const folder = join(this.#context.paths.nodeRun(node), 'runtime');
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    mkdirSync(this.#runtimeClaim, { recursive: true, mode: 0o711 });
    return folder;
  }

  /**
   * Keeps the shared folder from being empty, and so from being removed with another cluster: Linux detaches
   * what is mounted on a folder, in whatever namespace, when the folder is removed.
   */
  get #runtimeClaim(): string {
    return join(sharedRuntimeState, `causeway-${this.#context.config.name}`);
  }

  /** Resolves when these nodes are Ready. */
  async whenNodesReady(
    nodes: readonly StartedNode[],
    signal: AbortSignal,
    note?: (text: string) => void,
  ): Promise<void> {
    const transport = await this.transport();
    try {
      await whenNodesReady(this.#context.config.name, transport, nodes, signal, note);
    } finally {
      transport.close();
    }
  }

  /** Ends the machine of a node; its containers end with it, its pods stay in the API. */
  async stopNode(name: string): Promise<void> {
    await this.machines.stop(name);
    await this.#metadata(name).settle();
  }

  /** Removes the machine of a node and its files. */
  async removeNode(name: string): Promise<void> {
    await this.machines.destroy(name);
    const { paths } = this.#context;
    for (const folder of [paths.node(name), paths.nodeRun(name)])
      rmSync(folder, { recursive: true, force: true });
    for (const file of [`${name}.crt`, `${name}.key`, `${name}-serving.crt`, `${name}-serving.key`]) {
      rmSync(join(paths.pki, 'nodes', file), { force: true });
    }
  }

  /** Stops all processes; files and objects stay. */
  async down(): Promise<void> {
    const machines = (await this.machines.list()).filter(machine => machine.init !== undefined);
    if (machines.length > 0) {
      const names = machines.map(machine => machine.name).join(', ');
      await this.#progress.step(`Stopping the nodes ${names}`, () =>
        Promise.all(machines.map(machine => this.stopNode(machine.name))),
      );
    }
    await this.#stopServers();
    await this.#progress.step('Removing the node network', () => this.#removeRuntime());
  }

  /** Ends and removes everything of the cluster, files too. */
  async delete(): Promise<void> {
    const { paths } = this.#context;
    await this.#progress.step('Stopping and removing processes, namespaces and links', () =>
      this.#removeRuntime(),
    );
    const { etcd } = this.#context.config;
    if (etcd) {
      // An etcd that is gone must not keep the rest from being removed.
      await this.#progress
        .step('Removing the objects in etcd', () => removeFromEtcd(etcd))
        .catch(error => this.#progress.say(`   ${errorChain(error)}; keys below ${etcd.prefix} are left`));
    }
    await this.#progress.step('Removing files', async () => {
      rmSync(paths.root, { recursive: true, force: true });
      rmSync(paths.lock, { force: true });
      for (const folder of [...paths.sharedFolders, sharedRuntimeState]) removeIfEmpty(folder);
    });
  }

  async #removeRuntime(): Promise<void> {
    const { paths } = this.#context;
    await this.machines.destroyAll();
    rmSync(this.#runtimeClaim, { recursive: true, force: true });
    rmSync(paths.run, { recursive: true, force: true });
  }

  /** Access to the API over the Unix socket of a server that answers, as administrator. */
  async transport(): Promise<HttpTransport> {
    const [first, ...others] = this.#files.apiSockets;
    for (const socket of [first!, ...others]) {
      if (others.length > 0 && (await accepts(socket))) return this.#transportOn(socket);
    }
    return this.#transportOn(first!);
  }

  async #transportOn(socketPath: string): Promise<HttpTransport> {
    const { authority, user } = await this.#files.administrator();
    return new HttpTransport(
      { clock: systemClock, log: commandLog() },
      {
        server: apiServerUrl(this.#context.config),
        ca: authority,
        ...user,
        socketPath,
      },
    );
  }

  #serverProcess(name: string, configPath: string): ProcessSpec {
    const { server } = this.#context.paths;
    return this.#process(name, ['server.mjs', configPath], join(server, `${name}.log`));
  }

  #agentProcess(node: NodeConfig, configPath: string): ProcessSpec {
    const log = join(this.#context.paths.node(node.name), 'agent.log');
    return this.#process('agent', ['agent.mjs', configPath], log);
  }

  #process(name: string, [entry, ...args]: string[], logFile: string): ProcessSpec {
    return {
      name,
      argv: [process.execPath, ...nodeFlags, join(bundleFolder, entry!), ...args],
      env: { NODE_COMPILE_CACHE: join(bundleFolder, 'compile-cache'), ...allocatorEnvironment },
      logFile,
    };
  }

  #containerdProcess(node: NodeConfig, configPath: string): ProcessSpec {
    return {
      name: 'containerd',
      argv: [findProgram('containerd') ?? 'containerd', '--config', configPath],
      env: containerdEnvironment,
      logFile: join(this.#context.paths.node(node.name), 'containerd.log'),
    };
  }
}

/** Whether somebody listens on a Unix socket. */
function accepts(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Folders that clusters share go with the last of them. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another cluster is in it, or it is gone.
  }
}

/** A small young generation: the heaps are small, and memory is what a user notices. */
const nodeFlags = ['--max-semi-space-size=4', '--heap-growing-percent=25', '--no-warnings'];

/**
 * glibc's allocator gives back what is freed: few arenas, and a fixed size from which memory is mapped by itself. What
 * is smaller lies in a heap that is only given back from its end, and requests that come and go fill it with holes.
 * Measured: a server that starts takes 14 MB less, one with ten thousand pods 50 MB; time a request takes is the same.
 */
const allocatorEnvironment = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '16384',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
