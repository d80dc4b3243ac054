import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admissionEnvironment, authorizerBindings } from './admission-environment.ts';
import type { AuthorizerCheck, AuthorizerPort } from './authorizer.ts';
import { compileCel } from './cel.ts';
import { CostBudget, matchConditionsBudget } from './meter.ts';

const asked: AuthorizerCheck[] = [];
const port: AuthorizerPort = {
  check(check) {
    asked.push(check);
    return { allowed: check.verb === 'get', reason: `may ${check.verb}` };
  },
  serviceAccount: () => port,
};
const environment = admissionEnvironment({ params: false, authorizer: true, namespaceObject: true });
const requested = { group: 'apps', resource: 'deployments', subresource: '', namespace: 'ns', name: 'web' };
const bindings = {
  object: { metadata: { name: 'web' } },
  request: {
    operation: 'CREATE',
    kind: { kind: 'Deployment' },
    userInfo: { groups: ['admins'] },
    dryRun: false,
  },
  namespaceObject: { metadata: { name: 'ns', labels: { env: 'prod' } } },
  ...authorizerBindings(port, requested),
};

const rows: [source: string, wanted: unknown][] = [
  ['object.metadata.name == "web" && oldObject == null', true],
  ['request.operation in ["CREATE"] && request.kind.kind == "Deployment" && !request.dryRun', true],
  ['"admins" in request.userInfo.groups', true],
  ['namespaceObject.metadata.labels.env == "prod"', true],
  ['has(namespaceObject.metadata.annotations)', false],
  ['authorizer.requestResource.check("get").allowed()', true],
  ['authorizer.group("").resource("pods").namespace("x").name("p").check("delete").reason()', 'may delete'],
  ['authorizer.path("/healthz").check("get").allowed()', true],
  ['authorizer.serviceAccount("ns", "builder").group("apps").resource("pods").check("get").errored()', false],
];

for (const [source, wanted] of rows) {
  test(`cel: admission: ${source}`, () => {
    const { program, error } = compileCel(source, environment);
    assert.equal(error, undefined);
    assert.deepEqual(program!.evaluate(bindings, new CostBudget(matchConditionsBudget)), { value: wanted });
  });
}

test('cel: admission: the authorizer is asked about the resource of the request', () => {
  asked.length = 0;
  const { program } = compileCel(
    'authorizer.requestResource.subresource("scale").check("get").allowed()',
    environment,
  );
  program!.evaluate(bindings);
  assert.deepEqual(asked, [{ kind: 'resource', ...requested, subresource: 'scale', verb: 'get' }]);
});

test('cel: admission: what a request does not tell cannot be asked', () => {
  const { error } = compileCel('request.object', environment);
  assert.match(error!, /1:8: undefined field 'object'/);
  assert.match(compileCel('params.x', environment).error!, /undeclared reference to 'params'/);
});
