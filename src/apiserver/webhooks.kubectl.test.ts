import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { KubectlCluster } from './testing/kubectl.ts';
import { type Received, type Reply, WebhookServer } from './testing/webhook-server.ts';

let cluster: KubectlCluster;
let server: WebhookServer;
let caBundle: string;

before(async () => {
  cluster = await KubectlCluster.start();
  const serving = await cluster.authority.issue('CN=hook', ['127.0.0.1']);
  caBundle = Buffer.from(cluster.authority.cert).toString('base64');
  server = await WebhookServer.start(serving, allow);
});
after(async () => {
  await server.stop();
  await cluster.stop();
});
afterEach(async () => {
  await ok('delete mutatingwebhookconfigurations,validatingwebhookconfigurations --all');
  server.answer = allow;
  server.received.length = 0;
});

async function ok(args: string, input?: string): Promise<string> {
  const ran = await cluster.run(args.split(' '), input === undefined ? {} : { input });
  assert.equal(ran.code, 0, `kubectl ${args}: ${ran.stderr}`);
  return ran.stdout;
}

async function refused(args: string, input?: string): Promise<string> {
  const ran = await cluster.run(args.split(' '), input === undefined ? {} : { input });
  assert.notEqual(ran.code, 0, `kubectl ${args}: ${ran.stdout}`);
  return ran.stderr;
}

const respond = ({ body }: Received, response: object): Reply => ({
  body: {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: body.request.uid, ...response },
  },
});
const allow = (request: Received) => respond(request, { allowed: true });
const deny = (request: Received, message: string) =>
  respond(request, { allowed: false, status: { message, code: 403, reason: 'Forbidden' } });
const patched = (request: Received, ...operations: object[]) =>
  respond(request, {
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  });

const everyConfigMap = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['CREATE', 'UPDATE'],
  resources: ['configmaps'],
};

function webhook(name: string, rest: object = {}): object {
  return {
    name: `${name}.example.com`,
    clientConfig: { url: `${server.url}/${name}`, caBundle },
    rules: [everyConfigMap],
    sideEffects: 'None',
    admissionReviewVersions: ['v1', 'v1beta1'],
    timeoutSeconds: 5,
    ...rest,
  };
}

const configure = (kind: 'Mutating' | 'Validating', name: string, ...webhooks: object[]) =>
  ok(
    'apply -f -',
    JSON.stringify({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: `${kind}WebhookConfiguration`,
      metadata: { name },
      webhooks,
    }),
  );

const configMap = (name: string, data: object, labels: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', labels },
    data,
  });

test('a webhook refuses creation, update and patch, and is told about the request', async () => {
  await configure('Validating', 'v', webhook('deny'));
  server.answer = request =>
    request.body.request.object.data?.bad ? deny(request, 'the configmap contains bad data') : allow(request);
  const denied = 'admission webhook "deny.example.com" denied the request: the configmap contains bad data';
  assert.match(await refused('create -f -', configMap('bad', { bad: '1' })), new RegExp(denied));
  await ok('create -f -', configMap('good', { a: '1' }));
  assert.match(await refused(`patch cm good -p {"data":{"bad":"1"}}`), new RegExp(denied));
  assert.match(await refused('replace -f -', configMap('good', { bad: '1' })), new RegExp(denied));
  const { path, body } = server.received[1]!;
  const { request } = body;
  assert.equal(path, '/deny?timeout=5s');
  assert.deepEqual(
    {
      ...request,
      uid: typeof request.uid,
      object: request.object.metadata.name,
      userInfo: request.userInfo.username,
    },
    {
      uid: 'string',
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
      requestResource: { group: '', version: 'v1', resource: 'configmaps' },
      name: 'good',
      namespace: 'default',
      operation: 'CREATE',
      userInfo: 'kubernetes-admin',
      object: 'good',
      oldObject: null,
      dryRun: false,
      options: {
        kind: 'CreateOptions',
        apiVersion: 'meta.k8s.io/v1',
        fieldManager: 'kubectl-create',
        fieldValidation: 'Strict',
      },
    },
  );
  const update = server.received.at(-1)!.body.request;
  assert.deepEqual([update.operation, update.oldObject.data], ['UPDATE', { a: '1' }]);
});

test('webhooks change objects in order, by the names of their configurations', async () => {
  await configure('Mutating', 'b', webhook('second'));
  await configure('Mutating', 'a', webhook('first'));
  server.answer = request => {
    const { data } = request.body.request.object;
    const add = (key: string) => patched(request, { op: 'add', path: `/data/${key}`, value: 'yes' });
    if (request.path.startsWith('/first')) return data.start ? add('stage-1') : allow(request);
    return data['stage-1'] ? add('stage-2') : allow(request);
  };
  await ok('create -f -', configMap('staged', { start: 'yes' }));
  assert.equal(
    await ok('get cm staged -o jsonpath={.data}'),
    '{"stage-1":"yes","stage-2":"yes","start":"yes"}',
  );
});

