import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubectlCluster } from './testing/kubectl.ts';

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
});
after(() => cluster.stop());

async function ok(args: string, input?: string): Promise<{ stdout: string; stderr: string }> {
  const ran = await cluster.run(args.split(' '), input === undefined ? {} : { input });
  assert.equal(ran.code, 0, `kubectl ${args}: ${ran.stderr}`);
  return ran;
}

async function refused(args: string, input?: string): Promise<string> {
  const ran = await cluster.run(args.split(' '), input === undefined ? {} : { input });
  assert.notEqual(ran.code, 0, `kubectl ${args}: ${ran.stdout}`);
  return ran.stderr;
}

const deployments = (...operations: string[]) => `
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [${operations}], resources: [deployments, deployments/scale]}`;

const deployment = (name: string, replicas: number) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: c, image: i}]}
`;

test('a policy holds for what kubectl applies, scales and deletes, from the next request on', async () => {
  await ok(
    'apply -f -',
    `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replicas}
spec:
  matchConstraints:${deployments('CREATE', 'UPDATE', 'DELETE')}
  variables:
  - {name: replicas, expression: 'object.spec.replicas'}
  - {name: oddReplicas, expression: 'variables.replicas % 2 == 1'}
  validations:
  - expression: "request.operation == 'DELETE' || variables.replicas > 1"
    messageExpression: "'replicas must be more than 1, not ' + string(variables.replicas)"
  - expression: "request.operation == 'DELETE' || variables.oddReplicas"
    message: replicas must be odd
  - expression: "request.operation != 'DELETE' || oldObject.metadata.name != 'kept'"
    reason: Forbidden
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: all}
spec: {policyName: replicas, validationActions: [Deny]}
`,
  );
  const by = "ValidatingAdmissionPolicy 'replicas' with binding 'all' denied request:";
  const one = await refused('apply -f -', deployment('kept', 1));
  assert.equal(one, `The deployments "kept" is invalid: : ${by} replicas must be more than 1, not 1\n`);
  await ok('apply -f -', deployment('kept', 3));
  assert.match(await refused('apply -f -', deployment('kept', 4)), /replicas must be odd/);
  assert.match(await refused('apply --dry-run=server -f -', deployment('other', 4)), /replicas must be odd/);
  assert.match(await refused('scale deployment kept --replicas 1'), /replicas must be more than 1, not 1/);
  await ok('scale deployment kept --replicas 5');
  const why = `deployments.apps "kept" is forbidden: ${by} failed expression: request.operation != 'DELETE'`;
  assert.ok((await refused('delete deployment kept')).includes(why));
  await ok('delete validatingadmissionpolicybinding all');
  await ok('delete deployment kept');
  await ok('delete validatingadmissionpolicy replicas');
});

test('a binding that warns lets pass and tells', async () => {
  await ok(
    'apply -f -',
    `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: labels}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}
  validations:
  - {expression: "has(object.metadata.labels) && 'owner' in object.metadata.labels", message: no owner}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: warns}
spec: {policyName: labels, validationActions: [Warn]}
`,
  );
  const { stderr } = await ok('create configmap a');
  const text = "Validation failed for ValidatingAdmissionPolicy 'labels' with binding 'warns': no owner";
  assert.equal(stderr, `Warning: ${text}\n`);
  await ok('delete validatingadmissionpolicy,validatingadmissionpolicybinding --all');
});

test('parameters are custom resources', async () => {
  await ok(
    'apply -f -',
    `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: replicalimits.rules.example.com}
spec:
  group: rules.example.com
  scope: Namespaced
  names: {plural: replicalimits, singular: replicalimit, kind: ReplicaLimit}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {maxReplicas: {type: integer}}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: limits}
spec:
  paramKind: {apiVersion: rules.example.com/v1, kind: ReplicaLimit}
  matchConstraints:${deployments('CREATE')}
  validations:
  - expression: object.spec.replicas <= params.maxReplicas
    messageExpression: "'at most ' + string(params.maxReplicas)"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: limits}
spec:
  policyName: limits
  validationActions: [Deny]
  paramRef: {name: team, namespace: default, parameterNotFoundAction: Deny}
`,
  );
  assert.match(await refused('apply -f -', deployment('d', 9)), /no params found for policy binding/);
  await ok('wait --for condition=Established crd/replicalimits.rules.example.com');
  await ok(
    'apply -f -',
    'apiVersion: rules.example.com/v1\nkind: ReplicaLimit\nmetadata: {name: team}\nmaxReplicas: 3\n',
  );
  assert.match(await refused('apply -f -', deployment('d', 9)), /denied request: at most 3/);
  await ok('apply -f -', deployment('d', 3));
  await ok('delete validatingadmissionpolicy,validatingadmissionpolicybinding --all');
  await ok('delete crd replicalimits.rules.example.com');
});

test('a mutating policy changes what is applied, and again when another changes it later', async () => {
  await ok(
    'apply -f -',
    `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: a-odd}
spec:
  reinvocationPolicy: IfNeeded
  matchConstraints:${deployments('CREATE')}
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration:
      expression: >
        Object{
          metadata: Object.metadata{annotations: {"seen": string(object.spec.replicas)}},
          spec: Object.spec{
            template: Object.spec.template{
              spec: Object.spec.template.spec{
                containers: [Object.spec.template.spec.containers{name: "side", image: "sidecar"}]
              }
            }
          }
        }
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: b-double}
spec:
  reinvocationPolicy: Never
  matchConstraints:${deployments('CREATE')}
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: '[JSONPatch{op: "replace", path: "/spec/replicas", value: object.spec.replicas * 2}]'
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: a}
spec: {policyName: a-odd}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: b}
spec: {policyName: b-double}
`,
  );
  await ok('apply -f -', deployment('m', 2));
  const path = '{.spec.replicas} {.metadata.annotations.seen} {.spec.template.spec.containers[*].name}';
  const { stdout } = await ok(`get deployment m -o jsonpath=${path.replaceAll(' ', '/')}`);
  assert.equal(stdout, '4/4/c side');
  await ok('delete mutatingadmissionpolicy,mutatingadmissionpolicybinding --all');
});
