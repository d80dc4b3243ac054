import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect } from 'node:http2';
import { after, before, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { silentLogger } from '../../base/log.ts';
import { ApiServer } from '../apiserver.ts';
import { decodeProtobuf } from '../protobuf/decode.ts';
import { encodeProtobuf } from '../protobuf/encode.ts';
import { WireReader } from '../protobuf/reader.ts';
import { configMap } from '../testing/api.ts';
import { TestAuthority } from '../testing/pki.ts';
import { TemporaryStore } from '../testing/temporary-store.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const maps = '/api/v1/namespaces/default/configmaps';
let server: ApiServer;
let session: ClientHttp2Session;

before(async () => {
  const authority = await TestAuthority.create();
  const admin = await authority.issue('O=system:masters, CN=admin');
  const serving = await authority.issue('CN=kube-apiserver', ['127.0.0.1']);
  const store = new TemporaryStore();
  const signal = AbortSignal.timeout(10_000);
  await store.start(signal);
  const decisions = new DecisionLog(systemClock, 'server');
  const listen = { addresses: ['127.0.0.1'], port: 0, tls: { ...serving, clientCa: authority.cert } };
  server = new ApiServer({ clock: systemClock, log: silentLogger, decisions, store }, { listen });
  await server.start(signal);
  session = connect(`https://127.0.0.1:${server.port}`, { ca: authority.cert, ...admin });
});
after(async () => {
  session.destroy();
  await server.stop();
});

interface Answer {
  status: number;
  type: string;
  body: Buffer;
}

/** What has come when the answer ends, or when `enough` says so. */
function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Buffer,
  enough: (got: Buffer) => boolean = () => false,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: !body });
    const answer: Answer = { status: 0, type: '', body: Buffer.alloc(0) };
    stream.on('response', got => {
      answer.status = Number(got[':status']);
      answer.type = String(got['content-type']);
    });
    stream.on('data', (chunk: Buffer) => {
      answer.body = Buffer.concat([answer.body, chunk]);
      if (!enough(answer.body)) return;
      resolve(answer);
      stream.close();
    });
    stream.on('end', () => resolve(answer));
    stream.on('error', reject);
    if (body) stream.end(body);
  });
}

/** Events of a watch: each its length, its type and the object in its envelope. */
function events(bytes: Buffer): { type: string; object: Record<string, unknown> }[] {
  const found = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const reader = new WireReader(bytes.subarray(at + 4, at + 4 + length));
    reader.tag();
    const type = reader.bytes().toString();
    reader.tag();
    const raw = new WireReader(reader.bytes());
    raw.tag();
    found.push({ type, object: decodeProtobuf(Buffer.from(raw.bytes())) });
    at += 4 + length;
  }
  return found;
}

const complete = (count: number) => (bytes: Buffer) => {
  let seen = 0;
  for (let at = 0; at + 4 <= bytes.length; seen++) at += 4 + bytes.readUInt32BE(at);
  return seen >= count;
};

const both = { accept: `${protobuf}, application/json` };

test('a program with client-go’s settings creates, gets, patches and deletes in protobuf', async () => {
  const sent = encodeProtobuf(configMap('pb', { data: { a: 'b' } }));
  const created = await ask(
    'POST',
    maps,
    { ...both, 'content-type': protobuf, 'user-agent': 'prog/v1' },
    sent,
  );
  assert.equal(created.status, 201);
  assert.equal(created.type, protobuf);
  const object = decodeProtobuf(created.body) as ReturnType<typeof configMap> & {
    metadata: { managedFields: { manager: string; fieldsV1: object }[] };
    data: object;
  };
  assert.deepEqual(object.data, { a: 'b' });
  assert.equal(object.metadata.managedFields[0]?.manager, 'prog');
  assert.deepEqual(object.metadata.managedFields[0]?.fieldsV1, { 'f:data': { '.': {}, 'f:a': {} } });
  const json = await ask('GET', `${maps}/pb`, {});
  const got = await ask('GET', `${maps}/pb`, both);
  assert.deepEqual(decodeProtobuf(got.body), JSON.parse(json.body.toString()));
  const deleted = await ask('DELETE', `${maps}/pb`, both);
  assert.equal((decodeProtobuf(deleted.body) as { status: string }).status, 'Success');
});

