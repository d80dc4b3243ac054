import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupVersionKind } from '../objects.ts';
import type { ApiError } from '../status.ts';
import { decodeObject } from './decode-object.ts';
import { decodePatchedObject } from './patched-object.ts';

const kinds: Record<string, GroupVersionKind> = {
  Pod: { group: '', version: 'v1', kind: 'Pod' },
  Secret: { group: '', version: 'v1', kind: 'Secret' },
  Service: { group: '', version: 'v1', kind: 'Service' },
  ConfigMap: { group: '', version: 'v1', kind: 'ConfigMap' },
  Deployment: { group: 'apps', version: 'v1', kind: 'Deployment' },
  Lease: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
  HorizontalPodAutoscaler: { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' },
};

const taken: [what: string, kind: string, body: string, object: object][] = [
  ['kind and version are those of the request', 'Pod', '{}', {}],
  ['null is an empty object', 'Pod', 'null', {}],
  [
    'nulls are absent',
    'Pod',
    '{"metadata":{"creationTimestamp":null,"name":"a"},"spec":null}',
    { metadata: { name: 'a' } },
  ],
  [
    'empty lists and maps of optional fields are absent',
    'Pod',
    '{"metadata":{"labels":{}},"spec":{"volumes":[],"containers":[]}}',
    { spec: { containers: [] } },
  ],
  [
    'empty structs stay',
    'Pod',
    '{"spec":{"containers":[],"volumes":[{"name":"a","emptyDir":{}}]}}',
    { spec: { containers: [], volumes: [{ name: 'a', emptyDir: {} }] } },
  ],
  [
    'nulls in lists and maps are zero values',
    'Pod',
    '{"metadata":{"labels":{"a":null}},"spec":{"containers":[null]}}',
    { metadata: { labels: { a: '' } }, spec: { containers: [{}] } },
  ],
  [
    'zeros are absent where Go has no pointer, and stay where it has one',
    'Pod',
    '{"metadata":{"generateName":""},"spec":{"hostNetwork":false,"automountServiceAccountToken":false,"terminationGracePeriodSeconds":0,"containers":[{"name":"","imagePullPolicy":"","env":[{"name":"A","value":""}],"livenessProbe":{"periodSeconds":0}}]}}',
    {
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: '', env: [{ name: 'A' }], livenessProbe: {} }],
      },
    },
  ],
  [
    'unknown fields are dropped',
    'Pod',
    '{"spec":{"containers":[{"imagee":"x","name":"a"}],"foo":1}}',
    { spec: { containers: [{ name: 'a' }] } },
  ],
  [
    'quantities are canonical',
    'Pod',
    '{"spec":{"containers":[{"resources":{"limits":{"cpu":0.5,"memory":"1024Mi"}}}]}}',
    { spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '1Gi' } } }] } },
  ],
  [
    'times are in UTC and seconds',
    'Pod',
    '{"status":{"startTime":"2026-01-02T05:04:05.9+02:00"}}',
    { status: { startTime: '2026-01-02T03:04:05Z' } },
  ],
  [
    'micro times',
    'Lease',
    '{"spec":{"renewTime":"2026-01-02T03:04:05.123456Z"}}',
    { spec: { renewTime: '2026-01-02T03:04:05.123456Z' } },
  ],
  [
    'int or string',
    'Service',
    '{"spec":{"ports":[{"port":80,"targetPort":"http"},{"port":81,"targetPort":8081}]}}',
    {
      spec: {
        ports: [
          { port: 80, targetPort: 'http' },
          { port: 81, targetPort: 8081 },
        ],
      },
    },
  ],
  [
    'base64 without line ends',
    'Secret',
    '{"data":{"a":"aGVs\\nbG8=","b":""}}',
    { data: { a: 'aGVsbG8=', b: '' } },
  ],
  [
    'maps take any key',
    'ConfigMap',
    '{"data":{"__proto__":"x","constructor":"y"}}',
    { data: JSON.parse('{"__proto__":"x","constructor":"y"}') },
  ],
  [
    'fields named like members of Object are unknown',
    'Pod',
    '{"__proto__":{"x":1},"toString":1,"spec":{"constructor":1,"containers":[]}}',
    { spec: { containers: [] } },
  ],
  [
    'of repeated fields the last counts',
    'Pod',
    '{"metadata":{"name":"a","name":"b"}}',
    { metadata: { name: 'b' } },
  ],
];
for (const [what, kind, body, object] of taken) {
  test(what, () => {
    const gvk = kinds[kind]!;
    const apiVersion = gvk.group ? `${gvk.group}/${gvk.version}` : gvk.version;
    const { object: decoded } = decodeObject(body, gvk, { fieldValidation: 'Ignore' });
    assert.deepEqual(decoded, { metadata: {}, ...object, apiVersion, kind });
    assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
  });
}

