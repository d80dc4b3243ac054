import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionSchema, kindSchema } from '../schema/definitions.ts';
import type { ApiError } from '../status.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

const podSpec = definitionSchema('core.v1.PodSpec')!;
const meta = definitionSchema('meta.v1.ObjectMeta')!;
const deployment = definitionSchema('apps.v1.DeploymentSpec')!;
const container = definitionSchema('core.v1.Container')!;

const rows: [what: string, schema: typeof podSpec, target: unknown, patch: unknown, result: unknown][] = [
  ['scalars replace', podSpec, { nodeName: 'a' }, { nodeName: 'b' }, { nodeName: 'b' }],
  ['null deletes', podSpec, { nodeName: 'a' }, { nodeName: null, hostname: null }, {}],
  [
    'maps merge',
    meta,
    { labels: { a: '1', b: '2' } },
    { labels: { b: null, c: '3' } },
    { labels: { a: '1', c: '3' } },
  ],
  [
    'items with the same key merge, new ones come first in the patch order',
    podSpec,
    {
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ],
    },
    {
      containers: [
        { name: 'c', image: '1' },
        { name: 'a', image: '2' },
      ],
    },
    {
      containers: [
        { name: 'c', image: '1' },
        { name: 'a', image: '2' },
        { name: 'b', image: '1' },
      ],
    },
  ],
  [
    'deleted by directive',
    podSpec,
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { containers: [{ $patch: 'delete', name: 'a' }] },
    { containers: [{ name: 'b' }] },
  ],
  [
    'list replaced by directive',
    podSpec,
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { containers: [{ name: 'c' }, { $patch: 'replace' }] },
    { containers: [{ name: 'c' }] },
  ],
  [
    'map replaced by directive',
    podSpec,
    { securityContext: { runAsUser: 1, fsGroup: 2 } },
    { securityContext: { $patch: 'replace', runAsUser: 3 } },
    { securityContext: { runAsUser: 3 } },
  ],
  [
    'map emptied by directive',
    podSpec,
    { securityContext: { runAsUser: 1 } },
    { securityContext: { $patch: 'delete' } },
    { securityContext: {} },
  ],
  ['atomic lists replace', container, { args: ['a', 'b'] }, { args: ['c'] }, { args: ['c'] }],
  [
    'tolerations replace',
    podSpec,
    { tolerations: [{ key: 'a' }] },
    { tolerations: [{ key: 'b' }] },
    { tolerations: [{ key: 'b' }] },
  ],
  [
    'primitives merge without repetition',
    meta,
    { finalizers: ['a', 'b'] },
    { finalizers: ['b', 'c'] },
    { finalizers: ['a', 'b', 'c'] },
  ],
  [
    'primitives deleted by directive',
    meta,
    { finalizers: ['a', 'b', 'c'] },
    { '$deleteFromPrimitiveList/finalizers': ['b'] },
    { finalizers: ['a', 'c'] },
  ],
  [
    'primitives ordered by directive',
    meta,
    { finalizers: ['a', 'b', 'x'] },
    { '$setElementOrder/finalizers': ['c', 'b', 'a'], finalizers: ['c'] },
    { finalizers: ['c', 'b', 'a', 'x'] },
  ],
  [
    'items ordered by directive, others keep their place',
    podSpec,
    { containers: [{ name: 'a' }, { name: 'x' }, { name: 'b' }] },
    {
      '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
      containers: [{ name: 'a', image: '2' }],
    },
    { containers: [{ name: 'x' }, { name: 'b' }, { name: 'a', image: '2' }] },
  ],
  [
    'order alone',
    podSpec,
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
    { containers: [{ name: 'b' }, { name: 'a' }] },
  ],
  [
    'order and deletion, as kubectl apply sends them',
    podSpec,
    { containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }] }, { name: 'b' }] },
    {
      '$setElementOrder/containers': [{ name: 'a' }],
      containers: [
        {
          '$setElementOrder/ports': [{ containerPort: 81 }],
          name: 'a',
          ports: [{ containerPort: 81 }, { $patch: 'delete', containerPort: 80 }],
        },
        { $patch: 'delete', name: 'b' },
      ],
    },
    { containers: [{ name: 'a', ports: [{ containerPort: 81 }] }] },
  ],
  [
    'a volume keeps only the keys named',
    podSpec,
    { volumes: [{ name: 'v', emptyDir: {} }] },
    { volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { path: '/x' } }] },
    { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
  ],
  [
    'a strategy keeps only the keys named',
    deployment,
    { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    { strategy: { type: 'Recreate' } },
  ],
  [
    'node selectors of a pod merge',
    podSpec,
    { nodeSelector: { a: '1' } },
    { nodeSelector: { b: '2' } },
    { nodeSelector: { a: '1', b: '2' } },
  ],
  [
    'what is new comes without nulls and directives',
    podSpec,
    {},
    {
      '$setElementOrder/volumes': [{ name: 'v' }],
      volumes: [{ $retainKeys: ['name', 'emptyDir'], name: 'v', emptyDir: { medium: null } }],
      securityContext: { $patch: 'replace', runAsUser: 1 },
      '$deleteFromPrimitiveList/readinessGates': ['x'],
    },
    { volumes: [{ name: 'v', emptyDir: {} }], securityContext: { runAsUser: 1 } },
  ],
  [
    'a new item comes without directives',
    podSpec,
    { volumes: [{ name: 'a' }] },
    { volumes: [{ $retainKeys: ['name', 'emptyDir'], name: 'b', emptyDir: {} }] },
    { volumes: [{ name: 'b', emptyDir: {} }, { name: 'a' }] },
  ],
  ['another type replaces', podSpec, { affinity: {} }, { affinity: 'x' }, { affinity: 'x' }],
];
for (const [what, schema, target, patch, result] of rows) {
  test(what, () => {
    const before = JSON.stringify([target, patch]);
    assert.deepEqual(strategicMergePatch(target, patch, schema), result);
    assert.equal(JSON.stringify([target, patch]), before);
  });
}