test('lists, and metadata of any kind', async () => {
  for (const name of ['l1', 'l2']) {
    await ask('POST', maps, { 'content-type': protobuf }, encodeProtobuf(configMap(name)));
  }
  const list = await ask('GET', maps, both);
  assert.equal(list.type, protobuf);
  const items = listItems(list.body);
  assert.equal(items.length, 2);
  const as = `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;
  const metadata = decodeProtobuf((await ask('GET', `${maps}/l1`, { accept: as })).body);
  assert.equal(metadata.kind, 'PartialObjectMetadata');
  assert.equal((metadata.metadata as { name: string }).name, 'l1');
});

/** The items' bytes of a list in its envelope. */
function listItems(bytes: Buffer): Buffer[] {
  const unknown = new WireReader(bytes.subarray(4));
  unknown.tag();
  unknown.bytes();
  unknown.tag();
  const list = new WireReader(unknown.bytes());
  const items: Buffer[] = [];
  while (!list.done) {
    const { number } = list.tag();
    const value = list.bytes();
    if (number === 2) items.push(value);
  }
  return items;
}

test('a watch sends frames: what is there, the bookmark after it, changes, and errors', async () => {
  const path =
    '/api/v1/namespaces?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const first = await ask('GET', path, both, undefined, bytes =>
    events(bytes).some(each => each.type === 'BOOKMARK'),
  );
  assert.equal(first.type, `${protobuf};stream=watch`);
  const seen = events(first.body);
  assert.equal(seen[0]?.type, 'ADDED');
  assert.equal(seen[0]?.object.kind, 'Namespace');
  const mark = seen.at(-1)!.object.metadata as { annotations: object };
  assert.deepEqual(mark.annotations, { 'k8s.io/initial-events-end': 'true' });
  const watching = ask('GET', `${maps}?watch=1`, both, undefined, complete(3));
  const changed = encodeProtobuf({ ...configMap('l1'), data: { x: 'y' } });
  await ask('PUT', `${maps}/l1`, { 'content-type': protobuf }, changed);
  const last = events((await watching).body).at(-1)!;
  assert.equal(last.type, 'MODIFIED');
  assert.deepEqual(last.object.data, { x: 'y' });
});

test('a definition in protobuf, as client-go’s clientset of apiextensions sends it', async () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const schema = { type: 'object', properties: { spec: { type: 'object', additionalProperties: true } } };
  const versions = [
    {
      name: 'v1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: schema },
      subresources: { status: {} },
    },
    { name: 'v2', served: false, storage: false, schema: { openAPIV3Schema: schema } },
  ];
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: { group: 'example.com', names: { plural: 'things', kind: 'Thing' }, scope: 'Cluster', versions },
    // Go writes what is not set.
    status: { acceptedNames: { plural: '', kind: '' } },
  };
  const created = await ask('POST', path, { ...both, 'content-type': protobuf }, encodeProtobuf(definition));
  assert.equal(created.status, 201, created.body.toString());
  assert.equal(created.type, protobuf);
  const { spec } = decodeProtobuf(created.body) as { spec: { versions: object[] } };
  assert.deepEqual(spec.versions, versions);
  const list = await ask('GET', path, both);
  assert.equal(listItems(list.body).length, 1);
});

const negotiated: [accept: string, path: string, status: number, type: string][] = [
  [`${protobuf},application/json`, maps, 200, protobuf],
  [`application/json,${protobuf}`, maps, 200, 'application/json'],
  [`application/json;q=0.5,${protobuf}`, maps, 200, protobuf],
  [protobuf, `${maps}/l1`, 200, protobuf],
  [`${protobuf},application/json`, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', 200, protobuf],
  [`${protobuf};as=Table;v=v1;g=meta.k8s.io,application/json`, maps, 200, 'application/json'],
  ['application/cbor', maps, 406, 'application/json'],
  [`${protobuf},application/json`, `${maps}/absent`, 404, protobuf],
  [`application/json,${protobuf}`, `${maps}/absent`, 404, 'application/json'],
  ['application/yaml', `${maps}/absent`, 404, 'application/yaml'],
  [`${protobuf};as=PartialObjectMetadata;v=v1;g=meta.k8s.io`, `${maps}/absent`, 404, 'application/json'],
  ['*/*', maps, 200, 'application/json'],
];
for (const [accept, path, status, type] of negotiated) {
  test(`${path} as ${accept} is ${status} ${type}`, async () => {
    const answer = await ask('GET', path, { accept });
    assert.deepEqual([answer.status, answer.type], [status, type]);
  });
}
