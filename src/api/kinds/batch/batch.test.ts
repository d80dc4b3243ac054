import assert from 'node:assert/strict';
import { test } from 'node:test';
import { created, statusUpdated, updated } from '../test-findings.ts';

const job = 'batch/v1/Job';
const cronJob = 'batch/v1/CronJob';
const podSpec = { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' };
const template = { spec: podSpec };
const spec = (more: object) => ({ spec: { template, ...more } });
const indexed = (more: object) => spec({ completionMode: 'Indexed', completions: 4, ...more });
const path = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";

const onCreate: [string, object, string[]][] = [
  [job, spec({ managedBy: 'example.com/queue' }), []],
  [
    job,
    spec({ managedBy: 'queue' }),
    ['spec.managedBy: Invalid value: "queue": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
  [job, spec({ managedBy: 'example.com/a b' }), [`spec.managedBy: Invalid value: "a b": ${path}`]],
  [
    job,
    spec({ managedBy: `example.com/${'x'.repeat(60)}` }),
    ['spec.managedBy: Too long: may not be more than 63 bytes'],
  ],
  [
    job,
    spec({ maxFailedIndexes: 1 }),
    [
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
      'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
    ],
  ],
  [
    job,
    indexed({ completions: 100_001, parallelism: 10_001, backoffLimitPerIndex: 1 }),
    [
      'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
      'spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
    ],
  ],
  [
    job,
    { metadata: { name: 'x'.repeat(62) }, ...indexed({}) },
    [
      `metadata.name: Invalid value: "${'x'.repeat(62)}": will not able to create pod with invalid DNS label: ${'x'.repeat(62)}-3`,
    ],
  ],
  [
    job,
    { spec: { template: { metadata: { labels: { 'job-name': 'y' } }, spec: podSpec } } },
    [
      `spec.template.metadata.labels[job-name]: Invalid value: {"controller-uid":"u","job-name":"y","batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"x"}: must be 'x'`,
    ],
  ],
  [
    job,
    spec({ selector: { matchLabels: { app: 'x' } } }),
    [
      'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"u","app":"x"}}: `selector` not auto-generated',
      'spec.template.metadata.labels: Invalid value: {"controller-uid":"u","job-name":"x","batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"x"}: `selector` does not match template `labels`',
    ],
  ],
  [
    job,
    spec({ podFailurePolicy: { rules: [{ action: '' }, { action: 'Ignore', onExitCodes: {} }] } }),
    [
      'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      'spec.podFailurePolicy.rules[1].onExitCodes.operator: Required value: valid values: ["In" "NotIn"]',
      'spec.podFailurePolicy.rules[1].onExitCodes.values: Invalid value: []: at least one value is required',
    ],
  ],
  [
    job,
    spec({
      podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [2, 1] } }] },
    }),
    ['spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1]: must be ordered'],
  ],
  [
    job,
    {
      spec: {
        template: { spec: { ...podSpec, restartPolicy: 'OnFailure' } },
        podFailurePolicy: { rules: [] },
      },
    },
    [
      'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    ],
  ],
  [
    job,
    indexed({
      successPolicy: {
        rules: [
          { succeededIndexes: '0-1', succeededCount: 3 },
          { succeededIndexes: '2,1' },
          { succeededIndexes: '4' },
          { succeededIndexes: '1-2-3' },
          { succeededIndexes: '2-2' },
          { succeededIndexes: 'a' },
        ],
      },
    }),
    [
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
      'spec.successPolicy.rules[1].succeededIndexes: Invalid value: "2,1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1',
      'spec.successPolicy.rules[2].succeededIndexes: Invalid value: "4": error parsing succeededIndexes: too large index: "4"',
      `spec.successPolicy.rules[3].succeededIndexes: Invalid value: "1-2-3": error parsing succeededIndexes: the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
      'spec.successPolicy.rules[4].succeededIndexes: Invalid value: "2-2": error parsing succeededIndexes: non-increasing order, previous: 2, current: 2',
      'spec.successPolicy.rules[5].succeededIndexes: Invalid value: "a": error parsing succeededIndexes: cannot convert string to integer for index: "a"',
    ],
  ],
  [
    cronJob,
    {
      spec: {
        schedule: 'TZ=UTC * * * * *',
        timeZone: 'Mars/-x',
        jobTemplate: { spec: { template, selector: { matchLabels: { a: 'b' } } } },
      },
    },
    [
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      'spec.timeZone: Invalid value: "Mars/-x": unknown time zone Mars/-x',
      'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
    ],
  ],
];

for (const [i, [kind, body, expected]] of onCreate.entries()) {
  test(`create ${kind} (${i}): ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(created(kind, body), expected);
  });
}

test('the completions of an indexed Job change with its parallelism', () => {
  const was = indexed({ parallelism: 4 });
  assert.deepEqual(updated(job, was, indexed({ completions: 3, parallelism: 3 })), []);
  assert.deepEqual(updated(job, was, indexed({ completions: 3, parallelism: 4 })), [
    'spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism',
  ]);
});

test('a suspended Job may be placed elsewhere and get other resources, not another image', () => {
  const body = (more: object, container: object = {}) =>
    spec({
      suspend: true,
      template: { spec: { ...podSpec, ...more, containers: [{ name: 'c', image: 'i', ...container }] } },
    });
  const resources = { requests: { cpu: '1' } };
  const placed = body({ nodeSelector: { a: 'b' } }, { resources });
  assert.deepEqual(updated(job, body({}), placed), []);
  const [found] = updated(job, body({}), body({}, { image: 'j' }));
  assert.match(found!, /^spec.template: Invalid value: .*: field is immutable$/s);
  const { spec: going } = body({});
  const running = { spec: { ...going, suspend: false } };
  assert.match(updated(job, running, { spec: { ...placed.spec, suspend: false } })[0]!, /^spec.template: /);
});

