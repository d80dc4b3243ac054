import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { bridgeName } from '../../machines/cluster-names.ts';
import { type ClusterConfig, readCluster } from '../cluster-config.ts';
import { contextName } from '../cluster-files.ts';
import { ClusterLifecycle } from '../cluster-lifecycle.ts';
import { confirm } from '../confirm.ts';
import { SystemFailure, UsageFailure } from '../failure.ts';
import { editKubeconfigFile, removeFromKubeconfig, userKubeconfigPath } from '../kubeconfig.ts';
import { takeLock } from '../lock.ts';
import { planCluster } from '../plan-cluster.ts';
import { streamProgress } from '../progress.ts';
import {
  type ClusterOptions,
  clusterOptions,
  clusterPaths,
  examples,
  openCluster,
  requireRoot,
} from './context.ts';

export function addDownCommands(program: Command): void {
  clusterOptions(program.command('down'))
    .description('stop the cluster and keep its objects; up brings them and the pods back')
    .addHelpText('after', examples('sudo causeway down', 'sudo causeway down --name dev'))
    .action(async (options: ClusterOptions) => {
      requireRoot('down');
      const context = openCluster(options);
      const release = await takeLock(context.paths.lock, busy(options.name));
      try {
        const lifecycle = new ClusterLifecycle(context, streamProgress(systemClock, process.stderr));
        await lifecycle.down();
      } finally {
        release();
      }
    });

  clusterOptions(program.command('delete'))
    .description('remove the cluster: processes, namespaces, links, files')
    .option('-y, --yes', 'do not ask')
    .option('--kubeconfig <file>', 'take the access out of this file instead of ~/.kube/config')
    .addHelpText('after', examples('sudo causeway delete', 'sudo causeway delete --name dev --yes'))
    .action(remove);
}

const busy = (name: string) =>
  `another "causeway up" or "down" works on the cluster "${name}": wait for it to end`;

async function remove(options: ClusterOptions & { yes?: boolean; kubeconfig?: string }): Promise<void> {
  requireRoot('delete');
  const paths = clusterPaths(options);
  const config = readableConfig(options);
  if (!config && !existsSync(paths.run) && !existsSync(paths.root)) {
    throw new UsageFailure(`there is no cluster "${options.name}"`);
  }
  const question = `Remove the cluster "${options.name}" and everything in it?`;
  if (!options.yes && process.stdin.isTTY && !(await confirm(question))) return;
  const release = await takeLock(paths.lock, busy(options.name));
  try {
    const context = { paths, config: config ?? leftover(options.name) };
    const lifecycle = new ClusterLifecycle(context, streamProgress(systemClock, process.stderr));
    await lifecycle.delete();
    const path = options.kubeconfig ?? mergedInto(config);
    if (path !== undefined && existsSync(path)) {
      editKubeconfigFile(path, text => removeFromKubeconfig(text, contextName(context.config)));
    }
  } finally {
    release();
  }
}

/** The file that may have the access; where it is not known, the one that usually has. */
function mergedInto(config: ClusterConfig | undefined): string | undefined {
  if (config?.kubeconfig) return config.kubeconfig;
  return config?.isolated ? undefined : userKubeconfigPath();
}

/** A cluster whose file is damaged can still be removed. */
function readableConfig(options: ClusterOptions): ClusterConfig | undefined {
  try {
    return readCluster(clusterPaths(options));
  } catch (error) {
    if (error instanceof SystemFailure) return undefined;
    throw error;
  }
}

/** Stands for a cluster of which only processes are left: isolated or not is seen from what there is. */
function leftover(name: string): ClusterConfig {
  const subnets = { nodeSubnets: ['172.30.0.0/24'], podSubnets: [], serviceSubnets: [] };
  // A bridge among the caller's own links is that of a cluster that is not isolated.
  const isolated = networkInterfaces()[bridgeName(name)] === undefined;
  return planCluster({ name, isolated, nodes: 0, ipFamily: 'ipv4', ...subnets }, '');
}