const cannot = (kind: string, why: string, version = 'v1') =>
  `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`;
const refused: [kind: string, body: string, message: string][] = [
  [
    'Pod',
    '{"metadata":{"name":5}}',
    cannot(
      'Pod',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',
    ),
  ],
  [
    'Pod',
    '{"spec":{"containers":[{"image":["x"]}]}}',
    cannot(
      'Pod',
      'json: cannot unmarshal array into Go struct field Container.spec.containers.image of type string',
    ),
  ],
  [
    'Pod',
    '{"spec":{"containers":{}}}',
    cannot(
      'Pod',
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ),
  ],
  [
    'Pod',
    '{"spec":{"containers":["x"]}}',
    cannot(
      'Pod',
      'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container',
    ),
  ],
  [
    'Pod',
    '{"spec":"x"}',
    cannot('Pod', 'json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec'),
  ],
  [
    'Pod',
    '{"spec":{"hostNetwork":"true"}}',
    cannot('Pod', 'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool'),
  ],
  [
    'Pod',
    '{"spec":{"priority":1.5}}',
    cannot(
      'Pod',
      'json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32',
    ),
  ],
  [
    'Pod',
    '{"spec":{"priority":3000000000}}',
    cannot(
      'Pod',
      'json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32',
    ),
  ],
  [
    'Pod',
    '{"spec":{"restartPolicy":true}}',
    cannot(
      'Pod',
      'json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ),
  ],
  [
    'Pod',
    '{"metadata":{"labels":{"a":1}}}',
    cannot(
      'Pod',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ),
  ],
  [
    'Pod',
    '{"metadata":{"labels":[]}}',
    cannot(
      'Pod',
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ),
  ],
  [
    'Pod',
    '{"spec":{"containers":[{"resources":{"limits":"x"}}]}}',
    cannot(
      'Pod',
      'json: cannot unmarshal string into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList',
    ),
  ],
  [
    'Pod',
    '{"spec":{"containers":[{"resources":{"limits":{"cpu":"1 core"}}}]}}',
    cannot(
      'Pod',
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ),
  ],
  [
    'Pod',
    '{"status":{"startTime":"now"}}',
    cannot('Pod', 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"'),
  ],
  [
    'Pod',
    '{"status":{"startTime":5}}',
    cannot(
      'Pod',
      'json: cannot unmarshal number into Go struct field PodStatus.status.startTime of type string',
    ),
  ],
  [
    'Service',
    '{"spec":{"ports":[{"targetPort":true}]}}',
    cannot(
      'Service',
      'json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32',
    ),
  ],
  ['Secret', '{"data":{"a":"x!"}}', cannot('Secret', 'illegal base64 data at input byte 1')],
  [
    'Secret',
    '{"data":{"a":5}}',
    cannot('Secret', 'json: cannot unmarshal number into Go struct field Secret.data of type []uint8'),
  ],
  [
    'Deployment',
    '{"spec":{"replicas":"3"}}',
    cannot(
      'Deployment',
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ),
  ],
  [
    'Pod',
    '{"apiVersion":"v1","kind":"ConfigMap"}',
    'ConfigMap in version "v1" cannot be handled as a Pod: converting (v1.ConfigMap) to (core.Pod): unknown conversion',
  ],
  [
    'Pod',
    '{"apiVersion":"v2","kind":"Pod"}',
    cannot(
      'Pod',
      'no kind "Pod" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
      'v2',
    ),
  ],
  [
    'Pod',
    '{"kind":"Foo"}',
    'Foo in version "v1" cannot be handled as a Pod: no kind "Foo" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
  ],
  [
    'HorizontalPodAutoscaler',
    '{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler"}',
    'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
  ],
  [
    'Pod',
    '{"kind":5}',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`,
  ],
  [
    'Pod',
    '',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
  ],
  [
    'Pod',
    '{"a":1,}',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string ({"a":1,})`,
  ],
  [
    'Pod',
    '{"metadata":{"name":"aaaaaaaaaaaaaaaaaaaa"}',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: unexpected end of JSON input ({"metadata":{"name":"aaaaaaaaa ...)`,
  ],
  [
    'Pod',
    'hello',
    `the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value (68656c6c6f)`,
  ],
  [
    'Pod',
    '[]',
    String.raw`the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (5b5d)`,
  ],
];
for (const [kind, body, message] of refused) {
  test(`refused: ${kind} ${body.slice(0, 70)}`, () => {
    assert.throws(
      () => decodeObject(body, kinds[kind]!),
      (error: ApiError) => {
        assert.deepEqual([error.code, error.message], [400, message]);
        return true;
      },
    );
  });
}

const odd =
  '{"metadata":{"name":"a","name":"a"},"spec":{"foo":1,"containers":[{"imagee":"x","image":"y","image":"y"}]}}';
const findings = [
  'duplicate field "metadata.name"',
  'unknown field "spec.foo"',
  'unknown field "spec.containers[0].imagee"',
  'duplicate field "spec.containers[0].image"',
];

test('unknown and repeated fields are warned of, refused or ignored as asked', () => {
  const pod = kinds.Pod!;
  assert.deepEqual(decodeObject(odd, pod).warnings, findings);
  assert.deepEqual(decodeObject(odd, pod, { fieldValidation: 'Ignore' }).warnings, []);
  assert.throws(() => decodeObject(odd, pod, { fieldValidation: 'Strict' }), {
    message: cannot('Pod', `strict decoding error: ${findings.join(', ')}`),
  });
  assert.deepEqual(
    decodeObject(Buffer.from('{"spec":{"containers":[]}}'), pod, { fieldValidation: 'Strict' }).warnings,
    [],
  );
});

test('strings full of quotes, braces and colons are not counted as fields', () => {
  const body = JSON.stringify({ data: { 'a":{"b': 'x\\"y:{[', 'c\\': '\\\\":', d: '' } });
  assert.deepEqual(decodeObject(body, kinds.ConfigMap!).warnings, []);
});

test('nesting is bounded', () => {
  const deep = `{"metadata":${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}}`;
  assert.throws(() => decodeObject(deep, kinds.Pod!), { message: /exceeded max depth/ });
});

test('an object parsed already is decoded as its text would be', () => {
  const { object } = decodeObject({ spec: { containers: [], nodeName: null } }, kinds.Pod!);
  assert.deepEqual(object, { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: [] } });
});

test('after a patch the complaints name the patch', () => {
  const pod = kinds.Pod!;
  const patch = { spec: { priority: 'x' } };
  assert.throws(() => decodePatchedObject({ spec: { priority: 'x' } }, pod, {}, patch), {
    message:
      ' "" is invalid: patch: Invalid value: "map[spec:map[priority:x]]": json: cannot unmarshal string into Go struct field PodSpec.spec.priority of type int32',
  });
  assert.throws(() => decodePatchedObject({ foo: 1 }, pod, { fieldValidation: 'Strict' }), {
    message:
      ' "" is invalid: patch: Invalid value: "{\\"foo\\":1}": strict decoding error: unknown field "foo"',
  });
  assert.deepEqual(decodePatchedObject({ foo: 1 }, pod).warnings, ['unknown field "foo"']);
});
