import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { systemClock } from '../../base/clock.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { silentLogger } from '../../base/log.ts';
import { ApiServer } from '../apiserver.ts';
import { adminUser, configMap, pod } from '../testing/api.ts';
import { TestAuthority, type TestPair } from '../testing/pki.ts';
import { TemporaryStore } from '../testing/temporary-store.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let authority: TestAuthority;
let admin: TestPair;
let stranger: TestPair;
let server: ApiServer;
let session: ClientHttp2Session;
let kubelet: Server;
/** What the stand-in for a node's kubelet was asked. */
const asked: string[] = [];

before(async () => {
  authority = await TestAuthority.create();
  admin = await authority.issue('O=system:masters, CN=admin');
  stranger = await (await TestAuthority.create()).issue('O=system:masters, CN=admin');
  const serving = await authority.issue('CN=kube-apiserver', ['127.0.0.1']);
  const client = await authority.issue('CN=kube-apiserver-kubelet-client');
  const store = new TemporaryStore();
  const signal = AbortSignal.timeout(10_000);
  await store.start(signal);
  server = new ApiServer(
    { clock: systemClock, log: silentLogger, decisions: new DecisionLog(systemClock, 'server'), store },
    {
      listen: { addresses: ['127.0.0.1'], port: 0, tls: { ...serving, clientCa: authority.cert } },
      kubelet: { ca: authority.cert, ...client },
    },
  );
  await server.start(signal);
  session = connect(`https://127.0.0.1:${server.port}`, { ca: authority.cert, ...admin });
  kubelet = startKubelet(await authority.issue('CN=system:node:n1', ['127.0.0.1']));
  await new Promise<void>(resolve => kubelet.listen(0, '127.0.0.1', resolve));
  await makePod((kubelet.address() as AddressInfo).port);
});
after(async () => {
  session.close();
  await server.stop();
  kubelet.closeAllConnections();
  kubelet.close();
});

