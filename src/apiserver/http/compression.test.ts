import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../base/clock.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { silentLogger } from '../../base/log.ts';
import { ApiServer } from '../apiserver.ts';
import { configMap } from '../testing/api.ts';
import { TestAuthority, type TestPair } from '../testing/pki.ts';
import { TemporaryStore } from '../testing/temporary-store.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let authority: TestAuthority;
let admin: TestPair;
let server: ApiServer;
let session: ClientHttp2Session;

before(async () => {
  authority = await TestAuthority.create();
  admin = await authority.issue('O=system:masters, CN=admin');
  const serving = await authority.issue('CN=kube-apiserver', ['127.0.0.1']);
  const store = new TemporaryStore();
  const signal = AbortSignal.timeout(10_000);
  await store.start(signal);
  server = new ApiServer(
    { clock: systemClock, log: silentLogger, decisions: new DecisionLog(systemClock, 'server'), store },
    { listen: { addresses: ['127.0.0.1'], port: 0, tls: { ...serving, clientCa: authority.cert } } },
  );
  await server.start(signal);
  session = connect(`https://127.0.0.1:${server.port}`, { ca: authority.cert, ...admin });
  for (const [name, bytes] of [
    ['short', 1000],
    ['long', 200_000],
  ] as const) {
    const made = await http2('POST', maps, {}, configMap(name, { data: { text: 'x'.repeat(bytes) } }));
    assert.equal(made.status, 201);
  }
});
after(async () => {
  session.close();
  await server.stop();
});

interface Answer {
  status: number;
  encoding: string | undefined;
  vary: string | undefined;
  bytes: Buffer;
}

async function http2(method: string, path: string, headers: object, body?: object): Promise<Answer> {
  const stream = session.request({ ':method': method, ':path': path, ...headers });
  let head: Record<string, unknown> = {};
  stream.on('response', given => {
    head = given;
  });
  stream.end(body && JSON.stringify(body));
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return answerOf(head[':status'], head, chunks);
}

function http1(path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { ca: authority.cert, ...admin, headers, agent: false };
    const call = httpsRequest(`https://127.0.0.1:${server.port}${path}`, options, async response => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve(answerOf(response.statusCode, response.headers, chunks));
    });
    call.on('error', reject).end();
  });
}

function answerOf(status: unknown, headers: Record<string, unknown>, chunks: Buffer[]): Answer {
  const encoding = headers['content-encoding'] as string | undefined;
  return {
    status: Number(status),
    encoding,
    vary: headers.vary as string | undefined,
    bytes: Buffer.concat(chunks),
  };
}

const gzip = { 'accept-encoding': 'gzip' };
const protobuf = 'application/vnd.kubernetes.protobuf';
const rows: [what: string, path: string, headers: Record<string, string>, compressed: boolean][] = [
  ['a long object', `${maps}/long`, gzip, true],
  ['one of several encodings', `${maps}/long`, { 'accept-encoding': 'deflate, gzip' }, true],
  ['a long list', maps, gzip, true],
  ['a long list in protobuf', maps, { ...gzip, accept: protobuf }, true],
  ['a short object', `${maps}/short`, gzip, false],
  ['a client that does not take it', `${maps}/long`, {}, false],
];
for (const [what, path, headers, compressed] of rows) {
  test(`${what}: ${compressed ? 'compressed' : 'as it is'}`, async () => {
    const plain = await http2('GET', path, { accept: headers.accept ?? '*/*' });
    for (const answer of [await http2('GET', path, headers), await http1(path, headers)]) {
      assert.deepEqual([answer.status, answer.encoding], [200, compressed ? 'gzip' : undefined]);
      assert.equal(answer.vary, compressed ? 'Accept-Encoding' : undefined);
      const bytes = compressed ? gunzipSync(answer.bytes) : answer.bytes;
      assert.ok(bytes.equals(plain.bytes));
    }
  });
}

test('long lists asked for at once come whole, over either protocol, compressed or not', async () => {
  const count = 60;
  for (let n = 0; n < count; n++) {
    const data = { text: `${n} `.repeat(8000 + n) };
    await http2('POST', maps, {}, configMap(`many-${n}`, { data }));
  }
  const answers = await Promise.all([
    ...[{}, gzip, {}, gzip, {}].map(headers => http2('GET', maps, headers)),
    ...[{}, gzip, {}].map(headers => http1(maps, headers)),
  ]);
  for (const { encoding, bytes } of answers) {
    const list = JSON.parse((encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString());
    const texts = new Map<string, string>();
    for (const { metadata, data } of list.items) texts.set(metadata.name, data.text);
    for (let n = 0; n < count; n++) assert.equal(texts.get(`many-${n}`), `${n} `.repeat(8000 + n));
  }
});

test('a watch is never compressed', async () => {
  const path = `${maps}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dlong`;
  const watched = await http2('GET', path, gzip);
  assert.deepEqual([watched.encoding, watched.bytes.length > 200_000], [undefined, true]);
});
