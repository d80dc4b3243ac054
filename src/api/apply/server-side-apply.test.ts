import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManagedFieldsEntry } from '../generated/types.ts';
import type { JsonObject } from '../json.ts';
import { kindSchema } from '../schema/definitions.ts';
import type { ApiError } from '../status.ts';
import { FieldSet } from './field-set.ts';
import { applyConfiguration, type FieldManagement, trackUpdate } from './server-side-apply.ts';

const t1 = '2026-01-01T00:00:01Z';
const t2 = '2026-01-01T00:00:02Z';

interface Kind {
  apiVersion: string;
  kind: string;
}
const deployment: Kind = { apiVersion: 'apps/v1', kind: 'Deployment' };
const configMap: Kind = { apiVersion: 'v1', kind: 'ConfigMap' };
const service: Kind = { apiVersion: 'v1', kind: 'Service' };

function context({ apiVersion, kind }: Kind, manager: string, now = t1): FieldManagement {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const schema = kindSchema({ group: group!, version: version!, kind })!;
  return { schema, apiVersion, kind, manager, now };
}

/** Applies as `manager` and returns the object. */
async function apply(
  live: JsonObject | undefined,
  kind: Kind,
  manager: string,
  fields: object,
  more: Partial<FieldManagement> & { force?: boolean } = {},
): Promise<JsonObject> {
  const config = { ...kind, metadata: { name: 'x', namespace: 'default' }, ...fields } as JsonObject;
  const management = { ...context(kind, manager), force: false, ...more };
  return (await applyConfiguration(live, config, management)).object;
}

async function update(
  live: JsonObject | undefined,
  next: JsonObject,
  kind: Kind,
  manager: string,
  more: Partial<FieldManagement> = {},
): Promise<JsonObject> {
  const managedFields = await trackUpdate(live, next, { ...context(kind, manager), ...more });
  return { ...next, metadata: { ...(next.metadata as object), managedFields } };
}

/** Who owns what: `manager Operation` → fieldsV1. */
function owners(object: JsonObject): Record<string, unknown> {
  const entries = ((object.metadata as JsonObject).managedFields ?? []) as ManagedFieldsEntry[];
  return Object.fromEntries(
    entries.map(e => [`${e.manager} ${e.operation}${e.subresource ? ` ${e.subresource}` : ''}`, e.fieldsV1]),
  );
}

function spec(object: JsonObject): JsonObject {
  const { metadata: _, apiVersion: __, kind: ___, ...rest } = object;
  return rest;
}

test('the applier owns what it applies, but not the identity of the object', async () => {
  const object = await apply(undefined, configMap, 'a', {
    data: { key: 'v' },
    metadata: { name: 'x', labels: { l: '1' } },
  });
  assert.deepEqual((object.metadata as JsonObject).managedFields, [
    {
      manager: 'a',
      operation: 'Apply',
      apiVersion: 'v1',
      time: t1,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': { 'f:labels': { 'f:l': {} } }, 'f:data': { 'f:key': {} } },
    },
  ]);
});

test('what is no longer applied goes, what others own stays', async () => {
  let object = await apply(undefined, configMap, 'a', { data: { one: '1', two: '2' } });
  object = await apply(object, configMap, 'b', { data: { two: '2', three: '3' } });
  object = await apply(object, configMap, 'a', { data: {} });
  assert.deepEqual(spec(object), { data: { two: '2', three: '3' } });
  assert.deepEqual(owners(object), {
    'a Apply': { 'f:data': {} },
    'b Apply': { 'f:data': { 'f:three': {}, 'f:two': {} } },
  });
});

test('what nobody applied stays', async () => {
  let object = await apply(undefined, configMap, 'a', { data: { one: '1' } });
  object = await update(object, { ...object, data: { one: '1', manual: 'm' } }, configMap, 'edit');
  object = await apply(object, configMap, 'a', { data: { two: '2' } });
  assert.deepEqual(spec(object), { data: { manual: 'm', two: '2' } });
});

test('a field another manager set is a conflict, unless it has the value already', async () => {
  const object = await apply(undefined, configMap, 'a', { data: { key: 'v' } });
  await assert.rejects(apply(object, configMap, 'b', { data: { key: 'w' } }), (error: ApiError) => {
    assert.equal(error.code, 409);
    assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "a": .data.key');
    assert.deepEqual(error.status.details, {
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.data.key' }],
    });
    return true;
  });
  const shared = await apply(object, configMap, 'b', { data: { key: 'v' } });
  assert.deepEqual(Object.keys(owners(shared)), ['b Apply', 'a Apply']);
});

