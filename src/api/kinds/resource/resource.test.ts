import assert from 'node:assert/strict';
import { test } from 'node:test';
import { created, statusUpdated, updated } from '../test-findings.ts';

const claim = 'resource.k8s.io/v1/ResourceClaim';
const template = 'resource.k8s.io/v1/ResourceClaimTemplate';
const deviceClass = 'resource.k8s.io/v1/DeviceClass';
const slice = 'resource.k8s.io/v1/ResourceSlice';

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const identifier =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
const noRequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

const exactly = { deviceClassName: 'gpu' };
const request = { name: 'a', exactly };
const devices = (claims: object) => ({ spec: { devices: claims } });
const requests = (...list: object[]) => devices({ requests: list });
const exact = (more: object) => requests({ name: 'a', exactly: { ...exactly, ...more } });
const selector = (expression: string) => exact({ selectors: [{ cel: { expression } }] });
const at = 'spec.devices.requests[0]';
const opaque = (parameters: unknown, driver = 'd.example.com') => ({ opaque: { driver, parameters } });

/** What is made, and what is wrong with it. */
const onCreate: [string, object, string[]][] = [
  [claim, requests(request), []],
  [claim, requests({ name: 'a', firstAvailable: [{ name: 'x', deviceClassName: 'gpu' }] }), []],
  [claim, requests(request, request), ['spec.devices.requests[1]: Duplicate value: "a"']],
  [
    claim,
    requests({ name: 'A', exactly: { deviceClassName: '' } }),
    [`${at}.name: Invalid value: "A": ${label}`, `${at}.exactly.deviceClassName: Required value`],
  ],
  [
    claim,
    requests({ name: 'a' }),
    [`${at}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`],
  ],
  [
    claim,
    requests({ name: 'a', exactly, firstAvailable: [{ name: 'x', deviceClassName: 'gpu' }] }),
    [
      `${at}: Invalid value: "null": exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`,
    ],
  ],
  [
    claim,
    requests(...Array.from({ length: 33 }, (_, i) => ({ ...request, name: `r${i}` }))),
    ['spec.devices.requests: Too many: 33: must have at most 32 items'],
  ],
  [
    claim,
    exact({ allocationMode: 'All', count: 2 }),
    [`${at}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`],
  ],
  [claim, exact({ count: -1 }), [`${at}.exactly.count: Invalid value: -1: must be greater than zero`]],
  [
    claim,
    exact({ allocationMode: 'Some' }),
    [`${at}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`],
  ],
  [claim, exact({ selectors: [{}] }), [`${at}.exactly.selectors[0].cel: Required value`]],
  [
    claim,
    selector(
      'device.attributes["d.example.com"].model == "a" && device.capacity["d"].memory.isGreaterThan(quantity("1Gi"))',
    ),
    [],
  ],
  [claim, selector('device.attributes["d.example.com"].healthy'), []],
  [
    claim,
    selector('device.driver'),
    [
      `${at}.exactly.selectors[0].cel.expression: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string`,
    ],
  ],
  [
    claim,
    selector('device.model'),
    [
      `${at}.exactly.selectors[0].cel.expression: Invalid value: "device.model": compilation failed: ERROR: <input>:1:7: undefined field 'model'\n | device.model\n | ......^`,
    ],
  ],
  [
    claim,
    selector(
      'device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, a + b + c == d))))',
    ),
    [`${at}.exactly.selectors[0].cel.expression: Forbidden: too complex, exceeds cost limit`],
  ],
  [
    claim,
    selector(`true ${' '.repeat(10240)}`),
    [`${at}.exactly.selectors[0].cel.expression: Too long: may not be more than 10240 bytes`],
  ],
  [
    claim,
    exact({
      tolerations: [
        { key: 'k', operator: 'Exists', value: 'v' },
        { key: 'k', operator: 'Like', effect: 'Soon' },
      ],
    }),
    [
      `${at}.exactly.tolerations[0].value: Invalid value: "v": must be empty for operator \`Exists\``,
      `${at}.exactly.tolerations[1].operator: Unsupported value: "Like": supported values: "Equal", "Exists"`,
      `${at}.exactly.tolerations[1].effect: Unsupported value: "Soon": supported values: "NoExecute", "NoSchedule", "None"`,
    ],
  ],
  [
    claim,
    devices({
      requests: [request],
      constraints: [
        { requests: ['a', 'b', 'a/x', 'a/b/c'], matchAttribute: 'd.example.com/numa' },
        { matchAttribute: 'numa' },
        {},
      ],
    }),
    [
      `spec.devices.constraints[0].requests[1]: Invalid value: "b": ${noRequest}`,
      `spec.devices.constraints[0].requests[2]: Invalid value: "a/x": ${noRequest}`,
      `spec.devices.constraints[0].requests[3]: Invalid value: "a/b/c": ${noRequest}`,
      'spec.devices.constraints[1].matchAttribute: Invalid value: "numa": a fully qualified name must be a domain and a name separated by a slash',
      'spec.devices.constraints[2]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
    ],
  ],
  [
    claim,
    devices({
      requests: [{ name: 'a', firstAvailable: [{ name: 'x', deviceClassName: 'gpu' }] }],
      config: [
        { requests: ['a', 'a/x', 'a'], ...opaque({ b: 1 }) },
        {},
        opaque([1]),
        opaque(null),
        opaque({ a: 'x'.repeat(10240) }),
        opaque({}, '-'),
      ],
    }),
    [
      'spec.devices.config[0].requests[2]: Duplicate value: "a"',
      'spec.devices.config[1].opaque: Required value',
      'spec.devices.config[2].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
      'spec.devices.config[3].opaque.parameters: Required value',
      'spec.devices.config[4].opaque.parameters: Too long: may not be more than 10240 bytes',
      `spec.devices.config[5].opaque.driver: Invalid value: "-": ${subdomain}`,
    ],
  ],
  [
    template,
    { spec: { metadata: { labels: { 'a b': 'c' } }, spec: { devices: { requests: [{ name: 'a' }] } } } },
    [
      "spec.metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
    ],
  ],
  [
    deviceClass,
    {
      spec: {
        selectors: [{ cel: { expression: '1' } }],
        config: [{}],
        extendedResourceName: 'cpu',
      },
    },
    [
      'spec.selectors[0].cel.expression: Invalid value: "1": must evaluate to bool or the unknown type, not int',
      'spec.config[0].opaque: Required value',
      'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
    ],
  ],
];