const refused: [patch: unknown, code: number, message: string][] = [
  [[], 400, 'invalid JSON document'],
  [{ containers: [{ image: 'x' }] }, 500, 'map: map[image:x] does not contain declared merge key: name'],
  [
    { containers: [{ $patch: 'delete' }] },
    500,
    'map: map[$patch:delete] does not contain declared merge key: name',
  ],
  [
    { containers: [{ $patch: 'foo', name: 'a' }] },
    500,
    'unknown patch type: foo in map: map[$patch:foo name:a]',
  ],
  [
    { containers: [{ $patch: 'merge', name: 'a' }] },
    500,
    'merging lists cannot yet be specified in the patch',
  ],
  [{ securityContext: { $patch: 'x' } }, 500, 'unknown patch type: x in map: map[$patch:x]'],
  [{ containers: ['a'] }, 500, 'list element types are not identical: [[map[name:a]] [a]]'],
  [{ containers: [[]] }, 422, 'the server rejected our request due to an error in our request'],
  [{ volumes: [{ $retainKeys: 'x', name: 'v' }] }, 400, 'invalid patch format of retainKeys'],
  [
    { volumes: [{ $retainKeys: ['name'], name: 'v', emptyDir: {} }] },
    400,
    'invalid patch format of retainKeys',
  ],
  [{ $deleteFromPrimitiveList: ['x'] }, 400, 'invalid patch format of primitive list'],
  [{ $setElementOrder: [] }, 400, 'invalid patch format of setElementOrder list'],
  [
    { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ name: 'a' }] },
    500,
    "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
  ],
];
const target = {
  containers: [{ name: 'a' }],
  securityContext: {},
  volumes: [{ name: 'v' }],
};
for (const [patch, code, message] of refused) {
  test(`${JSON.stringify(patch)} is refused`, () => {
    assert.throws(
      () => strategicMergePatch(target, patch, podSpec),
      (error: ApiError) => {
        assert.deepEqual([error.code, error.message], [code, message]);
        return true;
      },
    );
  });
}

test('a field the kind does not have, where both sides have it', () => {
  assert.throws(
    () =>
      strategicMergePatch(
        { spec: { foo: {} } },
        { spec: { foo: {} } },
        kindSchema({ group: '', version: 'v1', kind: 'Pod' })!,
      ),
    {
      message: 'unable to find api field in struct PodSpec for the json field "foo"',
    },
  );
});
