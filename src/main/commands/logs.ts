import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { serverNames } from '../cluster-config.ts';
import { SystemFailure, UsageFailure } from '../failure.ts';
import {
  type ClusterContext,
  type ClusterOptions,
  clusterOptions,
  examples,
  openCluster,
  requireRoot,
} from './context.ts';
import { wholeNumber } from './up-options.ts';

interface LogsOptions extends ClusterOptions {
  follow?: boolean;
  tail?: number;
  containerd?: boolean;
}

export function addLogsCommand(program: Command): void {
  clusterOptions(program.command('logs'))
    .description('print the log of the server or of a node')
    .addArgument(new Argument('<source>', 'server, or the name of a node'))
    .option('-f, --follow', 'go on with what is written from now on')
    .option('--tail <lines>', 'only the last lines', wholeNumber(0, 1_000_000))
    .option('--containerd', "the node's containerd instead of its agent")
    .addHelpText('after', examples('sudo causeway logs server -f', 'sudo causeway logs causeway-1 --tail 50'))
    .action(async (source: string, options: LogsOptions) => {
      requireRoot('logs');
      const path = logFile(openCluster(options), source, options.containerd ?? false);
      if (!existsSync(path)) throw new SystemFailure(`nothing was logged yet: ${path} is not there`);
      const lines = options.tail === undefined ? '+1' : String(options.tail);
      const args = ['-n', lines, ...(options.follow ? ['-F'] : []), path];
      const child = spawn('tail', args, { stdio: ['ignore', 'inherit', 'inherit'] });
      await new Promise(resolve => child.once('exit', resolve));
    });
}

function logFile({ paths, config }: ClusterContext, source: string, containerd: boolean): string {
  if (serverNames(config).includes(source)) return join(paths.server, `${source}.log`);
  if (!config.nodes.some(node => node.name === source)) {
    const names = [...serverNames(config), ...config.nodes.map(node => node.name)].join(', ');
    throw new UsageFailure(`there is no log of "${source}"; there are: ${names}`);
  }
  return join(paths.node(source), containerd ? 'containerd.log' : 'agent.log');
}
