import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { CustomResourceDefinition, ValidatingAdmissionPolicy } from '../../api/generated/types.ts';
import { builtin } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { PolicyStatusController } from './policy-status-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const resource = builtin('admissionregistration.k8s.io/v1', 'validatingadmissionpolicies');

const policy = (rule: object, ...expressions: string[]): ValidatingAdmissionPolicy => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'p', generation: 1 },
  spec: {
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ['apps'],
          apiVersions: ['v1'],
          operations: ['*'],
          resources: ['deployments', 'statefulsets/scale'],
          ...rule,
        },
      ],
    },
    variables: [{ name: 'replicas', expression: 'object.spec.replicas' }],
    validations: expressions.map(expression => ({ expression })),
  },
});

async function statusOf(
  object: ValidatingAdmissionPolicy,
  ...others: CustomResourceDefinition[]
): Promise<ValidatingAdmissionPolicy['status']> {
  cluster = new TestCluster();
  for (const other of others) cluster.seed(other);
  cluster.seed(object);
  await cluster.run(new PolicyStatusController(cluster.deps));
  return cluster.get<ValidatingAdmissionPolicy>(resource, '', 'p')!.status;
}

it('tells of fields that the kinds do not have, and of types that do not fit', async () => {
  const status = await statusOf(
    policy(
      {},
      'object.spec.replicas > 1',
      'object.replicas > 1',
      'variables.replicas == "1"',
      'object.spec.template.spec.containers.all(c, has(c.image) && c.resources.limits.cpu == "1")',
    ),
  );
  assert.equal(status?.observedGeneration, 1);
  assert.deepEqual(status?.typeChecking?.expressionWarnings, [
    {
      fieldRef: 'spec.validations[1].expression',
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n",
    },
    {
      fieldRef: 'spec.validations[2].expression',
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:20: found no matching overload for '_==_' applied to '(int, string)'\n | variables.replicas == \"1\"\n | ...................^\n",
    },
  ]);
});

it('finds nothing where the kinds are not named', async () => {
  const status = await statusOf(policy({ apiGroups: ['*'] }, 'object.nothing > 1'));
  assert.deepEqual(status, { observedGeneration: 1, typeChecking: {} });
});

it('knows custom resources', async () => {
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.x.io' },
    spec: {
      group: 'x.io',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { size: { type: 'string' } } } },
        },
      ],
    },
  } satisfies CustomResourceDefinition;
  const rule = { apiGroups: ['x.io'], resources: ['widgets'] };
  const status = await statusOf(
    policy(rule, 'object.size > 1', 'object.metadata.name == object.size'),
    definition,
  );
  const warning =
    "x.io/v1, Kind=Widget: ERROR: <input>:1:13: found no matching overload for '_>_' applied to '(string, int)'\n | object.size > 1\n | ............^\n";
  assert.deepEqual(status?.typeChecking?.expressionWarnings, [
    { fieldRef: 'spec.validations[0].expression', warning },
  ]);
});