test('what a webhook adds is completed with defaults', async () => {
  const rule = { ...everyConfigMap, resources: ['pods'], operations: ['CREATE'] };
  await configure('Mutating', 'm', webhook('init', { rules: [rule] }));
  const containers = [{ name: 'added', image: 'i', command: ['true'] }];
  server.answer = request => patched(request, { op: 'add', path: '/spec/initContainers', value: containers });
  await ok('create serviceaccount web');
  const overrides = JSON.stringify({ spec: { serviceAccountName: 'web' } });
  await ok(`run web --image=i --overrides=${overrides}`);
  const shown = await ok('get pod web -o jsonpath={.spec.initContainers[0].terminationMessagePolicy}');
  assert.equal(shown, 'File');
  await ok('delete pod web --force --grace-period=0');
});

test('a webhook before another that changes the object is asked again, where it wants to be', async () => {
  const again = { reinvocationPolicy: 'IfNeeded' };
  await configure('Mutating', 'm', webhook('early', again), webhook('once'), webhook('late'));
  server.answer = request => {
    const name = request.path.split(/[/?]/)[1]!;
    const { data } = request.body.request.object;
    if (name === 'late') return patched(request, { op: 'add', path: '/data/late', value: '1' });
    if (name === 'early' && data.late)
      return patched(request, { op: 'add', path: '/data/early', value: '2' });
    return allow(request);
  };
  await ok('create -f -', configMap('again', { a: '1' }));
  assert.equal(await ok('get cm again -o jsonpath={.data}'), '{"a":"1","early":"2","late":"1"}');
  const asked = server.received.map(({ path }) => path.split(/[/?]/)[1]);
  assert.deepEqual(asked, ['early', 'once', 'late', 'early']);
});

test('selectors of namespaces and objects, and a namespace that is let off', async () => {
  await ok('create namespace free');
  await ok('label namespace free hooks=off');
  const namespaceSelector = { matchExpressions: [{ key: 'hooks', operator: 'NotIn', values: ['off'] }] };
  await configure(
    'Validating',
    'v',
    webhook('ns', { namespaceSelector }),
    webhook('object', { objectSelector: { matchLabels: { checked: 'yes' } } }),
  );
  server.answer = request => deny(request, request.path);
  await ok('create cm -n free one');
  assert.match(await refused('create cm one'), /"ns.example.com" denied/);
  assert.match(
    await refused('create -n free -f -', configMap('two', {}, { checked: 'yes' }).replace('default', 'free')),
    /"object.example.com" denied/,
  );
});

test('time-outs, and what comes of a webhook that cannot be asked', async () => {
  await configure('Validating', 'v', webhook('slow', { timeoutSeconds: 1 }));
  server.answer = () => ({ body: undefined });
  assert.match(
    await refused('create cm slow'),
    /Internal error occurred: failed calling webhook "slow\.example\.com": failed to call webhook: Post "https:\/\/127\.0\.0\.1:\d+\/slow\?timeout=1s": context deadline exceeded/,
  );
  await configure('Validating', 'v', webhook('slow', { timeoutSeconds: 1, failurePolicy: 'Ignore' }));
  await ok('create cm slow');
  const unsigned = { url: `${server.url}/x` };
  await configure('Validating', 'v', webhook('closed', { clientConfig: unsigned }));
  assert.match(
    await refused('create cm closed'),
    /failed calling webhook "closed\.example\.com".*certificate signed by unknown authority/,
  );
  const service = { namespace: 'default', name: 'nobody', path: '/x' };
  await configure('Validating', 'v', webhook('gone', { clientConfig: { service, caBundle } }));
  assert.match(
    await refused('create cm gone'),
    /Post "https:\/\/nobody\.default\.svc:443\/x\?timeout=5s": service "nobody" not found/,
  );
});

test('deletion, deletion of a collection, warnings and dry runs', async () => {
  await ok('create cm one');
  await ok('create cm two');
  const rule = { ...everyConfigMap, operations: ['DELETE'] };
  await configure('Validating', 'v', webhook('delete', { rules: [rule] }));
  server.answer = request => deny(request, 'keep it');
  assert.match(await refused('delete cm one'), /denied the request: keep it/);
  const { object, oldObject, options } = server.received.at(-1)!.body.request;
  assert.deepEqual([object, oldObject.metadata.name, options.kind], [null, 'one', 'DeleteOptions']);
  assert.match(
    await refused('delete --raw /api/v1/namespaces/default/configmaps'),
    /denied the request: keep it/,
  );
  server.answer = request => respond(request, { allowed: true, warnings: ['think twice'] });
  const ran = await cluster.run(['delete', 'cm', 'one', '--dry-run=server']);
  assert.match(ran.stderr, /Warning: think twice/);
  assert.equal(server.received.at(-1)!.body.request.dryRun, true);
  assert.equal(await ok('get cm one -o name'), 'configmap/one\n');
});

