import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { configMap, refusal, startApi, type TestApi } from './testing/api.ts';

let api: TestApi;
before(async () => {
  api = await startApi();
  await api.post('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'governed', labels: { env: 'prod' } },
  });
});
after(() => api.stop());

const root = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/governed/configmaps';
const everyMap = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
  ],
};

let serial = 0;

/** Creates a policy with a binding, runs `body`, and removes both. */
async function withPolicy(
  kind: 'ValidatingAdmissionPolicy' | 'MutatingAdmissionPolicy',
  spec: object,
  binding: object,
  body: (name: string) => Promise<void>,
): Promise<void> {
  const name = `p${++serial}`;
  const plural = kind === 'ValidatingAdmissionPolicy' ? 'validatingadmissionpolic' : 'mutatingadmissionpolic';
  const meta = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name } };
  await api.post(`${root}/${plural}ies`, { ...meta, kind, spec: { matchConstraints: everyMap, ...spec } });
  await api.post(`${root}/${plural}ybindings`, {
    ...meta,
    kind: `${kind}Binding`,
    spec: {
      policyName: name,
      ...(kind === 'ValidatingAdmissionPolicy' && { validationActions: ['Deny'] }),
      ...binding,
    },
  });
  try {
    await body(name);
  } finally {
    await api.delete(`${root}/${plural}ybindings/${name}`);
    await api.delete(`${root}/${plural}ies/${name}`);
  }
}

const validating = (spec: object, body: (name: string) => Promise<void>, binding: object = {}) =>
  withPolicy('ValidatingAdmissionPolicy', spec, binding, body);
const mutating = (spec: object, body: (name: string) => Promise<void>, binding: object = {}) =>
  withPolicy('MutatingAdmissionPolicy', { reinvocationPolicy: 'Never', ...spec }, binding, body);

const create = (name: string, data: object, query = '') =>
  api.post(`${maps}${query}`, configMap(name, { data }));

