import assert from 'node:assert/strict';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { ExtensionServer } from './testing/extension-server.ts';
import { KubectlCluster } from './testing/kubectl.ts';

let cluster: KubectlCluster;
let extension: ExtensionServer;
before(async () => {
  cluster = await KubectlCluster.start();
  const serving = await cluster.authority.issue('CN=sample-api', ['sample-api.wardle.svc']);
  extension = await ExtensionServer.start(serving, cluster.authority.cert);
  await ok('create namespace wardle');
});
after(async () => {
  await extension.stop();
  await cluster.stop();
});

async function ok(args: string, input?: string): Promise<string> {
  const ran = await cluster.run(args.split(' '), input === undefined ? {} : { input });
  assert.equal(ran.code, 0, `kubectl ${args}: ${ran.stderr}`);
  return ran.stdout;
}

async function refused(args: string): Promise<string> {
  const ran = await cluster.run(args.split(' '));
  assert.notEqual(ran.code, 0, `kubectl ${args}: ${ran.stdout}`);
  return ran.stderr;
}

/** What is larger than kubectl's output may be here. */
function get(path: string): Promise<string> {
  const { admin, authority, server } = cluster;
  const options = { host: '127.0.0.1', port: server.port, ...admin, ca: authority.cert, path, agent: false };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, async response => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(text);
    });
    outgoing.on('error', reject).end();
  });
}

const name = 'v1alpha1.wardle.example.com';
const condition = () => ok(`get apiservice ${name} -o jsonpath={.status.conditions[0]}`).then(JSON.parse);
const waitFor = (reason: string) =>
  ok(`wait apiservice ${name} --timeout=20s --for=jsonpath={.status.conditions[0].reason}=${reason}`);

const apiService = () =>
  JSON.stringify({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name },
    spec: {
      group: 'wardle.example.com',
      version: 'v1alpha1',
      groupPriorityMinimum: 2000,
      versionPriority: 200,
      caBundle: Buffer.from(cluster.authority.cert).toString('base64'),
      service: { namespace: 'wardle', name: 'sample-api', port: extension.port },
    },
  });
/** Loopback is no endpoint of a Service: an external name leads there. */
const service = () =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'sample-api', namespace: 'wardle' },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
const flunder = JSON.stringify({
  apiVersion: 'wardle.example.com/v1alpha1',
  kind: 'Flunder',
  metadata: { name: 'one', namespace: 'default' },
});

test('what the server serves itself has APIServices', async () => {
  await ok('wait apiservice v1.apps v2.autoscaling v1. --for=condition=Available --timeout=20s');
  assert.match(await ok('get apiservices v1.apps'), /v1\.apps +Local +True/);
  const { reason, message } = JSON.parse(
    await ok('get apiservice v1.apps -o jsonpath={.status.conditions[0]}'),
  );
  assert.deepEqual([reason, message], ['Local', 'Local APIServices are always available']);
  await ok('delete apiservice v1.apps');
  await ok('wait apiservice v1.apps --for=create --timeout=20s');
});

test('extension servers find out how users are told to them', async () => {
  const get = 'get cm -n kube-system extension-apiserver-authentication -o jsonpath=';
  assert.match(await ok(`${get}{.data.requestheader-client-ca-file}`), /BEGIN CERTIFICATE/);
  assert.equal(await ok(`${get}{.data.requestheader-allowed-names}`), '["front-proxy-client"]');
});

test('an API whose Service is not there, or whose server does not answer', async () => {
  await ok('apply -f -', apiService());
  await waitFor('ServiceNotFound');
  assert.equal((await condition()).message, 'service/sample-api in "wardle" is not present');
  assert.match(await ok(`get apiservice ${name}`), /wardle\/sample-api +False \(ServiceNotFound\)/);
  assert.match(
    await refused('get --raw /apis/wardle.example.com/v1alpha1/flunders'),
    /the server is currently unable to handle the request/,
  );
  extension.healthy = false;
  await ok('apply -f -', service());
  await waitFor('FailedDiscoveryCheck');
  assert.match(
    (await condition()).message,
    /failing or missing response from https:.*: bad status from .*: 500/,
  );
});

test('requests are passed on in the name of who asks', async () => {
  extension.healthy = true;
  await waitFor('Passed');
  assert.equal((await condition()).message, 'all checks passed');
  await ok('create -f -', flunder);
  const { user, groups, certificate } = extension.users.at(-1)!;
  assert.deepEqual([user, certificate], ['kubernetes-admin', 'front-proxy-client']);
  assert.deepEqual(groups, ['system:masters', 'system:authenticated']);
  assert.equal(await ok('get flunders -o name'), 'flunder.wardle.example.com/one\n');
  assert.equal(await ok('get fl one -o jsonpath={.metadata.namespace}'), 'default');
  assert.match(await refused('get flunder two'), /flunders.wardle.example.com "two" not found/);
  await ok('create serviceaccount nobody');
  assert.match(
    await refused('get flunders --as=system:serviceaccount:default:nobody'),
    /cannot list resource "flunders" in API group "wardle.example.com"/,
  );
});

