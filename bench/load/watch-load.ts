/**
 * Holds many watches on ConfigMaps and tells, as lines of JSON, what became of them: `holding` when all are open, then
 * the times of each event. Most watches share HTTP/2 sessions, some have a connection of HTTP/1.1 each. Usage, with
 * KUBECONFIG set: node bench/load/watch-load.ts WATCHES SESSIONS HTTP1 EVENTS; ends when its standard input does.
 */
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { percentile } from '../statistics.ts';
import { type Access, readAccess } from './access.ts';
import { HttpConnection } from './http-connection.ts';

const [watches, sessions, http1, events] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];
const collection = '/api/v1/namespaces/bench/configmaps';
const path = `${collection}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dobject-0`;
const strategic = 'application/strategic-merge-patch+json';

let wanted = Buffer.alloc(0);
let heard: (() => void) | undefined;

/** Called with what each watch receives. */
function onData(chunk: Buffer): void {
  if (wanted.length > 0 && chunk.includes(wanted)) heard?.();
}

/** Resolves when the watch has its first event: the object as it is. */
async function watch2(session: ClientHttp2Session): Promise<void> {
  const stream = session.request({ ':path': path }, { endStream: true });
  stream.on('data', onData);
  await once(stream, 'data');
}

async function watch1(access: Access): Promise<void> {
  const connection = await HttpConnection.open(access);
  await new Promise<void>(resolve => {
    connection.stream(path, chunk => {
      onData(chunk);
      resolve();
    });
  });
}

async function hold(access: Access): Promise<void> {
  const url = `https://${access.host}:${access.port}`;
  const opened = Array.from({ length: sessions }, () =>
    connect(url, { ...access.tls, settings: { initialWindowSize: 1 << 20 } }),
  );
  const shared = watches - http1;
  for (let n = 0; n < shared; n += sessions) {
    await Promise.all(opened.slice(0, shared - n).map(watch2));
  }
  for (let n = 0; n < http1; n += 20) {
    await Promise.all(Array.from({ length: Math.min(20, http1 - n) }, () => watch1(access)));
  }
}

const access = readAccess();
await hold(access);
console.log(JSON.stringify({ holding: watches }));
const writer = await HttpConnection.open(access);
const half: number[] = [];
const last: number[] = [];
for (let n = 0; n < events; n++) {
  const marker = `"turn":"${process.pid}-${n}"`;
  const times: number[] = [];
  const all = Promise.withResolvers<void>();
  const began = performance.now();
  heard = () => {
    times.push(performance.now() - began);
    if (times.length === watches) all.resolve();
  };
  wanted = Buffer.from(marker);
  await writer.status('PATCH', `${collection}/object-0`, `{"data":{${marker}}}`, strategic);
  await all.promise;
  half.push(percentile(times, 0.5));
  last.push(times.at(-1)!);
}
console.log(JSON.stringify({ half, last }));
process.stdin.resume();
process.stdin.once('end', () => process.exit());