test('webhooks are not asked about their own configurations', async () => {
  const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] };
  await configure('Validating', 'v', webhook('all', { rules: [rule] }));
  server.answer = request => deny(request, 'no');
  assert.match(await refused('create cm any'), /denied the request: no/);
  await ok('annotate validatingwebhookconfiguration v a=b');
  await ok('delete validatingwebhookconfiguration v');
  await ok('create cm any');
});

test('a rule for one version of a resource holds for the others, in its own form', async () => {
  const rule = {
    apiGroups: ['autoscaling'],
    apiVersions: ['v1'],
    operations: ['CREATE'],
    resources: ['horizontalpodautoscalers'],
  };
  await configure('Mutating', 'm', webhook('hpa', { rules: [rule] }));
  server.answer = request => patched(request, { op: 'replace', path: '/spec/maxReplicas', value: 7 });
  const metric = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
  };
  const scaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      metrics: [metric],
    },
  };
  await ok('create -f -', JSON.stringify(scaler));
  const { kind, requestKind, object } = server.received[0]!.body.request;
  assert.deepEqual([kind.version, requestKind.version], ['v1', 'v2']);
  assert.equal(object.spec.targetCPUUtilizationPercentage, 50);
  assert.equal(
    await ok('get hpa web -o jsonpath={.spec.maxReplicas}{.spec.metrics[0].resource.name}'),
    '7cpu',
  );
  await configure('Mutating', 'm', webhook('hpa', { rules: [rule], matchPolicy: 'Exact' }));
  server.received.length = 0;
  await ok('create -f -', JSON.stringify({ ...scaler, metadata: { name: 'other' } }));
  assert.equal(server.received.length, 0);
});

test('connections and subresources of their own kinds', async () => {
  const rule = {
    apiGroups: ['', 'apps'],
    apiVersions: ['v1'],
    operations: ['CONNECT', 'CREATE', 'UPDATE'],
    resources: ['pods/attach', 'pods/exec', 'pods/eviction', 'deployments/scale', 'deployments'],
  };
  await ok('run target --image=i --overrides={"spec":{"serviceAccountName":"web","nodeName":"n"}}');
  await ok('create deployment web --image=i');
  await configure('Validating', 'v', webhook('connect', { rules: [rule] }));
  server.answer = request => deny(request, "attaching to pod 'target' is not allowed");
  assert.match(await refused('attach -i -c target target'), /attaching to pod 'target' is not allowed/);
  const attach = server.received.at(-1)!.body.request;
  assert.deepEqual(
    [attach.operation, attach.kind.kind, attach.subResource, attach.object.container, attach.name],
    ['CONNECT', 'PodAttachOptions', 'attach', 'target', 'target'],
  );
  assert.match(await refused('exec target -- ls -l'), /denied the request/);
  assert.deepEqual(server.received.at(-1)!.body.request.object.command, ['ls', '-l']);
  assert.match(await refused('scale deployment web --replicas=5'), /denied the request/);
  const scale = server.received.at(-1)!.body.request;
  assert.deepEqual(
    [scale.kind.kind, scale.subResource, scale.object.spec.replicas, scale.oldObject.spec.replicas],
    ['Scale', 'scale', 5, 1],
  );
  assert.equal(await ok('get deployment web -o jsonpath={.spec.replicas}'), '1');
});

test('match conditions: who is let off, what fails, and expressions that do not compile', async () => {
  const skip = { name: 'skip-me', expression: "object.metadata.name != 'skip-me'" };
  await configure('Mutating', 'm', webhook('cel', { matchConditions: [skip] }));
  server.answer = request => patched(request, { op: 'add', path: '/data/touched', value: 'yes' });
  await ok('create -f -', configMap('skip-me', { a: '1' }));
  await ok('create -f -', configMap('touch-me', { a: '1' }));
  assert.equal(await ok('get cm skip-me -o jsonpath={.data}'), '{"a":"1"}');
  assert.equal(await ok('get cm touch-me -o jsonpath={.data}'), '{"a":"1","touched":"yes"}');
  const failing = { name: 'fails', expression: 'object.nothing.here == true' };
  await configure('Mutating', 'm', webhook('cel', { matchConditions: [failing] }));
  assert.match(
    await refused('create cm fails'),
    /configmaps "fails" is forbidden: expression 'object\.nothing\.here == true' resulted in error: no such key: nothing/,
  );
  await configure('Mutating', 'm', webhook('cel', { matchConditions: [failing], failurePolicy: 'Ignore' }));
  await ok('create cm fails');
  const wrong = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'wrong' },
    webhooks: [webhook('wrong', { matchConditions: [{ name: 'x', expression: '... [] bad expression' }] })],
  };
  assert.match(
    await refused('create -f -', JSON.stringify(wrong)),
    /webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: .*compilation failed/s,
  );
});