/** Answers logs, refuses `/exec/…/refused`, and echoes whatever comes over an upgraded connection. */
function startKubelet(pair: TestPair): Server {
  const node = createServer({ ...pair, ca: authority.cert, requestCert: true, rejectUnauthorized: true });
  node.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url?.includes('refused')) {
      response.statusCode = 404;
      response.end('container not found ("refused")');
    } else response.end('a line of log\n');
  });
  node.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'no token'}`);
    if (request.url?.includes('refused')) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope');
      return;
    }
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
    );
    if (head.length > 0) socket.write(head);
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  return node;
}

async function makePod(port: number): Promise<void> {
  const transport = server.transport(adminUser);
  const post = (path: string, body: object) => transport.request({ method: 'POST', path, body });
  await post('/api/v1/namespaces/default/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
  await post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await transport.request({
    method: 'PATCH',
    path: '/api/v1/nodes/n1/status',
    body: { status },
    contentType: 'application/merge-patch+json',
  });
  const containers = ['web', 'refused'].map(name => ({ name, image: 'i' }));
  await post('/api/v1/namespaces/default/pods', pod('p', { nodeName: 'n1', containers }));
  await post('/api/v1/namespaces/default/pods', pod('pending'));
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

function http2(
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ':method': method, ':path': path, ...headers },
      { endStream: body === undefined },
    );
    let answer: Answer = { status: 0, headers: {}, text: '' };
    stream.on('response', got => {
      answer = { ...answer, status: Number(got[':status']), headers: got as Answer['headers'] };
    });
    stream.setEncoding('utf8');
    stream.on('data', chunk => {
      answer.text += chunk;
    });
    stream.on('end', () => resolve(answer));
    stream.on('error', reject);
    if (body !== undefined) stream.end(body);
  });
}

function http1(
  method: string,
  path: string,
  options: { body?: string; headers?: Record<string, string>; identity?: TestPair | undefined } = {},
): Promise<Answer> {
  const identity = 'identity' in options ? options.identity : admin;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: server.port,
        path,
        method,
        headers: options.headers,
        ca: authority.cert,
        ...identity,
        agent: false,
      },
      message => {
        let text = '';
        message.setEncoding('utf8');
        message.on('data', chunk => {
          text += chunk;
        });
        message.on('end', () => resolve({ status: message.statusCode ?? 0, headers: message.headers, text }));
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

for (const [name, send] of [
  ['HTTP/2', http2],
  [
    'HTTP/1.1',
    (method: string, path: string, body?: string) => http1(method, path, body === undefined ? {} : { body }),
  ],
] as const) {
  test(`${name}: a resource there and back`, async () => {
    const object = configMap(`over-${name.toLowerCase().replace(/\W/g, '-')}`, { data: { umlaut: 'ä€𝄞' } });
    const created = await send('POST', maps, JSON.stringify(object));
    assert.equal(created.status, 201);
    assert.equal(created.headers['content-type'], 'application/json');
    assert.match(String(created.headers['audit-id']), /^[0-9a-f-]{36}$/);
    assert.equal(created.headers['cache-control'], 'no-cache, private');
    const got = await send('GET', `${maps}/${object.metadata.name}`);
    assert.equal(got.text, created.text);
    assert.equal(JSON.parse(got.text).data.umlaut, 'ä€𝄞');
    assert.equal(Number(got.headers['content-length']), Buffer.byteLength(got.text));
    const head = await send('HEAD', `${maps}/${object.metadata.name}`);
    assert.deepEqual([head.status, head.text], [200, '']);
    const list = JSON.parse((await send('GET', maps)).text);
    const item = list.items.find(
      (each: { metadata: { name: string } }) => each.metadata.name === object.metadata.name,
    );
    assert.deepEqual(item.data, object.data);
    assert.equal(item.kind, undefined, 'items of typed lists carry no kind');
    assert.equal((await send('DELETE', `${maps}/${object.metadata.name}`)).status, 200);
  });
}

test('credentials: a certificate of ours, of someone else, none', async () => {
  assert.equal((await http1('GET', maps)).status, 200);
  assert.equal((await http1('GET', maps, { identity: stranger })).status, 403);
  assert.equal((await http1('GET', maps, { identity: undefined })).status, 403);
  const refused = await http1('GET', maps, {
    identity: undefined,
    headers: { authorization: 'Bearer nonsense' },
  });
  assert.deepEqual([refused.status, JSON.parse(refused.text).message], [401, 'Unauthorized']);
});

const badBodies: [what: string, body: string | Buffer, type: string, status: number][] = [
  ['no JSON', '{', 'application/json', 400],
  ['a list', '[]', 'application/json', 400],
  ['nothing', '', 'application/json', 400],
  ['too much', Buffer.alloc(3 * 1024 * 1024 + 1, 32), 'application/json', 413],
  ['an unknown type', 'x', 'text/html', 415],
  ['broken protobuf', Buffer.from('k8s\0\xff\xff\xff', 'latin1'), 'application/vnd.kubernetes.protobuf', 400],
  ['no protobuf', 'hello', 'application/vnd.kubernetes.protobuf', 400],
  [
    'a YAML bomb',
    'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]',
    'application/yaml',
    400,
  ],
];
for (const [what, body, type, status] of badBodies) {
  test(`a body that is ${what} is ${status}`, async () => {
    const answer = await http2('POST', maps, body, { 'content-type': type });
    assert.equal(answer.status, status, answer.text);
    assert.equal(JSON.parse(answer.text).kind, 'Status');
  });
}

test('YAML in and out; a type nobody speaks is 406', async () => {
  const created = await http2('POST', maps, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\n', {
    'content-type': 'application/yaml',
    accept: 'application/yaml',
  });
  assert.equal(created.status, 201);
  assert.match(created.text, /^kind: ConfigMap$/m);
  for (const path of [maps, `${maps}/absent`, `${maps}?labelSelector=)`]) {
    assert.equal((await http2('GET', path, undefined, { accept: 'text/html' })).status, 406, path);
  }
});

test('keys that stand twice in YAML are told of in the words of Go', async () => {
  const twice =
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  a: b\n  a: c\nnonsense: 1\n';
  const found = 'yaml: unmarshal errors:\n  line 7: key "a" already set in map';
  const yaml = { 'content-type': 'application/yaml' };
  const strict = await http2('POST', `${maps}?fieldValidation=Strict`, twice, yaml);
  const { code, message } = JSON.parse(strict.text);
  assert.deepEqual(
    [code, message.endsWith(`strict decoding error: ${found}, unknown field "nonsense"`)],
    [400, true],
  );
  const made = await http2('POST', `${maps}?fieldValidation=Ignore`, twice, yaml);
  assert.deepEqual([made.status, JSON.parse(made.text).data], [201, { a: 'c' }]);
  const apply = { 'content-type': 'application/apply-patch+yaml' };
  const json = '{"apiVersion":"v1","kind":"ConfigMap",\n"data":{"a":"b",\n"a":"c"}}';
  for (const [text, line] of [
    [twice.replace('nonsense: 1\n', ''), 7],
    [json, 3],
  ]) {
    const path = `${maps}/twice?fieldManager=m&fieldValidation=Strict`;
    const refused = JSON.parse((await http2('PATCH', path, text as string, apply)).text);
    const why = `error converting YAML to JSON: yaml: unmarshal errors:\n  line ${line}: key "a" already set in map`;
    assert.deepEqual([refused.code, refused.message], [400, `error strict decoding YAML: ${why}`]);
  }
});

test('tables and metadata on demand', async () => {
  const table = JSON.parse(
    (
      await http2('GET', maps, undefined, {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
      })
    ).text,
  );
  assert.equal(table.kind, 'Table');
  assert.equal(table.columnDefinitions[0].name, 'Name');
  assert.equal(table.rows[0].object.kind, 'PartialObjectMetadata');
  const partial = JSON.parse(
    (
      await http2('GET', maps, undefined, {
        accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      })
    ).text,
  );
  assert.equal(partial.kind, 'PartialObjectMetadataList');
  assert.deepEqual(Object.keys(partial.items[0]).sort(), ['apiVersion', 'kind', 'metadata']);
});

test('warnings come as headers', async () => {
  const body = JSON.stringify(configMap('warned', { nonsense: 1 }));
  const answer = await http2('POST', maps, body);
  assert.equal(answer.headers.warning, '299 - "unknown field \\"nonsense\\""');
});

test('aggregated discovery has an ETag and honours it', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
  const first = await http2('GET', '/apis', undefined, { accept });
  assert.equal(JSON.parse(first.text).kind, 'APIGroupDiscoveryList');
  const again = await http2('GET', '/apis', undefined, {
    accept,
    'if-none-match': String(first.headers.etag),
  });
  assert.deepEqual([again.status, again.text], [304, '']);
});

test('health, metrics, keys, unknown paths', async () => {
  assert.equal((await http2('GET', '/readyz')).text, 'ok');
  assert.match((await http2('GET', '/livez?verbose')).text, /\[\+\]ping ok[\s\S]*livez check passed/);
  assert.equal((await http2('GET', '/readyz/ping')).text, 'ok');
  assert.match(
    (await http2('GET', '/metrics')).text,
    /apiserver_storage_objects\{resource="configmaps"\} \d+/,
  );
  assert.equal(JSON.parse((await http2('GET', '/openid/v1/jwks')).text).keys[0].kty, 'EC');
  const nothing = await http2('GET', '/frob');
  assert.deepEqual([nothing.status, nothing.text], [404, '404 page not found\n']);
  assert.equal(JSON.parse((await http2('GET', '/apis/nope/v1/things')).text).reason, 'NotFound');
  assert.ok(JSON.parse((await http2('GET', '/causeway/decisions')).text).decisions.length > 0);
});

/** What comes over a connection of its own until the server closes it. */
async function raw(text: string): Promise<string> {
  const socket = tlsConnect({ host: '127.0.0.1', port: server.port, ca: authority.cert, ...admin });
  socket.write(text);
  let received = '';
  for await (const chunk of socket) received += chunk;
  return received;
}

const oneWatch = `${maps}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dyaml`;
const bodyOf = (text: string) => text.slice(text.lastIndexOf('\r\n\r\n') + 4);
const watchOver: Record<string, (path: string) => Promise<string>> = {
  'HTTP/2': async path => (await http2('GET', path)).text,
  'HTTP/1.1': async path => (await http1('GET', path)).text,
  'HTTP/1.0, which knows no chunks': async path => bodyOf(await raw(`GET ${path} HTTP/1.0\r\n\r\n`)),
};
for (const [over, watch] of Object.entries(watchOver)) {
  test(`a watch over ${over} is lines of JSON, and ends with its time`, async () => {
    const now = JSON.parse((await http2('GET', `${maps}/yaml`)).text).metadata.resourceVersion;
    const since = `${oneWatch}&resourceVersion=${now}`;
    const changed = Promise.all([watch(oneWatch), watch(since), watch(since)]);
    const turn = `over ${over}`;
    const type = 'application/merge-patch+json';
    await http2('PATCH', `${maps}/yaml`, JSON.stringify({ data: { turn } }), { 'content-type': type });
    const [all, ...later] = (await changed).map(text =>
      text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    );
    assert.deepEqual([all![0].type, all![0].object.metadata.name], ['ADDED', 'yaml']);
    for (const events of later) {
      assert.deepEqual(
        events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.data.turn}`),
        [`MODIFIED yaml ${turn}`],
      );
    }
  });
}