const pool = { name: 'p', resourceSliceCount: 1, generation: 1 };
const sliceSpec = { driver: 'd.example.com', pool, nodeName: 'n' };
const sliced = (more: object) => ({ spec: { ...sliceSpec, ...more } });
const device = (more: object) => sliced({ devices: [{ name: 'a', ...more }] });
const capacity = (requestPolicy: object, more: object = { allowMultipleAllocations: true }) =>
  device({ ...more, capacity: { memory: { value: '10', requestPolicy } } });
const policyAt = 'spec.devices[0].capacity[memory].requestPolicy';
const nodesWanted =
  'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
const deviceNodesWanted =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

onCreate.push(
  [slice, device({ attributes: { model: { string: 'x' }, 'e.com/v': { version: '1.2.3' } } }), []],
  [
    slice,
    { spec: { driver: '', pool: { name: 'a//B', resourceSliceCount: 0, generation: -1 } } },
    [
      'spec.driver: Required value',
      `spec.pool.name: Invalid value: "": ${subdomain}`,
      `spec.pool.name: Invalid value: "B": ${subdomain}`,
      'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
      'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
      `spec: Required value: ${nodesWanted}`,
    ],
  ],
  [
    slice,
    sliced({ allNodes: true }),
    [`spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${nodesWanted}, but multiple fields are set`],
  ],
  [
    slice,
    sliced({ nodeName: '', perDeviceNodeSelection: false, nodeSelector: { nodeSelectorTerms: [{}, {}] } }),
    [
      'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string',
      'spec.nodeSelector.nodeSelectorTerms: Invalid value: [{},{}]: must have exactly one node selector term',
      'spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true',
    ],
  ],
  [
    slice,
    sliced({
      devices: [],
      sharedCounters: [{ name: 'c', counters: { m: { value: '1' } } }, { name: 'c' }],
    }),
    [
      'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
      'spec.sharedCounters[1].counters: Required value',
      'spec.sharedCounters[1]: Duplicate value: "c"',
    ],
  ],
  [
    slice,
    sliced({ devices: Array.from({ length: 129 }, (_, i) => ({ name: `d${i}` })) }),
    ['spec.devices: Too many: 129: must have at most 128 items'],
  ],
  [
    slice,
    sliced({
      devices: Array.from({ length: 65 }, (_, i) => ({
        name: `d${i}`,
        taints: [{ key: 'k', effect: 'None' }],
      })),
    }),
    ['spec.devices: Too many: 65: must have at most 64 items'],
  ],
  [
    slice,
    device({
      attributes: {
        none: {},
        two: { int: 1, bool: true },
        v: { version: '1.0' },
        s: { string: 'x'.repeat(65) },
        '/n': { int: 1 },
        'e.com/': { int: 1 },
        'a/b/c': { int: 1 },
        '1': { int: 1 },
      },
    }),
    [
      `spec.devices[0].attributes: Invalid value: "1": ${identifier}`,
      'spec.devices[0].attributes[none]: Invalid value: "": exactly one value must be specified',
      'spec.devices[0].attributes[two]: Invalid value: {"int":1,"bool":true}: exactly one value must be specified',
      'spec.devices[0].attributes[v].version: Invalid value: "1.0": must be a string compatible with semver.org spec 2.0.0',
      'spec.devices[0].attributes[s].string: Too long: may not be more than 64 bytes',
      'spec.devices[0].attributes: Invalid value: "": the domain must not be empty',
      'spec.devices[0].attributes: Invalid value: "": the name must not be empty',
      'spec.devices[0].attributes: Invalid value: "a/b/c": must not contain more than one slash',
    ],
  ],
  [
    slice,
    device({ attributes: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, { int: i }])) }),
    ['spec.devices[0]: Invalid value: 33: the total number of attributes and capacities must not exceed 32'],
  ],
  [
    slice,
    device({
      taints: [{ key: 'k', value: '!', effect: '' }],
      consumesCounters: [{ counterSet: '', counters: {} }],
    }),
    [
      "spec.devices[0].taints[0].value: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      'spec.devices[0].taints[0].effect: Required value',
      'spec.devices[0].consumesCounters[0].counterSet: Required value',
      'spec.devices[0].consumesCounters[0].counters: Required value',
    ],
  ],
  [
    slice,
    device({ allNodes: true }),
    [
      'spec.devices[0]: Invalid value: "null": `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
    ],
  ],
  [
    slice,
    {
      spec: {
        driver: 'd',
        pool,
        perDeviceNodeSelection: true,
        devices: [{ name: 'a' }, { name: 'b', nodeName: 'n', allNodes: true }],
      },
    },
    [
      `spec.devices[0]: Required value: ${deviceNodesWanted}`,
      `spec.devices[1]: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${deviceNodesWanted}`,
    ],
  ],
  [
    slice,
    device({ bindingConditions: ['a', 'a'], bindingFailureConditions: ['a'] }),
    [
      'spec.devices[0].bindingConditions[1]: Duplicate value: "a"',
      'spec.devices[0].bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions',
    ],
  ],
  [
    slice,
    device({ bindingConditions: ['a'] }),
    [
      'spec.devices[0].bindingFailureConditions: Invalid value: []: bindingFailureConditions are required to use bindingConditions',
    ],
  ],
  [slice, capacity({ default: '1', validValues: ['1', '2'] }), []],
  [slice, capacity({}, {}), [`${policyAt}: Forbidden: allowMultipleAllocations must be true`]],
  [
    slice,
    capacity({ default: '3', validValues: ['2', '1', '20', '20'] }),
    [
      `${policyAt}.validValues[1]: Invalid value: "1": values must be sorted in ascending order`,
      `${policyAt}.validValues[2]: Invalid value: "20": option is larger than capacity value: 10`,
      `${policyAt}.validValues[3]: Invalid value: "20": option is larger than capacity value: 10`,
      `${policyAt}.validValues[3]: Duplicate value: "20"`,
      `${policyAt}.validValues: Invalid value: "3": default value is not valid according to the requestPolicy`,
    ],
  ],
  [
    slice,
    capacity({ validRange: { min: '1' } }),
    [`${policyAt}.default: Required value: required when validRange is defined`],
  ],
  [
    slice,
    capacity({ default: '4', validRange: { min: '2', max: '20', step: '3' } }),
    [
      `${policyAt}.validRange.max: Invalid value: "20": max is larger than capacity value: 10`,
      `${policyAt}.validRange.step: Invalid value: "4": value is not a multiple of a given step (3) from (2)`,
    ],
  ],
);

