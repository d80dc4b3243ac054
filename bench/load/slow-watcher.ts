/**
 * A watcher that reads nothing while its object is written until the server cuts it off; prints the bytes written
 * until then as JSON. Usage, with KUBECONFIG set: node bench/load/slow-watcher.ts MAX_WRITES
 */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { readAccess } from './access.ts';
import { HttpConnection } from './http-connection.ts';

const maxWrites = Number(process.argv[2]);
const collection = '/api/v1/namespaces/bench/configmaps';
const filling = 'x'.repeat(500_000);

const access = readAccess();
const session = connect(`https://${access.host}:${access.port}`, access.tls);
const watch = session.request(
  { ':path': `${collection}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dobject-0` },
  { endStream: true },
);
// It is cut off with an error, or not at all.
watch.on('error', () => {});
// The window of the stream fills, and no more is taken: nobody listens for its data.
await once(watch, 'response');
const writer = await HttpConnection.open(access);
let writes = 0;
while (!watch.closed && writes < maxWrites) {
  const body = JSON.stringify({ data: { filling: `${writes++}${filling}` } });
  const type = 'application/strategic-merge-patch+json';
  const { status } = await writer.request('PATCH', `${collection}/object-0`, body, type);
  if (status !== 200) throw new Error(`the write was answered with ${status}`);
}
console.log(JSON.stringify({ cut: watch.closed, mebibytes: (writes * filling.length) / 1024 / 1024 }));
writer.close();
session.destroy();
