import type { Command } from 'commander';
import {
  type ClusterConfig,
  ClusterPaths,
  checkName,
  defaultDataDir,
  type NodeConfig,
  requireCluster,
} from '../cluster-config.ts';
import { UsageFailure } from '../failure.ts';

/** The options every command about a cluster has. */
export interface ClusterOptions {
  name: string;
  dataDir: string;
}

export function clusterOptions(command: Command): Command {
  return command
    .option('--name <cluster>', 'which cluster', process.env.CAUSEWAY_NAME ?? 'causeway')
    .option(
      '--data-dir <folder>',
      'where clusters are kept',
      process.env.CAUSEWAY_DATA_DIR ?? defaultDataDir,
    );
}

/** A cluster as a command sees it: its files and what `up` decided. */
export interface ClusterContext {
  paths: ClusterPaths;
  config: ClusterConfig;
}

/** @throws UsageFailure when the name is no name, or there is no such cluster. */
export function openCluster(options: ClusterOptions): ClusterContext {
  const paths = clusterPaths(options);
  return { paths, config: requireCluster(paths, options.name) };
}

export function clusterPaths({ name, dataDir }: ClusterOptions): ClusterPaths {
  checkName('the cluster name', name);
  return new ClusterPaths(dataDir, name);
}

/** @throws UsageFailure when the cluster has no node of that name. */
export function requireNode({ config }: ClusterContext, name: string): NodeConfig {
  const node = config.nodes.find(candidate => candidate.name === name);
  if (node) return node;
  const names = config.nodes.map(candidate => candidate.name).join(', ');
  throw new UsageFailure(`there is no node "${name}" in the cluster "${config.name}"; it has: ${names}`);
}

/** @throws UsageFailure unless the process runs as root. */
export function requireRoot(command: string): void {
  if (process.getuid?.() !== 0) throw new UsageFailure(`this needs root: run: sudo ./causeway ${command}`);
}

/** Text that a help page ends with. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map(line => `  ${line}`).join('\n')}\n`;
}
