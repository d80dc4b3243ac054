import type { Command } from 'commander';
import { CommandExit, SystemFailure, UsageFailure } from '../failure.ts';
import { runInNode, runOnHostSide } from '../host-side.ts';
import { fetchKubectl, findKubectl, programsFolder } from '../kubectl.ts';
import {
  type ClusterContext,
  type ClusterOptions,
  clusterOptions,
  examples,
  openCluster,
  requireNode,
  requireRoot,
} from './context.ts';

/** `exec`, `shell` and `k`: commands of the user's on the host side of a cluster. */
export function addExecCommands(program: Command): void {
  clusterOptions(program.command('exec'))
    .description('run a command on the host side of the cluster, with its KUBECONFIG set')
    .argument('<command...>', 'the command and its arguments, after --')
    .option('--node <name>', 'run it in this node instead')
    .passThroughOptions()
    .addHelpText(
      'after',
      examples(
        'sudo causeway exec -- kubectl get pods -A',
        'sudo causeway exec --name dev -- helm ls',
        'sudo causeway exec --node causeway-1 -- nft list tables',
      ),
    )
    .action(async (command: string[], options: ClusterOptions & { node?: string }) => {
      requireRoot('exec');
      const context = openCluster(options);
      const running =
        options.node === undefined
          ? runOnHostSide(context, options.dataDir, command)
          : inNode(context, options.dataDir, options.node, command);
      await leaveWith(running, command[0]!);
    });

  clusterOptions(program.command('shell'))
    .description('open a shell on the host side of the cluster, with k for kubectl')
    .addHelpText('after', examples('sudo causeway shell', 'sudo causeway shell --name dev'))
    .action(async (options: ClusterOptions) => {
      requireRoot('shell');
      const shell = process.env.SHELL ?? '/bin/bash';
      await leaveWith(runOnHostSide(openCluster(options), options.dataDir, [shell]), shell);
    });

  clusterOptions(program.command('k'))
    .description('run kubectl against the cluster (fetched where the machine has none)')
    .argument('[arguments...]', 'what kubectl is given')
    .passThroughOptions()
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[], options: ClusterOptions) => {
      requireRoot('k');
      const context = openCluster(options);
      const folder = programsFolder(options.dataDir);
      const kubectl = findKubectl(folder) ?? (await fetchKubectl(folder));
      await leaveWith(runOnHostSide(context, options.dataDir, [kubectl, ...args]), 'kubectl');
    });
}

function inNode(context: ClusterContext, dataDir: string, name: string, command: string[]): Promise<number> {
  requireNode(context, name);
  return runInNode(context, dataDir, name, command);
}

async function leaveWith(running: Promise<number>, command: string): Promise<void> {
  const code = await running;
  if (code === 127) throw new UsageFailure(`${command}: there is no such command on PATH`);
  if (code === 126) throw new SystemFailure(`${command}: it cannot be run`);
  if (code !== 0) throw new CommandExit(code);
}