test('several conflicts are told by manager', async () => {
  let object = await apply(undefined, configMap, 'a', { data: { one: '1', two: '2' } });
  object = await update(object, { ...object, data: { one: '1', two: '2', three: '3' } }, configMap, 'edit');
  await assert.rejects(apply(object, configMap, 'b', { data: { one: 'x', two: 'x', three: 'x' } }), {
    message:
      'Apply failed with 3 conflicts: conflicts with "a":\n- .data.one\n- .data.two\nconflicts with "edit" using v1:\n- .data.three',
  });
});

test('force takes the field over', async () => {
  let object = await apply(undefined, configMap, 'a', { data: { one: '1', two: '2' } });
  object = await apply(object, configMap, 'b', { data: { one: 'x' } }, { force: true, now: t2 });
  assert.deepEqual(spec(object), { data: { one: 'x', two: '2' } });
  assert.deepEqual(owners(object), {
    'a Apply': { 'f:data': { 'f:two': {} } },
    'b Apply': { 'f:data': { 'f:one': {} } },
  });
});

test('an update takes the fields it changes and gives up those it removes', async () => {
  let object = await apply(undefined, configMap, 'a', { data: { one: '1', two: '2', three: '3' } });
  object = await update(object, { ...object, data: { one: 'x', two: '2' } }, configMap, 'edit', { now: t2 });
  assert.deepEqual(owners(object), {
    'a Apply': { 'f:data': { 'f:two': {} } },
    'edit Update': { 'f:data': { 'f:one': {} } },
  });
  await assert.rejects(apply(object, configMap, 'a', { data: { one: '1' } }), {
    message: 'Apply failed with 1 conflict: conflict with "edit" using v1: .data.one',
  });
});

test('an update that changes nothing leaves the entries as they are', async () => {
  const object = await update(
    undefined,
    { ...configMap, metadata: { name: 'x' }, data: { a: '1' } },
    configMap,
    'edit',
  );
  const again = await update(object, structuredClone(object), configMap, 'edit', { now: t2 });
  assert.deepEqual(again, object);
});

test('items of lists are owned one by one', async () => {
  const containers = (image: string) => ({ containers: [{ name: 'web', image }] });
  const fields = (image: string) => ({ spec: { selector: {}, template: { spec: containers(image) } } });
  let object = await apply(undefined, deployment, 'a', fields('1'));
  const sidecar = { spec: { template: { spec: { containers: [{ name: 'sidecar', image: 's' }] } } } };
  object = await apply(object, deployment, 'b', sidecar);
  const names = (each: JsonObject) =>
    (each.spec as { template: { spec: { containers: { name: string; image: string }[] } } }).template.spec
      .containers;
  assert.deepEqual(names(object), [
    { name: 'web', image: '1' },
    { name: 'sidecar', image: 's' },
  ]);
  await assert.rejects(apply(object, deployment, 'b', fields('2')), {
    message:
      'Apply failed with 1 conflict: conflict with "a": .spec.template.spec.containers[name="web"].image',
  });
  object = await apply(object, deployment, 'a', { spec: { selector: {} } });
  assert.deepEqual(names(object), [{ name: 'sidecar', image: 's' }]);
});

test('an item of two appliers goes with the last of them', async () => {
  const port = (more: object) => ({ spec: { ports: [{ port: 80, protocol: 'TCP', ...more }] } });
  let object = await apply(undefined, service, 'a', port({ name: 'http' }));
  object = await apply(object, service, 'b', port({ targetPort: 8080 }));
  object = await apply(object, service, 'a', {});
  assert.deepEqual(spec(object), { spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }] } });
  object = await apply(object, service, 'b', {});
  assert.deepEqual(spec(object), {});
});

test('keys that are left out count as their default', async () => {
  let object = await apply(undefined, service, 'a', { spec: { ports: [{ port: 80 }] } });
  assert.deepEqual(owners(object)['a Apply'], {
    'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } },
  });
  object = await update(
    object,
    { ...object, spec: { ports: [{ port: 80, protocol: 'TCP' }] } },
    service,
    'default',
  );
  object = await apply(object, service, 'a', { spec: { ports: [{ port: 81 }] } });
  assert.deepEqual(spec(object), { spec: { ports: [{ port: 81 }] } });
});

