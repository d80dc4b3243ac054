/**
 * Measures what the project promises and prints a table; the figures as JSON go to bench/results/.
 * Usage: npm run bench -- [--runs N] [--keep] [name …]   names: store api turns watchers etcd boot idle api-cluster
 * pods dns traffic services memory first-lookup
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { api, apiCluster } from './api.ts';
import { boot } from './boot.ts';
import { BenchCluster } from './cluster.ts';
import { type Bench, root } from './context.ts';
import { dns } from './dns.ts';
import { etcd } from './etcd.ts';
import { firstLookup } from './first-lookup.ts';
import { idle } from './idle.ts';
import { memory } from './memory.ts';
import { pods } from './pods.ts';
import { met, type Row, renderRows, writeResults } from './report.ts';
import { services } from './services.ts';
import { store } from './store.ts';
import { traffic } from './traffic.ts';
import { turns } from './turns-bench.ts';
import { watchers } from './watchers.ts';

const benches: readonly Bench[] = [
  ...[store, api, turns, watchers, etcd, boot, idle],
  ...[apiCluster, pods, dns, traffic],
  // The last ones leave the cluster with work for a while: thousands of objects to delete, nodes that never report.
  ...[services, memory, firstLookup],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' }, keep: { type: 'boolean', default: false } },
});
const unknown = positionals.filter(name => !benches.some(bench => bench.name === name));
if (unknown.length > 0) {
  console.error(
    `there is no bench ${unknown.join(', ')}; there are: ${benches.map(bench => bench.name).join(', ')}`,
  );
  process.exit(2);
}
const chosen = benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'));
const cluster = new BenchCluster();
const say = (text: string) => console.error(`  ${text}`);
const context = { cluster, runs: Math.max(1, Number(values.runs) || 1), folder, say };
const rows: Row[] = [];
const problems: string[] = [];
const onCluster = chosen.some(bench => bench.needsCluster || bench === boot || bench === firstLookup);

try {
  for (const bench of chosen) {
    console.error(`${bench.name}:`);
    try {
      if (bench.needsCluster) await cluster.up();
      rows.push(...(await bench.run(context)));
    } catch (error) {
      const { message, stderr = '' } = error as Error & { stderr?: string };
      problems.push(`${bench.name}: ${message}${stderr && `\n${stderr}`}`);
      say(`failed: ${message}`);
    }
  }
} finally {
  if (onCluster && !values.keep)
    await cluster.delete().catch(error => problems.push(`delete: ${error.message}`));
  rmSync(folder, { recursive: true, force: true });
}

console.log(renderRows(rows));
for (const problem of problems) console.log(`not measured: ${problem}`);
console.log(`\nJSON: ${writeResults(join(root, 'bench/results'), rows, problems)}`);
process.exitCode = problems.length > 0 ? 1 : rows.some(row => met(row) === false) ? 3 : 0;