test('a validation refuses in upstream words, and the next request knows of the policy', async () => {
  const validations = [{ expression: "object.data.size == 'small'", message: 'too large' }];
  await validating({ validations }, async name => {
    const error = await refusal(create('a', { size: 'large' }));
    const text = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: too large`;
    assert.equal(error.message, `configmaps "a" is forbidden: ${text}`);
    assert.equal(error.code, 422);
    assert.equal(error.reason, 'Invalid');
    assert.deepEqual(error.status.details?.causes, [{ message: text }]);
    await create('a', { size: 'small' });
  });
  await create('b', { size: 'large' });
});

test('reasons, message expressions and the expression itself as a message', async () => {
  const validations = [
    {
      expression: "variables.size == 'small'",
      messageExpression: "'size ' + variables.size + ' of ' + object.metadata.name",
      reason: 'Forbidden',
    },
    { expression: "object.metadata.name != 'x'" },
  ];
  const variables = [
    { name: 'data', expression: 'object.data' },
    { name: 'size', expression: "has(variables.data.size) ? variables.data.size : 'none'" },
  ];
  await validating({ variables, validations }, async () => {
    const error = await refusal(create('c', { other: 'x' }));
    assert.match(error.message, /denied request: size none of c$/);
    assert.equal(error.code, 403);
    const other = await refusal(create('x', { size: 'small' }));
    assert.match(other.message, /failed expression: object.metadata.name != 'x'$/);
  });
});

test('an expression that fails refuses, unless failures are ignored', async () => {
  const validations = [{ expression: "object.data.size == 'small'" }];
  await validating({ validations }, async () => {
    const error = await refusal(create('d', { other: 'x' }));
    const why = `expression 'object.data.size == 'small'' resulted in error: no such key: size`;
    assert.ok(error.message.endsWith(why), error.message);
  });
  await validating({ validations, failurePolicy: 'Ignore' }, async () => {
    await create('d', { other: 'x' });
  });
});

test('match conditions, the namespace, the request and the authorizer', async () => {
  const spec = {
    matchConditions: [{ name: 'named', expression: "object.metadata.name.startsWith('e')" }],
    validations: [
      { expression: "namespaceObject.metadata.labels.env == 'prod'" },
      { expression: "request.operation == 'CREATE' && request.resource.resource == 'configmaps'" },
      { expression: "authorizer.requestResource.check('delete').allowed()", message: 'may not delete' },
    ],
  };
  await validating(spec, async () => {
    await create('e1', {});
    await create('f', {});
    await api.post('/apis/rbac.authorization.k8s.io/v1/namespaces/governed/roles', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'creator' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }],
    });
    await api.post('/apis/rbac.authorization.k8s.io/v1/namespaces/governed/rolebindings', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'creator' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'creator' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
    });
    const jane = api.as('jane');
    const error = await refusal(jane.request({ method: 'POST', path: maps, body: configMap('e2') }));
    assert.match(error.message, /may not delete$/);
  });
});

test('parameters by name, by selector, and none', async () => {
  await api.post('/api/v1/namespaces/governed/configmaps', {
    ...configMap('limit', { data: { max: '3' } }),
    metadata: { name: 'limit', labels: { for: 'limits' } },
  });
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: 'int(object.data.n) <= int(params.data.max)', message: 'over the limit' }],
  };
  const byName = { paramRef: { name: 'limit', parameterNotFoundAction: 'Deny' } };
  await validating(
    spec,
    async () => {
      await create('g', { n: '3' });
      assert.match((await refusal(create('h', { n: '4' }))).message, /over the limit$/);
    },
    byName,
  );
  const bySelector = {
    paramRef: { selector: { matchLabels: { for: 'limits' } }, parameterNotFoundAction: 'Deny' },
  };
  await validating(
    spec,
    async () => {
      assert.match((await refusal(create('h', { n: '4' }))).message, /over the limit$/);
    },
    bySelector,
  );
  const missing = (action: string) => ({ paramRef: { name: 'gone', parameterNotFoundAction: action } });
  await validating(
    spec,
    async name => {
      const why = 'no params found for policy binding with `Deny` parameterNotFoundAction';
      const text = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: failed to configure binding: ${why}`;
      assert.equal((await refusal(create('h', { n: '4' }))).message, `configmaps "h" is forbidden: ${text}`);
    },
    missing('Deny'),
  );
  await validating(
    spec,
    async () => {
      await create('h', { n: '4' });
    },
    missing('Allow'),
  );
});

test('what is excluded or not selected is left alone', async () => {
  const validations = [{ expression: 'false' }];
  const excluding = {
    ...everyMap,
    excludeResourceRules: [{ ...everyMap.resourceRules[0], resourceNames: ['spared'] }],
  };
  await validating({ validations, matchConstraints: excluding }, async () => {
    await create('spared', {});
    assert.match((await refusal(create('other', {}))).message, /failed expression: false$/);
  });
  const selecting = { matchResources: { namespaceSelector: { matchLabels: { env: 'test' } } } };
  await validating(
    { validations },
    async () => {
      await create('unselected', {});
    },
    selecting,
  );
});

test('mutations apply configurations, one after the other', async () => {
  const spec = {
    variables: [{ name: 'by', expression: 'request.userInfo.username' }],
    mutations: [
      {
        patchType: 'ApplyConfiguration',
        applyConfiguration: {
          expression: "Object{metadata: Object.metadata{labels: {'made-by': variables.by}}}",
        },
      },
      {
        patchType: 'JSONPatch',
        jsonPatch: {
          expression: `[
            JSONPatch{op: "test", path: "/data/size", value: "small"},
            JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/size"), value: object.data.size},
            JSONPatch{op: "add", path: "/data/more", value: object.metadata.labels["made-by"]}
          ]`,
        },
      },
    ],
  };
  await mutating(spec, async () => {
    const small = await create('m1', { size: 'small' });
    assert.deepEqual(small.metadata.labels, { 'made-by': 'admin', 'example.com/size': 'small' });
    assert.deepEqual(small.data, { size: 'small', more: 'admin' });
    const large = await create('m2', { size: 'large' });
    assert.deepEqual(large.metadata.labels, { 'made-by': 'admin' });
  });
});