test('atomic lists and maps have one owner', async () => {
  const object = await apply(undefined, service, 'a', { spec: { selector: { app: 'x' } } });
  await assert.rejects(apply(object, service, 'b', { spec: { selector: { tier: 'y' } } }), {
    message: 'Apply failed with 1 conflict: conflict with "a": .spec.selector',
  });
});

test('items keep an order that both lists agree with', async () => {
  const ports = (...numbers: number[]) => ({ spec: { ports: numbers.map(port => ({ port })) } });
  const numbers = (object: JsonObject) =>
    ((object.spec as JsonObject).ports as { port: number }[]).map(p => p.port);
  const rows: [live: number[], applied: number[], merged: number[]][] = [
    [
      [1, 2],
      [2, 3],
      [1, 2, 3],
    ],
    [
      [1, 2, 3],
      [3, 1],
      [2, 3, 1],
    ],
    [[1, 2], [3], [1, 2, 3]],
    [
      [1, 2, 3],
      [3, 2, 1],
      [3, 2, 1],
    ],
    [[], [1], [1]],
  ];
  for (const [live, applied, merged] of rows) {
    const object = await apply(undefined, service, 'a', ports(...live));
    const result = await apply(object, service, 'b', ports(...applied));
    assert.deepEqual(numbers(result), merged, `${live} with ${applied}`);
  }
});

test('a created object belongs to its creator, empty structs of every object to no one', async () => {
  const object = await update(
    undefined,
    {
      ...deployment,
      metadata: { name: 'x', labels: { app: 'x' }, uid: 'u' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'x' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } },
        template: {
          metadata: { labels: { app: 'x' } },
          spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
        },
      },
    },
    deployment,
    'kubectl-create',
  );
  assert.deepEqual(owners(object)['kubectl-create Update'], {
    'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
    'f:spec': {
      'f:replicas': {},
      'f:selector': {},
      'f:strategy': { 'f:type': {}, 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} } },
      'f:template': {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:containers': {
            'k:{"name":"c"}': {
              '.': {},
              'f:name': {},
              'f:image': {},
              'f:ports': {
                '.': {},
                'k:{"containerPort":80,"protocol":"TCP"}': {
                  '.': {},
                  'f:containerPort': {},
                  'f:protocol': {},
                },
              },
            },
          },
        },
      },
    },
  });
});

test('fields an endpoint does not take have no owner; a subresource has entries of its own', async () => {
  const ignored = FieldSet.of(['f:status']);
  let object = await apply(
    undefined,
    deployment,
    'a',
    { spec: { replicas: 2 }, status: { replicas: 9 } },
    { ignored },
  );
  assert.deepEqual(owners(object), { 'a Apply': { 'f:spec': { 'f:replicas': {} } } });
  const status = { ignored: FieldSet.of(['f:spec'], ['f:metadata']), subresource: 'status', now: t2 };
  object = await update(object, { ...object, status: { replicas: 1 } }, deployment, 'controller', status);
  assert.deepEqual(owners(object)['controller Update status'], { 'f:status': { 'f:replicas': {} } });
});

test('kubectl takes over from client-side apply by its annotation', async () => {
  const config = { data: { a: '1' } };
  const annotation = JSON.stringify({ ...configMap, metadata: { name: 'x' }, ...config });
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': annotation };
  const object = await update(
    undefined,
    { ...configMap, metadata: { name: 'x', annotations }, ...config },
    configMap,
    'kubectl-client-side-apply',
  );
  await assert.rejects(apply(object, configMap, 'other', { data: { a: '2' } }), { code: 409 });
  const taken = await apply(object, configMap, 'kubectl', { data: { a: '2' } });
  assert.deepEqual(spec(taken), { data: { a: '2' } });
  const written = (taken.metadata as { annotations: Record<string, string> }).annotations;
  assert.match(Object.values(written)[0]!, /"data":\{"a":"2"\}\}\n$/);
});

test('managedFields: reset by one empty entry, kept for clients that do not send them', async () => {
  const object = await apply(undefined, configMap, 'a', { data: { a: '1' } });
  const { managedFields, ...metadata } = object.metadata as JsonObject;
  const silent = await update(object, { ...object, metadata }, configMap, 'edit');
  assert.deepEqual((silent.metadata as JsonObject).managedFields, managedFields);
  const reset = await update(
    object,
    { ...object, metadata: { ...metadata, managedFields: [{}] } },
    configMap,
    'edit',
  );
  assert.equal((reset.metadata as JsonObject).managedFields, undefined);
});