const start = '2026-01-01T00:00:00Z';
const end = '2026-01-01T00:01:00Z';
const conditions = (...types: string[]) => ({
  conditions: types.map(type => ({ type, status: 'True' })),
});
const done = { startTime: start, completionTime: end, ...conditions('SuccessCriteriaMet', 'Complete') };

/** The Job, its status before and after, and what is wrong. */
const onStatus: [object, object, object, string[]][] = [
  [spec({}), {}, { startTime: start, active: 1, ready: 1, terminating: 0, uncountedTerminatedPods: {} }, []],
  [spec({}), { startTime: start, active: 1 }, { ...done, succeeded: 1 }, []],
  [
    spec({}),
    { startTime: start },
    { startTime: start, failed: 1, ...conditions('FailureTarget', 'Failed') },
    [],
  ],
  [
    spec({}),
    {},
    { active: -1, succeeded: -1, failed: -1, ready: -2, terminating: -1 },
    [
      'status.active: Invalid value: -1: must be greater than or equal to 0',
      'status.succeeded: Invalid value: -1: must be greater than or equal to 0',
      'status.failed: Invalid value: -1: must be greater than or equal to 0',
      'status.ready: Invalid value: -2: must be greater than or equal to 0',
      'status.terminating: Invalid value: -1: must be greater than or equal to 0',
      'status.failed: Invalid value: -1: cannot decrease the failed counter',
      'status.succeeded: Invalid value: -1: cannot decrease the succeeded counter',
    ],
  ],
  [
    spec({}),
    {},
    { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } },
    [
      'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
      'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
    ],
  ],
  [
    spec({}),
    {},
    { ...done, ...conditions('SuccessCriteriaMet', 'Complete', 'Failed', 'FailureTarget') },
    [
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
  ],
  [
    spec({}),
    {},
    { ...conditions('Complete', 'Failed') },
    [
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.startTime: Required value: startTime is required for finished job',
    ],
  ],
  [
    spec({}),
    {},
    { startTime: end, completionTime: start },
    [
      'status.completionTime: Invalid value: "2026-01-01T00:00:00Z": cannot set completionTime when there is no Complete=True condition',
      'status.completionTime: Invalid value: "2026-01-01T00:00:00Z": completionTime cannot be set before startTime',
    ],
  ],
  [
    spec({}),
    { startTime: start },
    { ...done, active: 1, terminating: 1, ready: 2, uncountedTerminatedPods: { failed: ['a'] } },
    [
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
      'status.uncountedTerminatedPods: Invalid value: {"failed":["a"]}: uncountedTerminatedPods needs to be empty for finished job',
      'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
      'status.ready: Invalid value: 2: cannot set more ready pods than active',
    ],
  ],
  [
    spec({}),
    { ...done, succeeded: 2 },
    { startTime: end, succeeded: 1, completionTime: start },
    [
      'status.completionTime: Invalid value: "2026-01-01T00:00:00Z": cannot set completionTime when there is no Complete=True condition',
      'status.completionTime: Invalid value: "2026-01-01T00:00:00Z": completionTime cannot be set before startTime',
      'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
      'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
      'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter',
      'status.completionTime: Invalid value: "2026-01-01T00:00:00Z": completionTime cannot be mutated',
      'status.startTime: Required value: startTime cannot be removed for unsuspended job',
    ],
  ],
  [
    spec({}),
    {},
    { completedIndexes: '0', failedIndexes: '' },
    [
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
      'status.failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
    ],
  ],
  [
    indexed({ backoffLimitPerIndex: 1 }),
    {},
    { completedIndexes: '0,2-3', failedIndexes: '1-2' },
    ['status.failedIndexes: Invalid value: "1-2": failedIndexes and completedIndexes overlap at index: 2'],
  ],
  [
    indexed({ backoffLimitPerIndex: 1 }),
    {},
    { completedIndexes: '4', failedIndexes: 'x' },
    [
      'status.completedIndexes: Invalid value: "4": error parsing completedIndexes: too large index: "4"',
      'status.failedIndexes: Invalid value: "x": error parsing failedIndexes: cannot convert string to integer for index: "x"',
    ],
  ],
  // What is wrong already, and is not touched, is let be.
  [indexed({}), { completedIndexes: '7' }, { completedIndexes: '7', active: 1 }, []],
  // An indexed Job that can be made smaller loses indexes.
  [indexed({ parallelism: 4 }), { succeeded: 4 }, { succeeded: 3 }, []],
  // A Job that is suspended, or goes on after it was, starts anew.
  [spec({ suspend: true }), { startTime: start }, {}, []],
  [spec({}), { startTime: start, ...conditions('Suspended') }, { startTime: end }, []],
];

for (const [i, [body, was, status, expected]] of onStatus.entries()) {
  test(`status of a Job (${i}): ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(statusUpdated(job, body, was, status), expected);
  });
}

test('a schedule that has its zone in itself may keep it, and get no other', () => {
  const kept = (more: object) => ({
    spec: { schedule: 'TZ=UTC 1 * * * *', jobTemplate: { spec: { template } }, ...more },
  });
  assert.deepEqual(updated(cronJob, kept({}), kept({ schedule: 'TZ=UTC 2 * * * *' })), []);
  assert.deepEqual(updated(cronJob, kept({}), kept({ timeZone: 'Etc/UTC' })), [
    'spec.schedule: Invalid value: "TZ=UTC 1 * * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule',
  ]);
});
