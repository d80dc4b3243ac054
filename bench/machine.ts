import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { systemClock } from '../src/base/clock.ts';
import { Pki } from '../src/main/pki.ts';
import { type BenchContext, root } from './context.ts';
import { ensurePackages } from './packages.ts';
import type { Row } from './report.ts';
import { median } from './statistics.ts';

const program = join(root, 'bench/load/empty-server.ts');

/** Requests a second of an empty HTTPS server on the machine where the figures asked were measured (wrk, one thread). */
const referenceRate = 45_000;

/** This machine beside the one where the figures asked were measured. */
export interface Machine {
  /** Its speed as a part of the other's, at most 1: a faster machine is asked no more. */
  speed: number;
  row: Row;
}

/** Measures what an empty HTTPS server answers here. */
export async function measureMachine({ folder, runs }: BenchContext): Promise<Machine> {
  await ensurePackages(['wrk']);
  const pki = new Pki(systemClock, join(folder, 'machine-pki'));
  await pki.authority();
  await pki.issue('server', { commonName: 'empty', names: ['127.0.0.1'], usage: ['serverAuth'] });
  const files = ['server.crt', 'server.key'].map(file => join(folder, 'machine-pki', file));
  const server = spawn(process.execPath, [program, ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(server, 'exit');
  try {
    const [port] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
    const rates: number[] = [];
    for (let n = 0; n < runs; n++) {
      const words = ['-t1', '-c32', '-d3s', `https://127.0.0.1:${port}/`];
      const { stdout } = await promisify(execFile)('wrk', words);
      rates.push(Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]));
    }
    const rate = median(rates);
    return {
      speed: Math.min(1, rate / referenceRate),
      row: {
        bench: 'machine',
        what: 'empty HTTPS server of Node.js, 32 connections',
        unit: '/s',
        reached: rate,
        better: 'higher',
        note: `${referenceRate.toLocaleString('en-US')} where the figures asked were measured; those of the API are asked in proportion`,
      },
    };
  } finally {
    server.kill('SIGTERM');
    await exited;
  }
}