for (const [i, [path, body, expected]] of onCreate.entries()) {
  test(`create ${path} (${i}): ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(created(path, body), expected);
  });
}

test('the spec of a claim and of a template is what it was', () => {
  const wrong = `spec: Invalid value: {"devices":{"requests":[{"name":"b","exactly":{"deviceClassName":"gpu","allocationMode":"ExactCount","count":1}}]}}: field is immutable`;
  assert.deepEqual(updated(claim, requests(request), requests({ ...request, name: 'b' })), [wrong]);
  assert.deepEqual(updated(claim, requests(request), requests(request)), []);
  const [found] = updated(
    template,
    { spec: requests(request) },
    { spec: requests({ ...request, name: 'b' }) },
  );
  assert.match(found!, /^spec: Invalid value: .*: field is immutable$/);
});

test('a slice stays with its driver, its pool and its node', () => {
  const change = sliced({ driver: 'e', nodeName: 'm', pool: { ...pool, name: 'q' } });
  assert.deepEqual(updated(slice, sliced({}), change), [
    'spec.pool.name: Invalid value: "q": field is immutable',
    'spec.driver: Invalid value: "e": field is immutable',
    'spec.nodeName: Invalid value: "m": field is immutable',
  ]);
});

test('what a class had is not measured again, unless it changes', () => {
  const long = { spec: { config: [opaque({ a: 'x'.repeat(10240) })] } };
  assert.deepEqual(updated(deviceClass, long, {}), []);
  const more = { spec: { config: [...long.spec.config, opaque({})] } };
  assert.deepEqual(updated(deviceClass, long, more), [
    'spec.config[0].opaque.parameters: Too long: may not be more than 10240 bytes',
  ]);
});

const result = { request: 'a', driver: 'd.example.com', pool: 'p', device: 'x' };
const allocation = { devices: { results: [result] } };
const user = { resource: 'pods', name: 'web', uid: '1' };
const told = { driver: 'd.example.com', pool: 'p', device: 'x' };
const condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Up',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

/** The status before, the status after, and what is wrong. */
const onStatus: [object, object, string[]][] = [
  [{}, { allocation, reservedFor: [user], devices: [{ ...told, conditions: [condition] }] }, []],
  [
    {},
    { reservedFor: [user] },
    ['status.reservedFor: Forbidden: may not be specified when `allocated` is not set'],
  ],
  [
    {},
    { allocation, reservedFor: [user, { resource: '', name: '', uid: '1' }] },
    [
      'status.reservedFor[1].resource: Required value',
      'status.reservedFor[1].name: Required value',
      'status.reservedFor[1]: Duplicate value: "1"',
    ],
  ],
  [
    { allocation },
    { allocation: { devices: { results: [] } } },
    ['status.allocation: Invalid value: {"devices":{"results":[]}}: field is immutable'],
  ],
  [{ allocation }, {}, []],
  [
    {},
    {
      allocation: {
        devices: {
          results: [
            { request: 'b', driver: '', pool: '', device: 'X', shareID: 'y' },
            { ...result, shareID: 'AAAAAAAA-aaaa-aaaa-aaaa-aaaaaaaaaaaa' },
          ],
          config: [{ source: 'Elsewhere', ...opaque({}) }],
        },
      },
    },
    [
      `status.allocation.devices.results[0].request: Invalid value: "b": ${noRequest}`,
      'status.allocation.devices.results[0].driver: Required value',
      'status.allocation.devices.results[0].pool: Required value',
      `status.allocation.devices.results[0].device: Invalid value: "X": ${label}`,
      'status.allocation.devices.results[0].shareID: Invalid value: "y": error validating uid: invalid UUID length: 1',
      'status.allocation.devices.results[1].shareID: Invalid value: "AAAAAAAA-aaaa-aaaa-aaaa-aaaaaaaaaaaa": uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters',
      'status.allocation.devices.config[0].source: Unsupported value: "Elsewhere": supported values: "FromClaim", "FromClass"',
    ],
  ],
  [
    { allocation },
    { allocation, devices: [told, told, { ...told, device: 'z' }] },
    [
      'status.devices[2]: Invalid value: d.example.com/p/z: must be an allocated device in the claim',
      'status.devices[1]: Duplicate value: d.example.com/p/x',
    ],
  ],
  [
    { allocation },
    {
      allocation,
      devices: [
        {
          ...told,
          data: [],
          conditions: [condition, { ...condition, status: 'Maybe', reason: '', observedGeneration: -1 }],
          networkData: { interfaceName: 'x'.repeat(257), ips: ['10.0.0.1', 'FD00::1/64', '10.0.0.1/8'] },
        },
      ],
    },
    [
      'status.devices[0].conditions[1].type: Duplicate value: "Ready"',
      'status.devices[0].conditions[1].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
      'status.devices[0].conditions[1].observedGeneration: Invalid value: -1: must be greater than or equal to zero',
      'status.devices[0].conditions[1].reason: Required value: must be set',
      'status.devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object',
      'status.devices[0].networkData.interfaceName: Too long: may not be more than 256 bytes',
      'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
      'status.devices[0].networkData.ips[1]: Invalid value: "FD00::1/64": must be in canonical form ("fd00::1/64")',
    ],
  ],
  // What was told of a device that is not allocated any more goes without a word.
  [{ allocation, devices: [told] }, { devices: [told] }, []],
];

for (const [i, [was, status, expected]] of onStatus.entries()) {
  test(`status of a ResourceClaim (${i}): ${expected[0]?.slice(0, 70) ?? 'valid'}`, () => {
    assert.deepEqual(statusUpdated(claim, requests(request), was, status), expected);
  });
}