test('old updaters are put together beyond ten', async () => {
  let object: JsonObject = { ...configMap, metadata: { name: 'x' }, data: {} };
  for (let i = 0; i < 13; i++) {
    const next = { ...object, data: { ...(object.data as object), [`k${i}`]: 'v' } };
    const now = `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`;
    object = await update(object, next, configMap, `m${i}`, { now });
  }
  const names = Object.keys(owners(object));
  assert.equal(names.length, 10);
  assert.ok(names.includes('ancient-changes Update'));
  assert.ok(!names.includes('m0 Update'));
});

const refused: [what: string, fields: object, code: number, message: RegExp][] = [
  [
    'managedFields',
    { metadata: { name: 'x', managedFields: [] } },
    400,
    /^metadata\.managedFields must be nil$/,
  ],
  [
    'another version',
    { apiVersion: 'v2' },
    400,
    /^Incorrect version specified in apply patch\. Specified patch version: v2, expected: apps\/v1$/,
  ],
  [
    'unknown field',
    { spec: { foo: 1 } },
    500,
    /^failed to create typed patch object \(default\/x; apps\/v1, Kind=Deployment\): \.spec\.foo: field not declared in schema$/,
  ],
  [
    'wrong type',
    { spec: { replicas: 'x' } },
    500,
    /\.spec\.replicas: expected numeric \(int or float\), got /,
  ],
  [
    'an item without its key',
    { spec: { template: { spec: { containers: [{ image: 'i' }] } } } },
    500,
    /\.spec\.template\.spec\.containers: element 0: associative list with keys has an element that omits key field "name" \(and doesn't have default value\)$/,
  ],
  [
    'an item twice',
    { spec: { template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } } },
    500,
    /\.spec\.template\.spec\.containers: duplicate entries for key \[name="a"\]$/,
  ],
];
for (const [what, fields, code, message] of refused) {
  test(`refused: ${what}`, async () => {
    await assert.rejects(apply(undefined, deployment, 'a', fields), (error: ApiError) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  });
}

/** Pseudo-random numbers from a seed, so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomConfig(next: (below: number) => number): object {
  const data: Record<string, string> = {};
  for (let i = next(4); i > 0; i--) data[`k${next(5)}`] = `v${next(3)}`;
  const labels: Record<string, string> = {};
  for (let i = next(3); i > 0; i--) labels[`l${next(3)}`] = `${next(2)}`;
  const finalizers = ['a/x', 'a/y', 'a/z'].filter(() => next(2) === 0);
  const metadata = { name: 'x', namespace: 'default', labels, ...(finalizers.length > 0 && { finalizers }) };
  return { metadata, data };
}

test('applying twice changes nothing', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = randomFrom(seed);
    let object = await apply(undefined, configMap, 'other', randomConfig(next));
    const config = randomConfig(next);
    object = await apply(object, configMap, 'a', config, { force: true });
    const again = await applyConfiguration(object, { ...configMap, ...config } as JsonObject, {
      ...context(configMap, 'a', t2),
      force: false,
    });
    assert.equal(again.changed, false, `seed ${seed}`);
    assert.deepEqual(again.object, object, `seed ${seed}`);
  }
});

test('appliers of disjoint fields never conflict, and their order does not matter', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = randomFrom(seed);
    const mine = {
      data: Object.fromEntries(Array.from({ length: next(4) }, () => [`a${next(5)}`, `${next(3)}`])),
    };
    const theirs = {
      data: Object.fromEntries(Array.from({ length: next(4) }, () => [`b${next(5)}`, `${next(3)}`])),
    };
    const one = await apply(await apply(undefined, configMap, 'a', mine), configMap, 'b', theirs);
    const two = await apply(await apply(undefined, configMap, 'b', theirs), configMap, 'a', mine);
    assert.deepEqual(spec(one), spec(two), `seed ${seed}`);
    assert.deepEqual(owners(one), owners(two), `seed ${seed}`);
  }
});

test('when all appliers let go, nothing of theirs is left', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = randomFrom(seed);
    let object = await apply(undefined, configMap, 'a', randomConfig(next));
    object = await apply(object, configMap, 'b', randomConfig(next), { force: true });
    object = await apply(object, configMap, 'a', {});
    object = await apply(object, configMap, 'b', {});
    assert.deepEqual(object, { ...configMap, metadata: { name: 'x', namespace: 'default' } }, `seed ${seed}`);
  }
});
