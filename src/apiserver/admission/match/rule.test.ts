import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinByResource } from '../../../api/resources.ts';
import { type Matched, matchesRule } from './rule.ts';

const pods = builtinByResource({ group: '', version: 'v1', resource: 'pods' })!;
const namespaces = builtinByResource({ group: '', version: 'v1', resource: 'namespaces' })!;
const deployments = builtinByResource({ group: 'apps', version: 'v1', resource: 'deployments' })!;

const asked = (resource = pods, subresource = '', operation: Matched['operation'] = 'CREATE') => ({
  resource,
  subresource,
  operation,
});
const all = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] };

const rows: [what: string, rule: object, matched: Matched, expected: boolean][] = [
  ['everything', all, asked(), true],
  ['no subresource is meant by *', all, asked(pods, 'status'), false],
  ['all subresources by */*', { resources: ['*/*'] }, asked(pods, 'status'), true],
  ['*/* the resource itself too', { resources: ['*/*'] }, asked(), true],
  ['pods/* every subresource', { resources: ['pods/*'] }, asked(pods, 'attach'), true],
  ['pods/attach only that', { resources: ['pods/attach'] }, asked(pods, 'exec'), false],
  ['*/scale of any resource', { resources: ['*/scale'] }, asked(deployments, 'scale'), true],
  ['another operation', { operations: ['UPDATE', 'DELETE'] }, asked(), false],
  [
    'CONNECT',
    { operations: ['CONNECT'], resources: ['pods/attach'] },
    asked(pods, 'attach', 'CONNECT'),
    true,
  ],
  ['the group', { apiGroups: ['apps'] }, asked(deployments), true],
  ['the core group is the empty one', { apiGroups: [''] }, asked(deployments), false],
  ['another version', { apiVersions: ['v1beta1'] }, asked(deployments), false],
  ['cluster-wide', { scope: 'Cluster' }, asked(namespaces), true],
  ['namespaces are cluster-wide', { scope: 'Namespaced' }, asked(namespaces), false],
  ['in namespaces', { scope: 'Namespaced' }, asked(), true],
];
for (const [what, rule, matched, expected] of rows) {
  test(what, () => assert.equal(matchesRule({ ...all, ...rule }, matched), expected));
}
