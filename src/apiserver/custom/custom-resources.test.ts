import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { refusal, startApi, type TestApi } from '../testing/api.ts';
import { crontabs, cronVersion } from '../testing/custom.ts';

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const crd = `${crds}/crontabs.stable.example.com`;
const path = (version = 'v1') => `/apis/stable.example.com/${version}/namespaces/default/crontabs`;

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

/** Creates a definition and resolves when its conditions are written. */
async function define(definition: object): Promise<void> {
  await api.post(crds, definition);
  await settled();
}

/** Lets the definitions' controller work off what it has. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
}

function cron(name: string, spec: object = {}, version = 'v1') {
  return { apiVersion: `stable.example.com/${version}`, kind: 'CronTab', metadata: { name }, spec };
}

function withVersions(...versions: object[]) {
  const definition = crontabs();
  return { ...definition, spec: { ...definition.spec, versions } };
}

const messageOf = async (request: Promise<unknown>) => (await refusal(request)).message;

test('defaults are set, unknown fields dropped and warned of', async () => {
  await define(crontabs());
  const made = await api.post(path(), cron('a', { cronSpec: '*', extra: 1 }));
  assert.deepEqual(made.spec, { cronSpec: '*', replicas: 1 });
  assert.equal(made.metadata.generation, 1);
  const strict = await refusal(api.post(`${path()}?fieldValidation=Strict`, cron('b', { extra: 1 })));
  assert.equal(strict.code, 400);
  assert.match(strict.message, /strict decoding error: unknown field "spec.extra"/);
});

test('what the schema refuses is 422 with the words of upstream', async () => {
  await define(crontabs());
  const refused = await refusal(api.post(path(), cron('a', { replicas: -1, image: 5 })));
  assert.equal(refused.code, 422);
  assert.equal(
    refused.message,
    'CronTab.stable.example.com "a" is invalid: [spec.image: Invalid value: "integer": spec.image in body must be of type string: "integer", spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0]',
  );
  const kind = { ...cron('a'), kind: 'Cron' };
  assert.match(await messageOf(api.post(path(), kind)), /kind: Invalid value: "Cron": must be CronTab/);
});

test('spec and status are changed apart from each other', async () => {
  await define(crontabs());
  const made = await api.post(path(), { ...cron('a', { cronSpec: '*' }), status: { replicas: 7 } });
  assert.equal(made.status, undefined);
  const status = await api.patch(`${path()}/a/status`, { status: { replicas: 3 }, spec: { cronSpec: 'no' } });
  assert.deepEqual(
    [status.status, status.spec.cronSpec, status.metadata.generation],
    [{ replicas: 3 }, '*', 1],
  );
  const spec = await api.patch(`${path()}/a`, { status: { replicas: 9 }, spec: { cronSpec: 'yes' } });
  assert.deepEqual([spec.status, spec.spec.cronSpec, spec.metadata.generation], [{ replicas: 3 }, 'yes', 2]);
  const labelled = await api.patch(`${path()}/a`, { metadata: { labels: { a: 'b' } } });
  assert.equal(labelled.metadata.generation, 2);
});

test('scale reads and writes where the definition says', async () => {
  await define(crontabs());
  await api.post(path(), cron('a', { replicas: 2 }));
  await api.patch(`${path()}/a/status`, { status: { replicas: 1, labelSelector: 'a=b' } });
  const scale = await api.get(`${path()}/a/scale`);
  assert.deepEqual([scale.spec, scale.status], [{ replicas: 2 }, { replicas: 1, selector: 'a=b' }]);
  const scaled = await api.patch(`${path()}/a/scale`, { spec: { replicas: 5 } });
  assert.equal(scaled.spec.replicas, 5);
  const { spec, metadata } = await api.get(`${path()}/a`);
  assert.deepEqual([spec.replicas, metadata.generation], [5, 2]);
});

test('rules in CEL refuse what they are not true of', async () => {
  const rules = [
    {
      rule: 'self.min <= self.max',
      messageExpression: '"min " + string(self.min) + " is above max"',
      fieldPath: '.min',
    },
    {
      rule: '!has(oldSelf.fixed) || self.fixed == oldSelf.fixed',
      message: 'fixed is immutable',
      reason: 'FieldValueForbidden',
    },
  ];
  const integer = { type: 'integer' };
  const spec = {
    type: 'object',
    properties: { min: integer, max: integer, fixed: integer },
    'x-kubernetes-validations': rules,
  };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  await define(withVersions(cronVersion('v1', { schema, subresources: {} })));
  assert.equal(
    await messageOf(api.post(path(), cron('a', { min: 3, max: 2 }))),
    'CronTab.stable.example.com "a" is invalid: spec.min: Invalid value: "object": min 3 is above max',
  );
  await api.post(path(), cron('a', { min: 1, max: 2, fixed: 1 }));
  assert.equal(
    await messageOf(api.patch(`${path()}/a`, { spec: { fixed: 2 } })),
    'CronTab.stable.example.com "a" is invalid: spec: Forbidden: fixed is immutable',
  );
});

test('a definition with a rule that cannot be compiled is refused', async () => {
  const spec = { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.nothing == 1' }] };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  const message = await messageOf(api.post(crds, withVersions(cronVersion('v1', { schema }))));
  assert.match(
    message,
    /spec.validation.openAPIV3Schema.properties\[spec\].x-kubernetes-validations\[0\].rule: Invalid value: .*: compilation failed: ERROR: <input>:1:5: undefined field 'nothing'/,
  );
});

test('a default that comes later shows on what is stored', async () => {
  await define(crontabs());
  await api.post(path(), cron('a', { cronSpec: '*' }));
  await api.patch(
    crd,
    [
      {
        op: 'add',
        path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/image/default',
        value: 'img',
      },
    ],
    'application/json-patch+json',
  );
  const [listed] = (await api.get(path())).items;
  const read = await api.get(`${path()}/a`);
  assert.deepEqual([listed.spec.image, read.spec.image], ['img', 'img']);
  const made = await api.post(path(), cron('b', {}));
  assert.equal(made.spec.image, 'img');
  await api.patch(
    crd,
    [
      {
        op: 'remove',
        path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/image/default',
      },
    ],
    'application/json-patch+json',
  );
  assert.deepEqual(
    (await api.get(path())).items.map((item: { spec: { image?: string } }) => item.spec.image),
    [undefined, 'img'],
  );
});

test('several versions show the same objects', async () => {
  await define(
    withVersions(
      cronVersion('v1beta1', { storage: false, deprecated: true }),
      cronVersion('v1', {}, { newer: { type: 'string' } }),
    ),
  );
  await api.post(path('v1beta1'), cron('a', { cronSpec: '*' }, 'v1beta1'));
  const read = await api.get(`${path()}/a`);
  assert.equal(read.apiVersion, 'stable.example.com/v1');
  await api.patch(`${path()}/a`, { spec: { newer: 'x' } });
  const old = await api.get(`${path('v1beta1')}/a`);
  assert.deepEqual([old.apiVersion, old.spec.newer], ['stable.example.com/v1beta1', undefined]);
  const groups = await api.get('/apis/stable.example.com');
  assert.equal(groups.preferredVersion.version, 'v1');
  const { storedVersions } = (await api.get(crd)).status;
  assert.deepEqual(storedVersions, ['v1']);
});

test('selectable fields select', async () => {
  await define(withVersions(cronVersion('v1', { selectableFields: [{ jsonPath: '.spec.image' }] })));
  await api.post(path(), cron('a', { image: 'x' }));
  await api.post(path(), cron('b', { image: 'y' }));
  const { items } = await api.get(`${path()}?fieldSelector=spec.image%3Dy`);
  assert.deepEqual(
    items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['b'],
  );
  const refused = await refusal(api.get(`${path()}?fieldSelector=spec.cronSpec%3Dy`));
  assert.deepEqual([refused.code, refused.message], [400, 'field label not supported: spec.cronSpec']);
});

test('names that another definition has are not accepted until it goes', async () => {
  await define(crontabs());
  await define(crontabs('others', 'CronTab'));
  const others = `${crds}/others.stable.example.com`;
  const conditions = (object: {
    status: { conditions: { type: string; status: string; reason: string }[] };
  }) => object.status.conditions.map(each => `${each.type}=${each.status} ${each.reason}`);
  assert.deepEqual(conditions(await api.get(others)), [
    'NamesAccepted=False ListKindConflict',
    'Established=False NotAccepted',
  ]);
  assert.equal((await refusal(api.get('/apis/stable.example.com/v1/others'))).code, 404);
  await api.delete(crd);
  await settled();
  assert.deepEqual(conditions(await api.get(others)), [
    'NamesAccepted=True NoConflicts',
    'Established=True InitialNamesAccepted',
  ]);
});

test('a definition stays until the finalizers of its objects are worked off', async () => {
  await define(crontabs());
  const held = { ...cron('a'), metadata: { name: 'a', finalizers: ['example.com/hold'] } };
  await api.post(path(), held);
  const going = await api.delete(crd);
  assert.deepEqual(going.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
  await settled();
  const { status } = await api.get(crd);
  assert.equal(status.conditions.at(-1).reason, 'InstanceDeletionInProgress');
  const refused = await refusal(api.post(path(), cron('b')));
  assert.deepEqual(
    [refused.code, refused.message],
    [405, 'create not allowed while custom resource definition is terminating'],
  );
  await api.patch(`${path()}/a`, { metadata: { finalizers: null } });
  await settled();
  assert.equal((await refusal(api.get(crd))).code, 404);
  assert.equal((await refusal(api.get(path()))).code, 404);
  assert.equal((await refusal(api.get('/apis/stable.example.com'))).code, 404);
});

test('server-side apply merges lists as the schema says', async () => {
  const items = {
    type: 'object',
    properties: { name: { type: 'string' }, port: { type: 'integer' } },
    required: ['name'],
  };
  const ports = {
    type: 'array',
    items,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  };
  const tags = { type: 'array', items: { type: 'string' } };
  await define(withVersions(cronVersion('v1', {}, { ports, tags })));
  const apply = (manager: string, spec: object) =>
    api.patch(`${path()}/a?fieldManager=${manager}`, cron('a', spec), 'application/apply-patch+yaml');
  await apply('one', { ports: [{ name: 'http', port: 80 }], tags: ['a'] });
  const both = await apply('two', { ports: [{ name: 'https', port: 443 }] });
  assert.deepEqual(both.spec.ports, [
    { name: 'http', port: 80 },
    { name: 'https', port: 443 },
  ]);
  const refused = await refusal(apply('two', { tags: ['b'] }));
  assert.deepEqual([refused.code, refused.message.includes('conflict with "one": .spec.tags')], [409, true]);
  const owners = both.metadata.managedFields.map((each: { manager: string }) => each.manager);
  assert.deepEqual(owners, ['one', 'two']);
});

test('strategic merge patches are not taken', async () => {
  await define(crontabs());
  await api.post(path(), cron('a'));
  const refused = await refusal(api.patch(`${path()}/a`, {}, 'application/strategic-merge-patch+json'));
  assert.equal(refused.code, 415);
  assert.equal(
    refused.message,
    'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
  );
});

test('embedded objects say what they are, and their metadata is metadata', async () => {
  const template = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  };
  await define(withVersions(cronVersion('v1', {}, { template })));
  const refused = await messageOf(
    api.post(path(), cron('a', { template: { metadata: { labels: { 'no label': '' } } } })),
  );
  assert.match(
    refused,
    /spec.template.apiVersion: Required value: must not be empty, spec.template.kind: Required value/,
  );
  assert.match(refused, /spec.template.metadata.labels: Invalid value: "no label"/);
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', nonsense: 1 }, spec: { any: 'thing' } };
  const made = await api.post(path(), cron('a', { template: pod }));
  assert.deepEqual(made.spec.template, { ...pod, metadata: { name: 'p' } });
});

test('metadata alone is to be had in protobuf, the objects are not', async () => {
  await define(crontabs());
  await api.post(path(), cron('a'));
  const get = (accept: string) =>
    api.server.handle({
      method: 'GET',
      path: path(),
      query: new URLSearchParams(),
      headers: { accept },
      body: { kind: 'none' },
      signal: AbortSignal.timeout(10_000),
      user: { name: 'admin', groups: ['system:masters'] },
      inProcess: false,
      remoteAddress: '',
    });
  const protobuf = 'application/vnd.kubernetes.protobuf';
  const metadata = await get(`${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`);
  assert.deepEqual([metadata.status, metadata.headers['content-type']], [200, protobuf]);
  const either = await get(`${protobuf},application/json`);
  assert.deepEqual([either.status, either.headers['content-type']], [200, 'application/json']);
  assert.equal((await get(protobuf)).status, 406);
});

test('watches end when the definition changes, and when it goes', async () => {
  await define(crontabs());
  const watched = async () => {
    const types: string[] = [];
    for await (const { type } of api.admin.watch({ method: 'GET', path: `${path()}?watch=1` }))
      types.push(type);
    return types;
  };
  const changed = watched();
  await api.post(path(), cron('a'));
  await api.patch(crd, { spec: { names: { shortNames: ['cron'] } } });
  assert.deepEqual(await changed, ['ADDED']);
  const gone = watched();
  await settled();
  await api.delete(crd);
  assert.deepEqual(await gone, ['ADDED', 'DELETED']);
});

test("a definition of a resource that is built in touches none of the server's objects", async () => {
  const made = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'a' },
    spec: { controller: 'a/b' },
  };
  const classes = '/apis/networking.k8s.io/v1/ingressclasses';
  await api.post(classes, made);
  const definition = crontabs('ingressclasses', 'IngressClass', 'networking.k8s.io');
  const annotations = { 'api-approved.kubernetes.io': 'unapproved, for a test' };
  const spec = { ...definition.spec, scope: 'Cluster', versions: [cronVersion('v1beta1')] };
  await define({ ...definition, metadata: { ...definition.metadata, annotations }, spec });
  const own = `${crds}/ingressclasses.networking.k8s.io`;
  const { conditions } = (await api.get(own)).status;
  assert.equal(conditions.at(-1).reason, 'UnapprovedAnnotation');
  assert.equal((await refusal(api.get('/apis/networking.k8s.io/v1beta1/ingressclasses'))).code, 404);
  await api.delete(own);
  await settled();
  assert.equal((await refusal(api.get(own))).code, 404);
  assert.equal((await api.get(classes)).items.length, 1);
});

test('a deprecated version warns', async () => {
  const deprecated = cronVersion('v1beta1', { storage: false, deprecated: true });
  const told = cronVersion('v1alpha1', {
    storage: false,
    deprecated: true,
    deprecationWarning: 'Gone soon.',
  });
  await define(withVersions(deprecated, told, cronVersion('v1')));
  const warning = async (version: string) => {
    const { headers } = await api.server.handle({
      method: 'GET',
      path: path(version),
      query: new URLSearchParams(),
      headers: {},
      body: { kind: 'none' },
      signal: AbortSignal.timeout(10_000),
      user: { name: 'admin', groups: ['system:masters'] },
      inProcess: false,
      remoteAddress: '',
    });
    return String(headers.warning ?? '');
  };
  assert.match(await warning('v1beta1'), /299 - "stable.example.com\/v1beta1 CronTab is deprecated"/);
  assert.match(await warning('v1alpha1'), /299 - "Gone soon."/);
  assert.equal(await warning('v1'), '');
});
