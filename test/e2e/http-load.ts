/**
 * Requests at a steady rate, each on a connection of its own (or all on a few kept open), and what became of
 * them; prints JSON.
 * Usage: node http-load.ts URL RATE SECONDS [keep-alive] [until=FILE]
 * It ends when the file is there, and after SECONDS at the latest.
 */
import { existsSync } from 'node:fs';
import { Agent, get } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the load saw. */
export interface LoadResult {
  sent: number;
  connections: number;
  /** By the pod that answered. */
  pods: Record<string, number>;
  /** In the order they happened, at most 50 of them told. */
  failed: number;
  failures: { at: number; why: string; took: number }[];
  slowest: number;
}

const [, , url = '', rate = '200', seconds = '10', ...more] = process.argv;
const keep = more.includes('keep-alive');
const end = more.find(word => word.startsWith('until='))?.slice('until='.length);
const patience = 5000;
const agent = keep ? new Agent({ keepAlive: true, maxSockets: 8 }) : new Agent({ keepAlive: false });
const result: LoadResult = { sent: 0, connections: 0, pods: {}, failed: 0, failures: [], slowest: 0 };
const sockets = new Set<Socket>();
const began = performance.now();

function request(): Promise<void> {
  const sent = performance.now();
  result.sent++;
  return new Promise(resolve => {
    const fail = (why: string) => {
      const took = Math.round(performance.now() - sent);
      result.failed++;
      if (result.failures.length < 50) result.failures.push({ at: Math.round(sent - began), why, took });
      resolve();
    };
    const call = get(url, { agent, timeout: patience }, answer => {
      // Not by `reusedSocket`: a request that waited for a socket does not know that it was used before.
      sockets.add(answer.socket);
      result.connections = sockets.size;
      let text = '';
      answer.setEncoding('utf8').on('data', chunk => (text += chunk));
      answer.on('error', error => fail(`in the answer: ${error.message}`));
      answer.on('end', () => {
        const pod = /^Hostname: (\S+)/m.exec(text)?.[1];
        if (answer.statusCode !== 200 || !pod) return fail(`status ${answer.statusCode}`);
        result.pods[pod] = (result.pods[pod] ?? 0) + 1;
        result.slowest = Math.max(result.slowest, Math.round(performance.now() - sent));
        resolve();
      });
    });
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', error => fail((error as NodeJS.ErrnoException).code ?? error.message));
  });
}

const open: Promise<void>[] = [];
while (performance.now() - began < Number(seconds) * 1000 && !(end && existsSync(end))) {
  const due = Math.floor(((performance.now() - began) / 1000) * Number(rate));
  while (result.sent < due) open.push(request());
  await sleep(2);
}
await Promise.all(open);
console.log(JSON.stringify(result));
process.exit(0);
