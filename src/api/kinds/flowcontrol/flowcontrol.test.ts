import assert from 'node:assert/strict';
import { test } from 'node:test';
import { created, statusUpdated } from '../test-findings.ts';
import { mandatoryLevels, mandatorySchemas } from './mandatory.ts';

const schemaPath = 'flowcontrol.apiserver.k8s.io/v1/FlowSchema';
const levelPath = 'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration';
const user = { kind: 'User', user: { name: 'jane' } };
const resources = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] };
const urls = { verbs: ['*'], nonResourceURLs: ['/healthz', '/logs/*', '/'] };
const rule = { subjects: [user], resourceRules: [resources], nonResourceRules: [urls] };
const schema = (spec: object) => ({
  spec: { priorityLevelConfiguration: { name: 'low' }, rules: [rule], ...spec },
});
const ruled = (part: object) => schema({ rules: [{ ...rule, ...part }] });
const subject = (part: object) => ruled({ subjects: [part] });
const resource = (part: object) => ruled({ resourceRules: [{ ...resources, ...part }] });
const url = (...nonResourceURLs: string[]) => ruled({ nonResourceRules: [{ ...urls, nonResourceURLs }] });
const verbs =
  'supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"';

const schemas: [object, string[]][] = [
  [schema({}), []],
  [
    schema({ matchingPrecedence: -1 }),
    ['spec.matchingPrecedence: Invalid value: -1: must be a positive value'],
  ],
  [
    schema({ matchingPrecedence: 10_001 }),
    ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
  ],
  [
    schema({ matchingPrecedence: 1 }),
    [
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    ],
  ],
  [
    schema({ distinguisherMethod: { type: 'ByShoe' } }),
    [
      'spec.distinguisherMethod.type: Unsupported value: {"type":"ByShoe"}: supported values: "ByNamespace", "ByUser"',
    ],
  ],
  [
    schema({ priorityLevelConfiguration: {} }),
    ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
  ],
  [
    schema({ rules: [{}] }),
    [
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
  ],
  [
    subject({ kind: 'Dog' }),
    [
      'spec.rules[0].subjects[0].kind: Unsupported value: "Dog": supported values: "Group", "ServiceAccount", "User"',
    ],
  ],
  [
    subject({ kind: 'Group', user: { name: 'jane' } }),
    [
      "spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
      "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
    ],
  ],
  [
    subject({ kind: 'ServiceAccount', serviceAccount: {} }),
    [
      'spec.rules[0].subjects[0].serviceAccount.name: Required value',
      'spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account',
    ],
  ],
  [subject({ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'a' } }), []],
  [
    resource({ verbs: ['get', 'approve'] }),
    [`spec.rules[0].resourceRules[0].verbs: Unsupported value: ["get","approve"]: ${verbs}`],
  ],
  [
    resource({ verbs: ['*', 'get'] }),
    [
      `spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
    ],
  ],
  [
    resource({ apiGroups: [], resources: [], namespaces: [] }),
    [
      'spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
      'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
    ],
  ],
  [resource({ namespaces: [], clusterScope: true }), []],
  [
    resource({ apiGroups: ['*', 'a'], resources: ['*', 'b'], namespaces: ['*', 'c'] }),
    [
      `spec.rules[0].resourceRules[0].apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other api groups`,
      `spec.rules[0].resourceRules[0].resources: Invalid value: ["*","b"]: if '*' is present, must not specify other resources`,
      `spec.rules[0].resourceRules[0].namespaces: Invalid value: ["*","c"]: if '*' is present, must not specify other namespaces`,
    ],
  ],
  [
    resource({ namespaces: ['A'] }),
    [
      `spec.rules[0].resourceRules[0].namespaces[0]: Invalid value: "A": each member of this list must be '*' or a DNS-1123 label; a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    ],
  ],
  [
    url('', 'a', '/a b', '/a//b', '/*/b', '/a*'),
    [
      'must not be empty',
      'must start with slash',
      'must not contain white-space',
      'must not contain double slash',
      'wildcard can only do suffix matching',
      'wildcard can only do suffix matching',
    ].map((why, i) => {
      const value = JSON.stringify(['', 'a', '/a b', '/a//b', '/*/b', '/a*'][i]);
      return `spec.rules[0].nonResourceRules[0].nonResourceURLs[${i}]: Invalid value: ${value}: ${why}`;
    }),
  ],
  [
    url('*', '/a'),
    [
      `spec.rules[0].nonResourceRules[0].nonResourceURLs: Invalid value: ["*","/a"]: if '*' is present, must not specify other non-resource URLs`,
    ],
  ],
];

