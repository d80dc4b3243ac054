/** The real kubectl against the documents: a plain HTTP server on loopback, the API behind it in process. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse as Outgoing, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { builtinResources, completeResource } from '../../api/resources.ts';
import { kindSchema } from '../../api/schema/definitions.ts';
import type { Schema, StructSchema } from '../../api/schema/schema.ts';
import { ApiError } from '../../api/status.ts';
import { systemClock } from '../../base/clock.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { silentLogger } from '../../base/log.ts';
import { ApiServer } from '../apiserver.ts';
import type { ServerRequest } from '../exchange.ts';
import { TemporaryStore } from '../testing/temporary-store.ts';
import type { CustomKind } from './custom-kinds.ts';
import { OpenApiHandler } from './openapi-handler.ts';

const cronTab: CustomKind = {
  resource: completeResource({
    group: 'stable.example.com',
    version: 'v1',
    kind: 'CronTab',
    plural: 'crontabs',
    namespaced: true,
  }),
  schema: {
    type: 'object',
    description: 'CronTab runs things at times.',
    properties: {
      spec: {
        type: 'object',
        required: ['schedule'],
        properties: { schedule: { type: 'string', description: 'When.' }, replicas: { type: 'integer' } },
      },
    },
  },
};

const customKinds: CustomKind[] = [];
const openapi = new OpenApiHandler(() => ({ resources: builtinResources, customKinds }));
const clock = systemClock;
const store = new TemporaryStore();
const api = new ApiServer(
  { clock, log: silentLogger, decisions: new DecisionLog(clock, 'server'), store },
  {},
);
const transport = api.transport({ name: 'kubernetes-admin', groups: ['system:masters'] });
const home = mkdtempSync(join(tmpdir(), 'causeway-openapi-'));
/** Requests for documents, and what was asked for. */
const asked: string[] = [];
let server: Server;

before(async () => {
  const signal = AbortSignal.timeout(10_000);
  await store.start(signal);
  await api.start(signal);
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  await api.stop();
  rmSync(home, { recursive: true, force: true });
});

async function answer(request: IncomingMessage, response: Outgoing): Promise<void> {
  const [path = '', search = ''] = (request.url ?? '').split('?');
  if (path.startsWith('/openapi/')) {
    asked.push(`${path} ${request.headers.accept}`);
    const asRequest = { path, query: new URLSearchParams(search), headers: request.headers } as ServerRequest;
    const { status, headers, body } = openapi.handle(asRequest) ?? {
      status: 404,
      headers: {},
      body: { kind: 'none' },
    };
    response.writeHead(status, headers).end(body.kind === 'bytes' ? Buffer.concat(body.chunks) : undefined);
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  try {
    const value = await transport.request({
      method: request.method as 'GET',
      path: request.url ?? '',
      ...(text && { body: JSON.parse(text) }),
      contentType: request.headers['content-type'],
    });
    const type = typeof value === 'string' ? 'text/plain' : 'application/json';
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': type });
    response.end(typeof value === 'string' ? value : JSON.stringify(value));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    response.writeHead(error.code, { 'content-type': 'application/json' }).end(JSON.stringify(error.status));
  }
}

function kubectl(args: string, input?: object): Promise<{ code: number; stdout: string; stderr: string }> {
  const { port } = server.address() as AddressInfo;
  const env = { PATH: process.env.PATH, HOME: home };
  const all = [`--server=http://127.0.0.1:${port}`, ...args.split(' ')];
  return new Promise(resolve => {
    const child = execFile('kubectl', all, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
    child.stdin?.end(input ? JSON.stringify(input) : '');
  });
}

async function ok(args: string, input?: object): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input);
  assert.equal(code, 0, `kubectl ${args}: ${stderr}`);
  return stdout;
}

test('explain tells kind, field and fields below', async () => {
  const out = await ok('explain pod.spec.containers.ports');
  assert.match(out, /^KIND: {7}Pod\nVERSION: {4}v1\n\nFIELD: ports <\[\]ContainerPort>\n/);
  assert.match(
    out,
    / {2}containerPort\t<integer> -required-\n {4}Number of port to expose on the pod's IP address\./,
  );
  assert.match(await ok('explain deployment.spec'), /selector\t<LabelSelector> -required-/);
  assert.match(await ok('explain service.spec.ports.targetPort'), /FIELD: targetPort <IntOrString>/);
  assert.match(
    await ok('explain pod.spec.containers.resources.limits'),
    /FIELD: limits <map\[string\]Quantity>/,
  );
});

