import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchCluster } from './cluster.ts';
import type { Row } from './report.ts';

/** The repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What a sub-bench is given. */
export interface BenchContext {
  cluster: BenchCluster;
  /** How often to repeat what is repeated; medians are reported. */
  runs: number;
  /** A folder for its files, removed at the end. */
  folder: string;
  say(text: string): void;
}

export interface Bench {
  name: string;
  /** Whether the cluster has to be up and quiet when it begins. */
  needsCluster: boolean;
  run(context: BenchContext): Promise<Row[]>;
}