for (const [i, [body, expected]] of schemas.entries()) {
  test(`FlowSchema ${i}: ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(created(schemaPath, body), expected);
  });
}

test('the mandatory schemas are as they are', () => {
  for (const [name, spec] of Object.entries(mandatorySchemas)) {
    const metadata = { name };
    assert.deepEqual(created(schemaPath, { metadata, spec }), []);
    const changed = created(schemaPath, { metadata, spec: { ...spec, rules: [rule] } });
    assert.match(changed.join(), new RegExp(`spec of '${name}' must equal the fixed value$`));
  }
});

const limited = (part: object) => ({
  spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' }, ...part } },
});
const queuing = (part: object) => limited({ limitResponse: { type: 'Queue', queuing: part } });

const levels: [object, string[]][] = [
  [limited({}), []],
  [queuing({}), []],
  [
    { spec: { type: 'Exempt' } },
    [`spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`],
  ],
  [
    { spec: { type: 'Wide' } },
    ['spec.type: Unsupported value: "Wide": supported values: "Exempt", "Limited"'],
  ],
  [{ spec: { type: 'Limited' } }, ['spec.limited: Required value: must not be empty when type is Limited']],
  [
    { spec: { ...limited({}).spec, exempt: {} } },
    ['spec.exempt: Forbidden: must be nil if the type is Limited'],
  ],
  [
    limited({ nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 }),
    [
      'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
    ],
  ],
  [
    limited({ limitResponse: { type: 'Shrug' } }),
    ['spec.limited.limitResponse.type: Unsupported value: "Shrug": supported values: "Queue", "Reject"'],
  ],
  [
    limited({ limitResponse: { type: 'Reject', queuing: {} } }),
    [
      'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
    ],
  ],
  [
    limited({ limitResponse: { type: 'Queue' } }),
    [
      'spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited',
    ],
  ],
  [
    queuing({ queues: 10_000_001, handSize: -1, queueLengthLimit: -1 }),
    [
      'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive',
      'spec.limited.limitResponse.queuing.queues: Invalid value: 10000001: must not be greater than 10000000',
      'spec.limited.limitResponse.queuing.handSize: Invalid value: -1: must be positive',
    ],
  ],
  [
    queuing({ queues: 4, handSize: 5 }),
    ['spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)'],
  ],
  [
    queuing({ queues: 128, handSize: 9 }),
    [
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 9: required entropy bits of deckSize 128 and handSize 9 should not be greater than 60',
    ],
  ],
];

for (const [i, [body, expected]] of levels.entries()) {
  test(`PriorityLevelConfiguration ${i}: ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(created(levelPath, body), expected);
  });
}

test('of the mandatory levels only the shares of exempt may change', () => {
  for (const [name, spec] of Object.entries(mandatoryLevels)) {
    assert.deepEqual(created(levelPath, { metadata: { name }, spec }), []);
  }
  const exempt = { type: 'Exempt', exempt: { nominalConcurrencyShares: 3 } };
  assert.deepEqual(created(levelPath, { metadata: { name: 'exempt' }, spec: exempt }), []);
  const both = created(levelPath, { metadata: { name: 'exempt' }, spec: { ...exempt, limited: {} } });
  assert.match(both.join(), /spec of 'exempt' except the 'spec.exempt' field must equal the fixed value/);
  const wider = limited({ nominalConcurrencyShares: 6 });
  assert.match(
    created(levelPath, { metadata: { name: 'catch-all' }, ...wider }).join(),
    /'catch-all' must eq/,
  );
});

test('conditions: each type once, none empty', () => {
  const status = { conditions: [{ type: 'A' }, { type: 'A' }, {}] };
  for (const [path, body] of [
    [schemaPath, schema({})],
    [levelPath, limited({})],
  ] as const) {
    assert.deepEqual(statusUpdated(path, body, {}, status), [
      'status.conditions[1].type: Duplicate value: "A"',
      'status.conditions[2].type: Required value: must not be empty',
    ]);
  }
});
