/**
 * Times pods from their creation to Ready, through the API alone: ten one after another, then forty at once.
 * Runs on the host side of a cluster; prints JSON. Usage: node bench/load/pod-load.ts IMAGE
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../src/api/generated/types.ts';
import type { Stored, WatchEventOf } from '../../src/api/objects.ts';
import { readAccess } from './access.ts';
import { HttpConnection } from './http-connection.ts';

const [, , image = ''] = process.argv;
const namespace = 'bench-pods';
const collection = `/api/v1/namespaces/${namespace}/pods`;
const many = 40;
const patience = 60_000;
/** Milliseconds for what a pod that is gone from the API still leaves to do on its node. */
const settle = 300;
/** Ends when it is told to, as most servers do; a plain `sleep` as a container's first process does not. */
const command = ['sh', '-c', 'trap "exit 0" TERM; sleep 1000000 & wait'];

const access = readAccess();
const connection = await HttpConnection.open(access);

async function post(path: string, body: object): Promise<void> {
  const { status, body: answer } = await connection.request('POST', path, JSON.stringify(body));
  if (status !== 201 && status !== 409) throw new Error(`POST ${path}: ${status} ${answer}`);
}

/** The pods as the watch tells of them, and who waits for them. */
const pods = new Map<string, Stored<Pod>>();
const waiting: { done: () => boolean; resolve: () => void }[] = [];

function take({ type, object }: WatchEventOf<Pod>): void {
  const pod = object as Stored<Pod>;
  if (type === 'DELETED') pods.delete(pod.metadata.name);
  else if (type !== 'BOOKMARK') pods.set(pod.metadata.name, pod);
  for (const each of [...waiting]) {
    if (!each.done()) continue;
    waiting.splice(waiting.indexOf(each), 1);
    each.resolve();
  }
}

async function until(done: () => boolean, what: string): Promise<void> {
  if (done()) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`not within ${patience / 1000} s: ${what}`)), patience);
  waiting.push({ done, resolve });
  await promise;
  clearTimeout(timer);
}

async function follow(): Promise<HttpConnection> {
  const stream = await HttpConnection.open(access);
  let rest = '';
  stream.stream(`${collection}?watch=true&resourceVersion=0`, chunk => {
    // Chunk sizes and heads of the transfer encoding are lines that begin no object.
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) take(JSON.parse(line) as WatchEventOf<Pod>);
  });
  return stream;
}

function isReady(name: string): boolean {
  const conditions = pods.get(name)?.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

async function create(name: string): Promise<void> {
  const spec = { containers: [{ name: 'main', image, imagePullPolicy: 'IfNotPresent', command }] };
  await post(collection, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec });
}

async function remove(name: string): Promise<void> {
  await connection.request('DELETE', `${collection}/${name}`);
}

async function oneByOne(count: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    const name = `one-${n}`;
    const began = performance.now();
    await create(name);
    await until(() => isReady(name), `${name} Ready`);
    took.push(performance.now() - began);
    await remove(name);
    await until(() => !pods.has(name), `${name} gone`);
    await sleep(settle);
  }
  return took;
}

await post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
const stream = await follow();
// The first ones bring the image to both nodes.
await oneByOne(4);
const ready = await oneByOne(10);

const names = Array.from({ length: many }, (_, n) => `many-${n}`);
await sleep(settle);
let began = performance.now();
for (const name of names) await create(name);
await until(() => names.every(isReady), `${many} pods Ready`);
const manyReady = performance.now() - began;
began = performance.now();
for (const name of names) await remove(name);
await until(() => pods.size === 0, `${many} pods gone`);
const manyGone = performance.now() - began;
stream.close();
connection.close();
console.log(JSON.stringify({ ready, manyReady, manyGone }));
