import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiError } from '../../api/status.ts';
import type { ApiUser, ServerRequest } from '../exchange.ts';
import type { AccessAttributes, Authorizer } from './authorization.ts';
import { impersonate } from './impersonation.ts';

const robot: ApiUser = {
  name: 'system:serviceaccount:team:robot',
  groups: ['system:serviceaccounts'],
  extra: { 'authentication.kubernetes.io/node-name': ['n1'], 'authentication.kubernetes.io/pod-name': ['p'] },
};

/** What is asked of the authorizer: `VERB RESOURCE.GROUP[/SUBRESOURCE] NAMESPACE/NAME`. */
function questionOf({ verb, resource, group, subresource, namespace, name }: AccessAttributes): string {
  const what = [`${resource}.${group}`, subresource].filter(Boolean).join('/');
  return `${verb} ${what} ${namespace}/${name}`;
}

function act(headers: Record<string, string>, allowed: readonly string[], user = robot) {
  const asked: AccessAttributes[] = [];
  const authorizer: Authorizer = {
    authorize: attributes => {
      asked.push(attributes);
      return { allowed: allowed.includes(questionOf(attributes)) ? true : undefined, reason: '' };
    },
  };
  const attributes: AccessAttributes = {
    user,
    verb: 'list',
    isResource: true,
    namespace: 'shop',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    name: '',
    path: '',
  };
  return { asked, found: () => impersonate({ headers } as unknown as ServerRequest, attributes, authorizer) };
}

const auth = 'authentication.k8s.io';
const rows: [
  what: string,
  headers: Record<string, string>,
  allowed: string[],
  user: Partial<ApiUser> & { name: string },
  constraint: string | undefined,
][] = [
  [
    'a user, for all requests',
    { 'impersonate-user': 'alice', 'impersonate-group': 'devs, ops' },
    ['impersonate users. /alice', 'impersonate groups. /devs', 'impersonate groups. /ops'],
    { name: 'alice', groups: ['devs', 'ops', 'system:authenticated'] },
    undefined,
  ],
  [
    'a user, for lists of pods',
    { 'impersonate-user': 'alice', 'impersonate-uid': '7', 'impersonate-extra-x.io%2fscope': 'a' },
    [
      'impersonate-on:user-info:list pods. shop/',
      `impersonate:user-info users.${auth} /alice`,
      `impersonate:user-info uids.${auth} /7`,
      `impersonate:user-info userextras.${auth}/x.io/scope /a`,
    ],
    { name: 'alice', uid: '7', groups: ['system:authenticated'], extra: { 'x.io/scope': ['a'] } },
    'impersonate:user-info',
  ],
  [
    'all groups at once, where they are many',
    { 'impersonate-user': 'alice', 'impersonate-group': 'a,b,c,d' },
    [
      'impersonate-on:user-info:list pods. shop/',
      `impersonate:user-info users.${auth} /alice`,
      `impersonate:user-info groups.${auth} /*`,
    ],
    { name: 'alice', groups: ['a', 'b', 'c', 'd', 'system:authenticated'] },
    'impersonate:user-info',
  ],
  [
    'a service account',
    { 'impersonate-user': 'system:serviceaccount:shop:web' },
    [
      'impersonate-on:serviceaccount:list pods. shop/',
      `impersonate:serviceaccount serviceaccounts.${auth} shop/web`,
    ],
    {
      name: 'system:serviceaccount:shop:web',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
    },
    'impersonate:serviceaccount',
  ],
  [
    'the node it runs on',
    { 'impersonate-user': 'system:node:n1' },
    ['impersonate-on:associated-node:list pods. shop/', `impersonate:associated-node nodes.${auth} /*`],
    { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
    'impersonate:associated-node',
  ],
  [
    'any node',
    { 'impersonate-user': 'system:node:n2' },
    ['impersonate-on:arbitrary-node:list pods. shop/', `impersonate:arbitrary-node nodes.${auth} /n2`],
    { name: 'system:node:n2', groups: ['system:nodes', 'system:authenticated'] },
    'impersonate:arbitrary-node',
  ],
];
for (const [what, headers, allowed, user, constraint] of rows) {
  test(`acts as ${what}, with just these rights`, () => {
    assert.deepEqual(act(headers, allowed).found(), { user, ...(constraint && { constraint }) });
    for (const missing of allowed) {
      const rest = allowed.filter(each => each !== missing);
      assert.throws(
        () => act(headers, rest).found(),
        (error: ApiError) => error.code === 403,
        missing,
      );
    }
  });
}

const refusals: [what: string, headers: Record<string, string>, allowed: string[]][] = [
  [
    'system:masters by a constrained right',
    { 'impersonate-user': 'alice', 'impersonate-group': 'system:masters' },
    [
      'impersonate-on:user-info:list pods. shop/',
      `impersonate:user-info users.${auth} /alice`,
      `impersonate:user-info groups.${auth} /system:masters`,
    ],
  ],
  [
    'another node by the right to the own one',
    { 'impersonate-user': 'system:node:n2' },
    ['impersonate-on:associated-node:list pods. shop/', `impersonate:associated-node nodes.${auth} /*`],
  ],
  [
    'a node with groups of its own',
    { 'impersonate-user': 'system:node:n1', 'impersonate-group': 'devs' },
    [
      'impersonate-on:arbitrary-node:list pods. shop/',
      `impersonate:arbitrary-node nodes.${auth} /n1`,
      `impersonate:arbitrary-node groups.${auth} /devs`,
    ],
  ],
  [
    'a service account by the right to a user of its name',
    { 'impersonate-user': 'system:serviceaccount:shop:web' },
    [
      'impersonate-on:user-info:list pods. shop/',
      `impersonate:user-info users.${auth} /system:serviceaccount:shop:web`,
    ],
  ],
  [
    'extras without a domain',
    { 'impersonate-user': 'alice', 'impersonate-extra-scope': 'a' },
    [
      'impersonate-on:user-info:list pods. shop/',
      `impersonate:user-info users.${auth} /alice`,
      `impersonate:user-info userextras.${auth}/scope /a`,
    ],
  ],
];
for (const [what, headers, allowed] of refusals) {
  test(`does not act as ${what}`, () => {
    assert.throws(
      () => act(headers, allowed).found(),
      (error: ApiError) => error.code === 403,
    );
  });
}

test('nobody is acted as where nobody is named', () => {
  assert.equal(act({}, []).found(), undefined);
  assert.throws(() => act({ 'impersonate-group': 'devs' }, []).found(), { code: 400 });
});

test('the right to the own node does not hang on which one it is', () => {
  const { asked, found } = act({ 'impersonate-user': 'system:node:n1' }, []);
  assert.throws(found);
  const keys = ['authentication.kubernetes.io/node-name', 'authentication.kubernetes.io/pod-name'];
  assert.deepEqual(asked[0]!.user.extra, { 'authentication.kubernetes.io/associated-node-keys': keys });
});
