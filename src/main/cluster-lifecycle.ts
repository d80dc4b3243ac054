import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Node } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { systemClock } from '../base/clock.ts';
import { errorChain } from '../base/log.ts';
import { HttpTransport } from '../client/http-transport.ts';
import { containerdEnvironment } from '../cri/containerd-process.ts';
import { SystemCommands } from '../kernel/command.ts';
import type { LinuxMachines } from '../machines/linux-machines.ts';
import { hostSide, type ProcessSpec } from '../machines/machines.ts';
import type { NodeConfig } from './cluster-config.ts';
import { apiServerUrl, ClusterFiles } from './cluster-files.ts';
import type { ClusterContext } from './commands/context.ts';
import { SystemFailure } from './failure.ts';
import { commandLog, linuxMachines } from './linux-machines-port.ts';
import { findProgram } from './packages.ts';
import type { Progress } from './progress.ts';

const readyTimeout = 120_000;
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

  /** Brings up everything that does not run yet; resolves when all nodes are Ready. */
  async up(signal: AbortSignal): Promise<void> {
    const { config } = this.#context;
    const serverConfig = await this.#progress.step('Certificates and configuration', () =>
      this.#files.writeServer(),
    );
    await this.#progress.step('Node network', () => this.#prepareNetwork());
    // The server and the nodes start side by side: an agent waits for the API by itself.
    const nodes = Promise.all(config.nodes.filter(node => !node.stopped).map(node => this.startNode(node)));
    nodes.catch(() => {});
    await this.#progress.step('API server', async () => {
      await this.machines.startProcess(hostSide, this.#serverProcess(serverConfig));
      await this.#whenServing(signal);
    });
    await this.#progress.step(`Nodes ${config.nodes.map(node => node.name).join(', ')}`, async note => {
      await nodes;
      await this.whenNodesReady(signal, note);
    });
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
  async startNode(node: NodeConfig): Promise<void> {
    const place = { machine: node.name };
    const { agent, containerd } = await this.#files.writeNode(node, this.machines.podsCgroup(node.name));
    await this.machines.create({ name: node.name, addresses: node.addresses });
    await this.machines.startProcess(place, this.#containerdProcess(node, containerd));
    await this.machines.startProcess(place, this.#agentProcess(node, agent));
  }

  /** Ends the machine of a node; its containers end with it, its pods stay in the API. */
  stopNode(name: string): Promise<void> {
    return this.machines.stop(name);
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
        Promise.all(machines.map(machine => this.machines.stop(machine.name))),
      );
    }
    await this.#progress.step('Stopping the API server', () => this.machines.stopProcess(hostSide, 'server'));
    await this.#progress.step('Removing the node network', () => this.#removeRuntime());
  }

  /** Ends and removes everything of the cluster, files too. */
  async delete(): Promise<void> {
    const { paths } = this.#context;
    await this.#progress.step('Stopping and removing processes, namespaces and links', () =>
      this.#removeRuntime(),
    );
    await this.#progress.step('Removing files', async () => {
      rmSync(paths.root, { recursive: true, force: true });
      rmSync(paths.lock, { force: true });
      for (const folder of paths.sharedFolders) removeIfEmpty(folder);
    });
  }

  async #removeRuntime(): Promise<void> {
    const { paths } = this.#context;
    await this.machines.destroyAll();
    rmSync(paths.run, { recursive: true, force: true });
  }

  /** Access to the API over the server's Unix socket, as administrator. */
  async transport(): Promise<HttpTransport> {
    const { authority, user } = await this.#files.administrator();
    return new HttpTransport(
      { clock: systemClock, log: commandLog() },
      {
        server: apiServerUrl(this.#context.config),
        ca: authority,
        ...user,
        socketPath: this.#files.apiSocket,
      },
    );
  }

  async #whenServing(signal: AbortSignal): Promise<void> {
    const transport = await this.transport();
    const began = systemClock.monotonic();
    try {
      for (;;) {
        signal.throwIfAborted();
        try {
          await transport.request({ method: 'GET', path: '/api', signal });
          return;
        } catch (cause) {
          if (systemClock.monotonic() - began < readyTimeout) {
            await systemClock.sleep(15, signal);
            continue;
          }
          throw new SystemFailure(
            `the API server did not become ready (${errorChain(cause)}): see: causeway logs server`,
            { cause },
          );
        }
      }
    } finally {
      transport.close();
    }
  }

  /** Resolves when every node that is not stopped is Ready. */
  async whenNodesReady(signal: AbortSignal, note: (text: string) => void): Promise<void> {
    const wanted = new Set(this.#context.config.nodes.filter(node => !node.stopped).map(node => node.name));
    const waiting = new Map([...wanted].map(name => [name, 'has not registered']));
    const transport = await this.transport();
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(readyTimeout)]);
    try {
      while (waiting.size > 0) {
        const events = transport.watch<Node>({
          method: 'GET',
          path: '/api/v1/nodes?watch=1',
          signal: timeout,
        });
        for await (const { type, object } of events) {
          if (type === 'ADDED' || type === 'MODIFIED') noteReadiness(waiting, wanted, object as Stored<Node>);
          note(`${wanted.size - waiting.size} of ${wanted.size} ready`);
          if (waiting.size === 0) break;
        }
      }
    } catch (cause) {
      signal.throwIfAborted();
      const [name, why] = [...waiting][0] ?? [];
      throw new SystemFailure(`node ${name} is not ready: ${why}: see: causeway logs ${name}`, { cause });
    } finally {
      transport.close();
    }
  }

  #serverProcess(configPath: string): ProcessSpec {
    const { server } = this.#context.paths;
    return this.#process('server', ['server.mjs', configPath], join(server, 'server.log'));
  }

  #agentProcess(node: NodeConfig, configPath: string): ProcessSpec {
    const log = join(this.#context.paths.node(node.name), 'agent.log');
    return this.#process('agent', ['agent.mjs', configPath], log);
  }

  #process(name: string, [entry, ...args]: string[], logFile: string): ProcessSpec {
    return {
      name,
      argv: [process.execPath, ...nodeFlags, join(bundleFolder, entry!), ...args],
      env: { NODE_COMPILE_CACHE: join(bundleFolder, 'compile-cache') },
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

/** Folders that clusters share go with the last of them. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another cluster is in it, or it is gone.
  }
}

/** A small young generation: the heaps are small, and memory is what a user notices. */
const nodeFlags = ['--max-semi-space-size=4', '--no-warnings'];

function noteReadiness(waiting: Map<string, string>, wanted: Set<string>, node: Stored<Node>): void {
  const { name } = node.metadata;
  if (!wanted.has(name)) return;
  const ready = node.status?.conditions?.find(condition => condition.type === 'Ready');
  if (ready?.status === 'True') waiting.delete(name);
  else waiting.set(name, ready?.message ?? 'has no Ready condition');
}
