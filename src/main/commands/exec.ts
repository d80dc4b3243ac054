import type { Command } from 'commander';
import { CommandExit, SystemFailure, UsageFailure } from '../failure.ts';
import { runOnHostSide } from '../host-side.ts';
import { fetchKubectl, findKubectl, programsFolder } from '../kubectl.ts';
import { type ClusterOptions, clusterOptions, examples, openCluster } from './context.ts';

/** `exec`, `shell` and `k`: commands of the user's on the host side of a cluster. */
export function addExecCommands(program: Command): void {
  clusterOptions(program.command('exec'))
    .description('run a command on the host side of the cluster, with its KUBECONFIG set')
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .addHelpText(
      'after',
      examples('causeway exec -- kubectl get pods -A', 'causeway exec --name dev -- helm ls'),
    )
    .action(async (command: string[], options: ClusterOptions) => {
      await leaveWith(runOnHostSide(openCluster(options), options.dataDir, command), command[0]!);
    });

  clusterOptions(program.command('shell'))
    .description('open a shell on the host side of the cluster, with k for kubectl')
    .addHelpText('after', examples('causeway shell', 'causeway shell --name dev'))
    .action(async (options: ClusterOptions) => {
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
      const context = openCluster(options);
      const folder = programsFolder(options.dataDir);
      const kubectl = findKubectl(folder) ?? (await fetchKubectl(folder));
      await leaveWith(runOnHostSide(context, options.dataDir, [kubectl, ...args]), 'kubectl');
    });
}

async function leaveWith(running: Promise<number>, command: string): Promise<void> {
  const code = await running;
  if (code === 127) throw new UsageFailure(`${command}: there is no such command on PATH`);
  if (code === 126) throw new SystemFailure(`${command}: it cannot be run`);
  if (code !== 0) throw new CommandExit(code);
}