test('a mutation that cannot be made refuses', async () => {
  const expression = 'Object{spec: Object.spec{nothing: "x"}}';
  const mutations = [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }];
  await mutating({ mutations }, async name => {
    const error = await refusal(create('n', {}));
    assert.ok(
      error.message.startsWith(`policy '${name}' with binding '${name}' denied request: `),
      error.message,
    );
    assert.match(error.message, /field not declared in schema$/);
  });
  await mutating({ mutations, failurePolicy: 'Ignore' }, async () => {
    await create('n', {});
  });
});

test('expressions that do not compile are refused with the policy', async () => {
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'broken' },
    spec: {
      matchConstraints: everyMap,
      variables: [{ name: 'a', expression: '1 + 1' }],
      validations: [
        { expression: 'object.foo' },
        { expression: 'nothing == 1' },
        { expression: 'variables.b > 1' },
        { expression: 'true', messageExpression: 'params.x', reason: 'Conflict' },
      ],
    },
  };
  const error = await refusal(api.post(`${root}/validatingadmissionpolicies`, policy));
  assert.equal(error.code, 422);
  const texts = error.status.details?.causes?.map(({ field, message }) => `${field}: ${message}`);
  const wrong = (what: string, column: number, source: string) =>
    `compilation failed: ERROR: <input>:1:${column}: ${what}\n | ${source}\n | ${'.'.repeat(column - 1)}^`;
  assert.deepEqual(texts, [
    'spec.validations[0].expression: Invalid value: "object.foo": must evaluate to bool',
    `spec.validations[1].expression: Invalid value: "nothing == 1": ${wrong("undeclared reference to 'nothing' (in container '')", 1, 'nothing == 1')}`,
    `spec.validations[2].expression: Invalid value: "variables.b > 1": ${wrong("undefined field 'b'", 10, 'variables.b > 1')}`,
    `spec.validations[3].messageExpression: Invalid value: "params.x": ${wrong("undeclared reference to 'params' (in container '')", 1, 'params.x')}`,
    'spec.validations[3].reason: Unsupported value: "Conflict": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"',
  ]);
});

test('parameters and names that cannot be are refused', async () => {
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: 'broken' },
    spec: {
      paramKind: { apiVersion: 'Rules/v1', kind: 'a b' },
      matchConstraints: {
        resourceRules: [{ ...everyMap.resourceRules[0], resourceNames: ['a', 'a', 'b/c'] }],
      },
      mutations: [
        { patchType: 'JSONPatch' },
        { patchType: 'JSONPatch', jsonPatch: { expression: 'Object{}' } },
        { patchType: 'ApplyConfiguration', applyConfiguration: { expression: '[JSONPatch{}]' } },
        { patchType: 'Merge' },
      ],
    },
  };
  const error = await refusal(api.post(`${root}/mutatingadmissionpolicies`, policy));
  const found = error.status.details?.causes?.map(
    ({ field, message = '' }) => `${field}: ${message.slice(0, 60)}`,
  );
  assert.deepEqual(found, [
    'spec.paramKind.apiVersion: Invalid value: "Rules": a lowercase RFC 1123 subdomain must ',
    'spec.paramKind.kind: Invalid value: "a b": may have mixed case, but should otherw',
    'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
    'spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: "b/c": may not contain \'/\'',
    'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatc',
    'spec.mutations[1].jsonPatch.expression: Invalid value: "Object{}": must evaluate to list(JSONPatch)',
    'spec.mutations[2].applyConfiguration.expression: Invalid value: "[JSONPatch{}]": must evaluate to Object',
    'spec.mutations[3].patchType: Unsupported value: "Merge": supported values: "ApplyConfigur',
    'spec.reinvocationPolicy: Required value',
  ]);
});
