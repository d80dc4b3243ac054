/**
 * Times Services from their creation to the first connection through their ClusterIP. Runs in a node of a
 * cluster, where a Deployment's pods with the label app=bench-web listen on 8080; prints JSON.
 * Usage: node bench/load/service-load.ts latency RUNS | fill FROM TO | drain | connect ADDRESS PORT COUNT
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAccess } from './access.ts';
import { HttpConnection } from './http-connection.ts';

const namespace = 'bench-services';
const services = `/api/v1/namespaces/${namespace}/services`;
const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
const pods = `/api/v1/namespaces/${namespace}/pods`;
const patience = 30_000;
const connections = 16;

const [, , mode = '', ...args] = process.argv;
const [first = 0, second = 0] = args.map(Number);
switch (mode) {
  case 'latency':
    console.log(JSON.stringify(await latency(first)));
    break;
  case 'fill':
    console.log(JSON.stringify(await fill(first, second)));
    break;
  case 'drain':
    await drain();
    break;
  case 'connect':
    console.log(JSON.stringify(await connectTimes(args[0]!, second, Number(args[2]))));
    break;
  default:
    throw new Error(`there is no mode "${mode}"`);
}

async function write(
  api: HttpConnection,
  method: string,
  path: string,
  body?: object,
  type = 'application/json',
): Promise<Record<string, unknown>> {
  const { status, body: answer } = await api.request(method, path, body && JSON.stringify(body), type);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${answer}`);
  return JSON.parse(answer.toString()) as Record<string, unknown>;
}

/**
 * Milliseconds from the request that creates a Service of Ready pods, and from the one that makes a pod match an
 * existing Service, until a connection is through.
 */
async function latency(runs: number): Promise<{ created: number[]; ready: number[] }> {
  const api = await HttpConnection.open(readAccess());
  const created: number[] = [];
  const ready: number[] = [];
  const { items } = (await write(api, 'GET', `${pods}?labelSelector=app%3Dbench-web`)) as {
    items: { metadata: { name: string } }[];
  };
  for (let n = 0; n < runs; n++) {
    // Chosen beforehand, so that the probing begins with the request; of the band that is not handed out unasked.
    const address = `10.96.0.${20 + n}`;
    const other = `10.96.0.${130 + n}`;
    const name = `timed-${n}`;
    const body = service(name, { clusterIP: address, selector: { app: 'bench-web' } });
    created.push(await timed(address, () => write(api, 'POST', services, body)));
    await write(api, 'DELETE', `${services}/${name}`);

    const waiting = service(`waiting-${n}`, { clusterIP: other, selector: { run: name } });
    await write(api, 'POST', services, waiting);
    await sleep(150);
    const pod = `${pods}/${items[n % items.length]!.metadata.name}`;
    const patch = { metadata: { labels: { run: name } } };
    ready.push(await timed(other, () => write(api, 'PATCH', pod, patch, 'application/merge-patch+json')));
    await write(api, 'DELETE', `${services}/waiting-${n}`);
    await sleep(100);
  }
  api.close();
  return { created, ready };
}

function service(name: string, spec: object): object {
  const ports = [{ port: 80, targetPort: 8080 }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports, ...spec } };
}

/** Milliseconds from `change` until the address takes a connection. */
async function timed(address: string, change: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const changed = change();
  const reached = await firstConnection(address, 80);
  await changed;
  return reached - began;
}

/** A new attempt every 2 ms, each on a socket of its own: one sent too early must not wait for its repetition. */
async function firstConnection(address: string, port: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const open = new Set<ReturnType<typeof connect>>();
  let over = false;
  promise.then(() => (over = true));
  const end = performance.now() + patience;
  while (!over) {
    if (performance.now() > end) throw new Error(`${address}:${port} took no connection in ${patience} ms`);
    const socket = connect({ host: address, port });
    open.add(socket);
    socket.on('connect', () => resolve(performance.now()));
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    await sleep(2);
  }
  for (const socket of open) socket.destroy();
  return promise;
}

/** Creates Services `from` to below `to`, each with a slice of two endpoints. */
async function fill(from: number, to: number): Promise<{ perSecond: number }> {
  const access = readAccess();
  const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(access)));
  let next = from;
  const began = performance.now();
  await Promise.all(
    open.map(async api => {
      while (next < to) {
        const n = next++;
        await write(api, 'POST', services, service(`filler-${n}`, {}));
        await write(api, 'POST', slices, slice(n));
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const api of open) api.close();
  return { perSecond: (to - from) / seconds };
}

function slice(n: number): object {
  const name = `filler-${n}`;
  const endpoint = (address: number) => ({
    addresses: [`10.244.${100 + (address >> 8)}.${address & 255}`],
    conditions: { ready: true },
  });
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: [endpoint((n * 2) % 20_000), endpoint((n * 2 + 1) % 20_000)],
  };
}

async function drain(): Promise<void> {
  const api = await HttpConnection.open(readAccess());
  for (const collection of [slices, services]) await write(api, 'DELETE', collection);
  api.close();
}

/** Microseconds of `count` connections, one after another. */
async function connectTimes(address: string, port: number, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    const socket = connect({ host: address, port });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    took.push((performance.now() - began) * 1000);
    socket.destroy();
  }
  return took;
}