test('a watch behind another request on its connection', async () => {
  const received = await raw(
    `GET ${maps}/yaml HTTP/1.1\r\nhost: x\r\n\r\nGET ${oneWatch} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
  );
  const [size = '', line = '', last] = bodyOf(received.replace(/\r\n0\r\n\r\n$/, '\r\n0')).split('\r\n');
  assert.equal(Number.parseInt(size, 16), Buffer.byteLength(line));
  assert.equal(JSON.parse(line).object.metadata.name, 'yaml');
  assert.equal(last, '0');
});

for (const [how, framing, wrap] of [
  ['with its length', (length: number) => `content-length: ${length}`, (body: string) => body],
  [
    'in chunks',
    () => 'transfer-encoding: chunked',
    (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ],
] as const) {
  test(`who sends too much over HTTP/1.1 ${how} gets to read that`, async () => {
    const body = ' '.repeat(12 * 1024 * 1024);
    const headers = `host: x\r\nconnection: close\r\ncontent-type: application/json\r\n${framing(body.length)}`;
    const received = await raw(`POST ${maps} HTTP/1.1\r\n${headers}\r\n\r\n${wrap(body)}`);
    assert.match(received, /^HTTP\/1.1 413 /);
    assert.equal(JSON.parse(bodyOf(received)).reason, 'RequestEntityTooLarge');
  });
}

test('logs come from the node of the pod', async () => {
  const path = '/api/v1/namespaces/default/pods/p/log';
  const answer = await http2('GET', `${path}?container=web&tailLines=5&follow=true`);
  assert.deepEqual([answer.status, answer.text], [200, 'a line of log\n']);
  assert.equal(asked.at(-1), 'GET /containerLogs/default/p/web?follow=true&tailLines=5');
  assert.match(
    (await http2('GET', path)).text,
    /a container name must be specified for pod p, choose one of: \[web refused\]/,
  );
  assert.match((await http2('GET', `${path}?container=none`)).text, /container none is not valid for pod p/);
  const refused = await http2('GET', `${path}?container=refused`);
  assert.deepEqual(
    [refused.status, JSON.parse(refused.text).message],
    [404, 'container not found (\\"refused\\")'.replaceAll('\\', '')],
  );
  assert.deepEqual((await http2('GET', '/api/v1/namespaces/default/pods/pending/log')).text, '');
  assert.equal((await http2('GET', `${path}?container=web&tailLines=-1`)).status, 422);
});

function upgrade(
  path: string,
  headers: Record<string, string>,
  method = 'POST',
): Promise<{ socket?: Socket; status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      host: '127.0.0.1',
      port: server.port,
      path,
      method,
      headers: { connection: 'Upgrade', ...headers },
      ca: authority.cert,
      ...admin,
      agent: false,
    });
    request.on('upgrade', (_message, socket, head) => {
      socket.unshift(head);
      resolve({ socket, status: 101, text: '' });
    });
    request.on('response', message => {
      let text = '';
      message.on('data', chunk => {
        text += chunk;
      });
      message.on('end', () => resolve({ status: message.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end();
  });
}

test('exec: the upgraded connection is bytes both ways, and no token of the client goes on', async () => {
  const path =
    '/api/v1/namespaces/default/pods/p/exec?command=sh&command=-c&stdin=true&stdout=true&container=web';
  const { socket, status } = await upgrade(path, { upgrade: 'SPDY/3.1' });
  assert.equal(status, 101);
  socket!.write('ping');
  const echoed = await new Promise(resolve => socket!.once('data', chunk => resolve(String(chunk))));
  assert.equal(echoed, 'ping');
  assert.equal(asked.at(-1), 'POST /exec/default/p/web?input=1&output=1&command=sh&command=-c no token');
  socket!.destroy();
});

test('log: as WebSocket messages, an empty one first, then closed', async () => {
  const path = '/api/v1/namespaces/default/pods/p/log?container=web';
  const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' };
  const bytes = async (protocol: string) => {
    const headers = { upgrade: 'websocket', ...key, 'sec-websocket-protocol': protocol };
    const { socket, status } = await upgrade(path, headers, 'GET');
    assert.equal(status, 101);
    const chunks: Buffer[] = [];
    for await (const chunk of socket!) chunks.push(chunk);
    return Buffer.concat(chunks).toString('latin1');
  };
  const close = '\x88\x02\x03\xe8';
  assert.equal(await bytes('binary.k8s.io'), `\x82\x00\x82\x0ea line of log\n${close}`);
  assert.equal(await bytes('base64.binary.k8s.io'), `\x81\x00\x81\x14YSBsaW5lIG9mIGxvZwo=${close}`);
});

const refusedUpgrades: [
  what: string,
  path: string,
  headers: Record<string, string>,
  status: number,
  message: RegExp,
][] = [
  [
    'WebSocket protocol v5 alone',
    'exec?command=a&stdout=true&container=web',
    { upgrade: 'websocket', 'sec-websocket-protocol': 'v5.channel.k8s.io' },
    400,
    /none of the offered protocols is supported/,
  ],
  [
    'a protocol that logs are not sent in',
    'log?container=web',
    { upgrade: 'websocket', 'sec-websocket-key': 'a', 'sec-websocket-protocol': 'channel.k8s.io' },
    400,
    /none of the offered protocols is supported/,
  ],
  ['no command', 'exec?stdout=true&container=web', { upgrade: 'SPDY/3.1' }, 400, /at least 1 command/],
  ['no stream', 'attach?container=web', { upgrade: 'SPDY/3.1' }, 400, /at least 1 of stdin, stdout, stderr/],
  [
    'what the node refuses',
    'exec?command=a&stdout=true&container=refused',
    { upgrade: 'SPDY/3.1' },
    404,
    /nope/,
  ],
];
for (const [what, tail, headers, status, message] of refusedUpgrades) {
  test(`upgrade refused: ${what}`, async () => {
    const answer = await upgrade(`/api/v1/namespaces/default/pods/p/${tail}`, headers);
    assert.equal(answer.status, status);
    assert.match(JSON.parse(answer.text).message, message);
  });
}

test('an upgrade without credentials is 403 and reaches no node', async () => {
  const before = asked.length;
  const status = await new Promise(resolve => {
    const request = httpsRequest({
      host: '127.0.0.1',
      port: server.port,
      path: '/api/v1/namespaces/default/pods/p/exec?command=a&stdout=true&container=web',
      method: 'POST',
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1' },
      ca: authority.cert,
      agent: false,
    });
    request.on('response', message => resolve(message.statusCode));
    request.on('upgrade', () => resolve(101));
    request.end();
  });
  assert.deepEqual([status, asked.length], [403, before]);
});

test('nodes/proxy reaches the kubelet API', async () => {
  const answer = await http2('GET', '/api/v1/nodes/n1/proxy/stats/summary?only=cpu');
  assert.deepEqual([answer.status, asked.at(-1)], [200, 'GET /stats/summary?only=cpu']);
});

test('plain HTTP on the port ends without harm', async () => {
  await new Promise<void>(resolve => {
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path: '/' }, () => resolve());
    request.on('error', () => resolve());
    request.end();
  });
  assert.equal((await http2('GET', '/healthz')).status, 200);
});
