import type { Command } from 'commander';
import { ApiError } from '../../api/status.ts';
import { systemClock } from '../../base/clock.ts';
import { checkName, type NodeConfig, writeCluster } from '../cluster-config.ts';
import { ClusterLifecycle } from '../cluster-lifecycle.ts';
import { takeLock } from '../lock.ts';
import { planNode } from '../plan-cluster.ts';
import { streamProgress } from '../progress.ts';
import { renderTable } from '../text-table.ts';
import {
  type ClusterContext,
  type ClusterOptions,
  clusterOptions,
  examples,
  openCluster,
  requireNode,
  requireRoot,
} from './context.ts';

/** `node list|add|remove|stop|start`. */
export function addNodeCommands(program: Command): void {
  const node = program
    .command('node')
    .description('list, add, remove, stop and start nodes')
    .addHelpText('after', examples('sudo causeway node list', 'sudo causeway node stop causeway-2'));
  clusterOptions(node.command('list'))
    .description('list the nodes')
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText('after', examples('sudo causeway node list', 'sudo causeway node list -o json'))
    .action(async (options: ClusterOptions & { output: string }) => {
      requireRoot('node list');
      const context = openCluster(options);
      const running = await runningNodes(context);
      const rows = context.config.nodes.map(({ name, addresses }) => ({
        name,
        addresses,
        running: running.has(name),
      }));
      process.stdout.write(
        options.output === 'json'
          ? `${JSON.stringify(rows, null, 2)}\n`
          : renderTable(
              ['NAME', 'ADDRESS', 'STATE'],
              rows.map(row => [row.name, row.addresses.join(','), row.running ? 'running' : 'stopped']),
            ),
      );
    });

  clusterOptions(node.command('add'))
    .description('add a node and wait until it is ready')
    .argument('[name]', 'its name (the next free number)')
    .addHelpText('after', examples('sudo causeway node add', 'sudo causeway node add big-1'))
    .action((name: string | undefined, options: ClusterOptions) =>
      changing('node add', options, async (context, lifecycle) => {
        if (name !== undefined) checkName('the node name', name);
        const added = planNode(context.config, name);
        context.config.nodes.push(added);
        writeCluster(context.paths, context.config);
        await start(lifecycle, added);
      }),
    );

  clusterOptions(node.command('remove'))
    .description('remove a node: its pods, its object in the API, its files')
    .argument('<name>', 'which node')
    .addHelpText('after', examples('sudo causeway node remove causeway-2'))
    .action((name: string, options: ClusterOptions) =>
      changing('node remove', options, async (context, lifecycle, say) => {
        requireNode(context, name);
        await say(`Removing ${name}`, async () => {
          await lifecycle.removeNode(name);
          await deleteNodeObject(lifecycle, name);
        });
        context.config.nodes = context.config.nodes.filter(other => other.name !== name);
        writeCluster(context.paths, context.config);
      }),
    );

  clusterOptions(node.command('stop'))
    .description('stop a node as if its machine was switched off; up leaves it so')
    .argument('<name>', 'which node')
    .addHelpText('after', examples('sudo causeway node stop causeway-2'))
    .action((name: string, options: ClusterOptions) =>
      changing('node stop', options, async (context, lifecycle, say) => {
        requireNode(context, name).stopped = true;
        writeCluster(context.paths, context.config);
        await say(`Stopping ${name}`, () => lifecycle.stopNode(name));
      }),
    );

  clusterOptions(node.command('start'))
    .description('start a stopped node and wait until it is ready')
    .argument('<name>', 'which node')
    .addHelpText('after', examples('sudo causeway node start causeway-2'))
    .action((name: string, options: ClusterOptions) =>
      changing('node start', options, async (context, lifecycle) => {
        const stopped = requireNode(context, name);
        delete stopped.stopped;
        writeCluster(context.paths, context.config);
        await start(lifecycle, stopped);
      }),
    );
}

type Step = <T>(title: string, work: () => Promise<T>) => Promise<T>;

/** Runs a change of the cluster under its lock. */
async function changing(
  command: string,
  options: ClusterOptions,
  work: (context: ClusterContext, lifecycle: ClusterLifecycle, step: Step) => Promise<void>,
): Promise<void> {
  requireRoot(command);
  const { paths } = openCluster(options);
  const busy = `another command changes the cluster "${options.name}": wait for it to end`;
  const release = await takeLock(paths.lock, busy);
  try {
    // Read again: another command may have changed it before the lock was ours.
    const context = openCluster(options);
    const progress = streamProgress(systemClock, process.stderr);
    const step: Step = (title, task) => progress.step(title, task);
    await work(context, new ClusterLifecycle(context, progress), step);
  } finally {
    release();
  }
}

async function start(lifecycle: ClusterLifecycle, node: NodeConfig): Promise<void> {
  const progress = streamProgress(systemClock, process.stderr);
  await progress.step(`Node ${node.name}`, async note => {
    const started = await lifecycle.startNode(node);
    await lifecycle.whenNodesReady([started], new AbortController().signal, note);
  });
}

async function runningNodes(context: ClusterContext): Promise<Set<string>> {
  const lifecycle = new ClusterLifecycle(context, streamProgress(systemClock, process.stderr));
  const machines = await lifecycle.machines.list();
  return new Set(machines.filter(machine => machine.init !== undefined).map(machine => machine.name));
}

async function deleteNodeObject(lifecycle: ClusterLifecycle, name: string): Promise<void> {
  const transport = await lifecycle.transport();
  try {
    await transport.request({ method: 'DELETE', path: `/api/v1/nodes/${name}` });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 404) throw error;
  } finally {
    transport.close();
  }
}