test('explain --recursive', async () => {
  const out = await ok('explain pod.spec.containers --recursive');
  for (const field of [
    '  args\t<[]string>',
    '    configMapKeyRef\t<ConfigMapKeySelector>',
    '  image\t<string>',
  ]) {
    assert.ok(out.includes(field), `${field} in ${out.slice(0, 2000)}`);
  }
});

/** Names of the fields of a definition and of all below it. */
function fieldNames(schema: Schema, seen = new Map<string, StructSchema>()): Set<string> {
  if (schema.kind === 'list') fieldNames(schema.items, seen);
  else if (schema.kind === 'map') fieldNames(schema.values, seen);
  else if (schema.kind === 'struct' && !seen.has(schema.definition)) {
    seen.set(schema.definition, schema);
    for (const field of schema.fields.values()) fieldNames(field.schema, seen);
  }
  return new Set([...seen.values()].flatMap(struct => [...struct.fields.keys()]));
}

for (const plural of ['networkpolicies', 'resourceslices', 'statefulsets', 'validatingadmissionpolicies']) {
  test(`explain ${plural} --recursive names every field`, async () => {
    const resource = builtinResources.find(each => each.plural === plural)!;
    const told = new Set(
      (await ok(`explain ${plural} --recursive`)).split('\n').map(line => line.trim().split('\t')[0]),
    );
    const names = [...fieldNames(kindSchema(resource)!)];
    assert.deepEqual(
      names.filter(name => !told.has(name)),
      [],
    );
  });
}

test('explain of a kind of another group and of a subresource-less one', async () => {
  assert.match(await ok('explain endpointslices'), /^GROUP: {6}discovery\.k8s\.io\nKIND: {7}EndpointSlice/);
  assert.match(await ok('explain selfsubjectreviews'), /KIND: {7}SelfSubjectReview/);
});

test('explain reads version 2 in protobuf', async () => {
  const out = await ok('explain pod.spec --output plaintext-openapiv2');
  assert.match(out, /^KIND: {5}Pod\nVERSION: {2}v1\n\nRESOURCE: spec <Object>/);
  assert.match(out, / {3}containers\t<\[\]Object> -required-/);
  assert.ok(asked.some(line => line.startsWith('/openapi/v2 application/com.github.proto-openapi.spec.v2')));
});

const map = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});

test('create sees that the server validates fields and runs dry', async () => {
  assert.match(
    await ok('create --validate=strict -f -', map('one', { data: { a: 'b' } })),
    /configmap\/one created/,
  );
  assert.match(
    await ok('create --validate=strict --dry-run=client -f -', map('two')),
    /two created \(dry run\)/,
  );
  const { stderr } = await kubectl('create --validate=strict --dry-run=server -f -', map('three'));
  assert.doesNotMatch(stderr, /doesn't support dry-run|unable to/);
});

test('apply merges lists by the keys the documents tell', async () => {
  const service = (ports: object[]) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports },
  });
  const before = asked.length;
  const first = await kubectl('apply -f -', service([{ name: 'a', port: 80 }]));
  assert.match(first.stdout, /service\/web created/, first.stderr);
  const second = await kubectl(
    'apply -f -',
    service([
      { name: 'b', port: 81 },
      { name: 'a', port: 80 },
    ]),
  );
  assert.match(second.stdout, /service\/web configured/, second.stderr);
  assert.ok(asked.slice(before).some(line => line.startsWith('/openapi/v3')));
});

test('explain of a custom kind, once there is one', async () => {
  customKinds.push(cronTab);
  const { stdout } = await kubectl('get --raw /openapi/v3/apis/stable.example.com/v1');
  const document = JSON.parse(stdout);
  assert.deepEqual(
    Object.keys(document.components.schemas).filter(name => name.includes('example')),
    ['com.example.stable.v1.CronTab', 'com.example.stable.v1.CronTabList'],
  );
  assert.match(await ok('get --raw /openapi/v3'), /"apis\/stable\.example\.com\/v1":/);
  assert.match(await ok('get --raw /openapi/v2'), /"com\.example\.stable\.v1\.CronTab"/);
});