test('discovery and OpenAPI tell of it', async () => {
  assert.match(
    await ok('api-resources --api-group=wardle.example.com'),
    /flunders +fl +wardle\.example\.com\/v1alpha1 +true +Flunder/,
  );
  const { groups } = JSON.parse(await ok('get --raw /apis'));
  const names = groups.map((each: { name: string }) => each.name);
  assert.ok(names.indexOf('wardle.example.com') > names.indexOf('apps'));
  assert.match(await ok('explain flunder'), /Flunder is what this server keeps/);
  const v2 = JSON.parse(await get('/openapi/v2'));
  assert.ok(v2.definitions['com.example.wardle.v1alpha1.Flunder']);
  assert.ok(v2.paths['/apis/wardle.example.com/v1alpha1/namespaces/{namespace}/flunders']);
});

test('watches and upgraded connections', async () => {
  const { admin, authority, server } = cluster;
  const target = { host: '127.0.0.1', port: server.port, ...admin, ca: authority.cert };
  const path = '/apis/wardle.example.com/v1alpha1/flunders?watch=1';
  const line = await new Promise<string>((resolve, reject) => {
    const outgoing = request({ ...target, path, agent: false }, response => {
      response.once('data', chunk => {
        resolve(String(chunk));
        response.destroy();
      });
      void ok('create -f -', flunder.replace('one', 'two')).catch(reject);
    });
    outgoing.on('error', reject).end();
  });
  assert.equal(JSON.parse(line).object.metadata.name, 'two');
  const echoed = await new Promise<string>((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'echo' };
    const outgoing = request({
      ...target,
      path: '/apis/wardle.example.com/v1alpha1/echo',
      headers,
      agent: false,
    });
    outgoing.on('upgrade', (_response, socket) => {
      socket.once('data', chunk => {
        resolve(String(chunk));
        socket.destroy();
      });
      socket.write('hello');
    });
    outgoing.on('error', reject).end();
  });
  assert.equal(echoed, 'hello');
});

test('components of the process watch it, too, and their bodies reach it whole', async () => {
  const transport = cluster.server.transport({ name: 'system:admin', groups: ['system:masters'] });
  const path = '/apis/wardle.example.com/v1alpha1/namespaces/default/flunders';
  const events = transport.watch({ method: 'GET', path: `${path}?watch=true` })[Symbol.asyncIterator]();
  const first = events.next();
  // The server tells of what is made after it has the watch.
  const { users } = extension;
  const asked = users.length;
  while (users.length === asked) await new Promise(resolve => setImmediate(resolve));
  const body = JSON.parse(flunder.replace('one', 'three'));
  await transport.request({ method: 'POST', path, body });
  const { value } = await first;
  assert.deepEqual([value.type, value.object.metadata.name], ['ADDED', 'three']);
  await events.return?.(undefined);
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };
  const gone = await transport.request<{ metadata: { name: string } }>({
    method: 'DELETE',
    path: `${path}/three`,
    body: options,
  });
  assert.equal(gone.metadata.name, 'three');
  const listed = await transport.request<{ kind: string }>({ method: 'GET', path });
  assert.equal(listed.kind, 'FlunderList');
});

test('it goes with its APIService', async () => {
  await ok(`delete apiservice ${name}`);
  const { groups } = JSON.parse(await ok('get --raw /apis'));
  assert.ok(!groups.some((each: { name: string }) => each.name === 'wardle.example.com'));
  assert.match(
    await refused('get --raw /apis/wardle.example.com/v1alpha1'),
    /could not find the requested resource/,
  );
});

test('custom resource definitions have an APIService as long as they are there', async () => {
  const definition = JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.custom.example.com' },
    spec: {
      group: 'custom.example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  });
  await ok('create -f -', definition);
  await ok('wait apiservice v1.custom.example.com --for=create --timeout=20s');
  const spec = JSON.parse(await ok('get apiservice v1.custom.example.com -o jsonpath={.spec}'));
  assert.deepEqual([spec.groupPriorityMinimum, spec.versionPriority], [1000, 100]);
  await ok('delete crd things.custom.example.com');
  await ok('wait apiservice v1.custom.example.com --for=delete --timeout=20s');
});
