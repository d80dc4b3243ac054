/**
 * Loads an API server and prints what it did as one line of JSON. Runs where the API is reachable, with
 * KUBECONFIG set: `causeway exec -- node bench/load/api-load.ts SCENARIO [connections] [count]`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../statistics.ts';
import { type Access, readAccess } from './access.ts';
import { HttpConnection } from './http-connection.ts';

const namespace = 'bench';
const collection = `/api/v1/namespaces/${namespace}/configmaps`;
const [, , scenario = '', connectionsText = '1', countText = '1000'] = process.argv;
const connections = Number(connectionsText);
const count = Number(countText);

interface Outcome {
  /** Requests a second, where that is what is measured. */
  rate?: number;
  /** Milliseconds. */
  median: number;
  p99: number;
}

function configMap(name: string): string {
  const labels = { group: String(Number(name.split('-').at(-1)) % 11) };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels },
    data: { data: 'x'.repeat(1000) },
  });
}

function outcome(latencies: readonly number[], seconds?: number): Outcome {
  const rate = seconds === undefined ? undefined : latencies.length / seconds;
  return { rate, median: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

/** Sends the requests 0…count-1 over all connections, each connection one at a time. */
async function spread(
  access: Access,
  send: (connection: HttpConnection, n: number) => Promise<number>,
): Promise<Outcome> {
  const opened = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(access)));
  const latencies: number[] = [];
  let next = 0;
  const began = performance.now();
  const work = async (connection: HttpConnection) => {
    for (let n = next++; n < count; n = next++) {
      const start = performance.now();
      const status = await send(connection, n);
      if (status < 200 || status > 299) throw new Error(`request ${n} was answered with ${status}`);
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(opened.map(work));
  const seconds = (performance.now() - began) / 1000;
  for (const connection of opened) connection.close();
  return outcome(latencies, seconds);
}

const nameOf = (n: number) => `object-${n}`;
const strategic = 'application/strategic-merge-patch+json';

/** Events that are not counted: both sides compile on them. */
const warmUp = 10;

/** As many watches as connections; each of `count` patches is timed until every one has heard of it. */
async function watch(access: Access): Promise<Outcome> {
  const watchers = connections;
  const latencies: number[] = [];
  const marker = (n: number) => `"turn":"${process.pid}-${n}"`;
  let started = 0;
  let turn = 0;
  let wanted = Buffer.alloc(0);
  let heard = Promise.withResolvers<void>();
  let missing = 0;
  const streams = await Promise.all(Array.from({ length: watchers }, () => HttpConnection.open(access)));
  let ready = 0;
  const allReady = Promise.withResolvers<void>();
  for (const stream of streams) {
    let begun = false;
    stream.stream(
      `${collection}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dobject-0`,
      chunk => {
        if (!begun) {
          begun = true;
          if (++ready === watchers) allReady.resolve();
        }
        if (wanted.length === 0 || !chunk.includes(wanted)) return;
        if (turn >= warmUp) latencies.push(performance.now() - started);
        if (--missing === 0) heard.resolve();
      },
    );
  }
  await allReady.promise;
  const writer = await HttpConnection.open(access);
  for (; turn < count; turn++) {
    heard = Promise.withResolvers();
    missing = watchers;
    wanted = Buffer.from(marker(turn));
    started = performance.now();
    await writer.status('PATCH', `${collection}/object-0`, `{"data":{${marker(turn)}}}`, strategic);
    await heard.promise;
    // One event by itself is timed, not a stream of them.
    await sleep(10);
  }
  for (const connection of [...streams, writer]) connection.close();
  return outcome(latencies);
}

async function prepare(access: Access): Promise<Outcome> {
  const connection = await HttpConnection.open(access);
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const status = await connection.status('POST', '/api/v1/namespaces', body);
  connection.close();
  if (status !== 201 && status !== 409) throw new Error(`creating the namespace was answered with ${status}`);
  return outcome([0]);
}

const scenarios: Record<string, (access: Access) => Promise<Outcome>> = {
  prepare,
  watch,
  create: access => spread(access, (c, n) => c.status('POST', collection, configMap(nameOf(n)))),
  get: access => spread(access, (c, n) => c.status('GET', `${collection}/${nameOf(n % 1000)}`)),
  patch: access =>
    spread(access, (c, n) =>
      c.status('PATCH', `${collection}/${nameOf(n % 1000)}`, `{"data":{"turn":"${n}"}}`, strategic),
    ),
  list: access => spread(access, c => c.status('GET', collection)),
  'list-label': access => spread(access, c => c.status('GET', `${collection}?labelSelector=group%3D3`)),
  delete: access => spread(access, (c, n) => c.status('DELETE', `${collection}/${nameOf(n)}`)),
};

const run = scenarios[scenario];
if (!run) throw new Error(`no scenario ${scenario}: ${Object.keys(scenarios).join(', ')}`);
console.log(JSON.stringify(await run(readAccess())));
