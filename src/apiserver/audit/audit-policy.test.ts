import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiUser } from '../exchange.ts';
import { parseRequestInfo } from '../filters/request-info.ts';
import { decide, parseAuditPolicy } from './audit-policy.ts';

const policy = parseAuditPolicy(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: [system:kube-proxy]
    verbs: [watch]
    resources: [{ group: "", resources: [endpoints, services] }]
  - level: None
    nonResourceURLs: ["/healthz*", /version]
  - level: Request
    resources: [{ group: "", resources: ["pods/*"] }]
  - level: RequestResponse
    namespaces: [secure]
    omitStages: [ResponseStarted]
    omitManagedFields: true
  - level: Metadata
    userGroups: [system:authenticated]
`);

const anna: ApiUser = { name: 'anna', groups: ['system:authenticated'] };
const proxy: ApiUser = { name: 'system:kube-proxy', groups: ['system:authenticated'] };
const nobody: ApiUser = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

const rows: [user: ApiUser, path: string, level: string][] = [
  [proxy, '/api/v1/services?watch=1', 'None'],
  [proxy, '/api/v1/services', 'Metadata'],
  [anna, '/healthz/ping', 'None'],
  [anna, '/metrics', 'Metadata'],
  [anna, '/api/v1/namespaces/a/pods/p/log', 'Request'],
  [anna, '/api/v1/namespaces/a/pods/p', 'Metadata'],
  [anna, '/apis/apps/v1/namespaces/secure/deployments', 'RequestResponse'],
  [nobody, '/api/v1/namespaces/a/pods/p', 'None'],
];

for (const [user, target, level] of rows) {
  test(`${user.name} ${target}: ${level}`, () => {
    const [path, query] = target.split('?');
    const info = parseRequestInfo({ method: 'GET', path: path!, query: new URLSearchParams(query) });
    assert.equal(decide(policy, user, info).level, level);
  });
}

const wrong: [text: string, why: RegExp][] = [
  ['kind: Policy', /has to be of apiVersion audit.k8s.io\/v1/],
  ['{apiVersion: audit.k8s.io/v1, kind: Policy}', /has no rules/],
  [
    '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: All}]}',
    /rules\[0\].level has to be one of None/,
  ],
  [
    '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, user: [a]}]}',
    /rules\[0\]: there is no field user/,
  ],
  [
    '{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: None, omitStages: [End]}]}',
    /omitStages has to be a list/,
  ],
  ['a: [', /is not YAML/],
];

for (const [text, why] of wrong) {
  test(`a policy is refused: ${why.source}`, () => assert.throws(() => parseAuditPolicy(text), why));
}
