/**
 * The whole suite, fastest first; `./causeway test` runs it and CI calls that. Arguments choose groups:
 * `./causeway test unit kernel`. The groups without containers run in a network namespace of their own
 * with nothing but loopback, so that no test can reach the machine's network.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, installPackages, missingRequirements } from '../src/main/packages.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);

/** Programs the tests run beside those the product needs. */
const testPrograms = [
  { command: 'jq', package: 'jq' },
  { command: 'ps', package: 'procps' },
  { command: 'script', package: 'bsdutils' },
  { command: 'wget', package: 'wget' },
  { command: 'etcd', package: 'etcd-server' },
];

interface Group {
  name: string;
  what: string;
  /** Test files; undefined for a group that is one command. */
  files?: () => string[];
  command?: string[];
  /** In a network namespace with loopback only. */
  enclosed?: boolean;
  concurrency?: number;
}

const special = /\.(kernel|cri|kubectl)\.test\.ts$/;
const sources = () => globSync('src/**/*.test.ts', { cwd: root }).sort();

const clusterTests = () => globSync('test/e2e/*.test.ts', { cwd: root }).sort();
/** Those that compare the machine before and after, or count on a steady load. */
const alone = /\/(lifecycle.*|robustness|services-load)\.test\.ts$/;

const groups: Group[] = [
  { name: 'lint', what: 'format and lint', command: [bin('biome'), 'ci', '--reporter=summary', '.'] },
  { name: 'types', what: 'types', command: [bin('tsc'), '--noEmit'] },
  { name: 'unused', what: 'unused code and packages', command: [bin('knip'), '--no-progress'] },
  {
    name: 'unit',
    what: 'pure logic, flows on fakes',
    files: () => [
      ...sources().filter(file => !special.test(file)),
      ...globSync('test/*.test.ts', { cwd: root }).sort(),
    ],
    enclosed: true,
    concurrency: 2,
  },
  {
    name: 'kernel',
    what: 'real packets and the real kubectl in fresh namespaces',
    files: () => sources().filter(file => /\.(kernel|kubectl)\.test\.ts$/.test(file)),
    enclosed: true,
    concurrency: 2,
  },
  {
    name: 'cri',
    // They make namespaces of their own; their images come from the distribution's packages.
    what: 'the real containerd',
    files: () => sources().filter(file => file.endsWith('.cri.test.ts')),
    concurrency: 1,
  },
  {
    name: 'e2e',
    what: 'whole clusters, driven as a user would',
    files: () => clusterTests().filter(file => !alone.test(file)),
    concurrency: 2,
  },
  {
    name: 'e2e-alone',
    what: 'clusters under load, and what they leave on the machine',
    files: () => clusterTests().filter(file => alone.test(file)),
    concurrency: 1,
  },
];

function run(command: string[]): Promise<number> {
  const child = spawn(command[0]!, command.slice(1), { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code => resolve(code ?? 1));
  });
}

function commandOf(group: Group): string[] {
  if (group.command) return group.command;
  const files = group.files?.() ?? [];
  const test = [
    process.execPath,
    '--test',
    '--test-reporter=dot',
    '--test-reporter-destination=stdout',
    `--test-concurrency=${group.concurrency ?? 1}`,
    '--test-timeout=300000',
    ...files,
  ];
  if (!group.enclosed) return test;
  // The words after `sh -c` are arguments, not shell text.
  return ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...test];
}

async function installMissing(): Promise<void> {
  const needed = [
    ...missingRequirements().map(item => item.package),
    ...testPrograms.filter(item => !findProgram(item.command)).map(item => item.package),
  ];
  if (needed.length === 0) return;
  process.stdout.write(`Installing what the tests run: ${needed.join(' ')}\n`);
  await installPackages(needed);
  if (needed.includes('etcd-server') && findProgram('systemctl')) {
    // The tests start their own; the package's service would begin with the machine.
    await run(['systemctl', 'disable', '--now', 'etcd']);
  }
}

async function main(wanted: string[]): Promise<number> {
  const unknown = wanted.filter(name => !groups.some(group => group.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `no such group: ${unknown.join(', ')}; there are: ${groups.map(g => g.name).join(', ')}\n`,
    );
    return 2;
  }
  await installMissing();
  const failed: string[] = [];
  const began = performance.now();
  for (const group of groups) {
    if (wanted.length > 0 && !wanted.includes(group.name)) continue;
    if (group.files && group.files().length === 0) continue;
    const started = performance.now();
    process.stdout.write(`\n── ${group.name}: ${group.what}\n`);
    const code = await run(commandOf(group));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`── ${group.name}: ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`);
    if (code !== 0) failed.push(group.name);
  }
  const minutes = ((performance.now() - began) / 60000).toFixed(1);
  process.stdout.write(
    failed.length === 0 ? `\nAll groups passed in ${minutes} min\n` : `\nFailed: ${failed.join(', ')}\n`,
  );
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
