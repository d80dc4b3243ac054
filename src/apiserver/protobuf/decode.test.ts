import assert from 'node:assert/strict';
import { test } from 'node:test';
import { field } from '../testing/wire.ts';
import { decodeProtobuf, NoProtobufForm } from './decode.ts';

const object = (apiVersion: string, kind: string, ...fields: Buffer[]) =>
  Buffer.concat([Buffer.from('k8s\0'), field(1, [field(1, apiVersion), field(2, kind)]), field(2, fields)]);

test('what Go writes for fields that are not set is absent', () => {
  // As kubectl 1.32 sends `create namespace foo`.
  const bytes = Buffer.from(
    '6b3873000a0f0a02763112094e616d657370616365121b0a130a03666f6f12001a002200' +
      '2a003200380042001200' +
      '1a020a001a002200',
    'hex',
  );
  assert.deepEqual(decodeProtobuf(bytes), {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name: 'foo' },
    spec: {},
  });
});

test('scalars, maps, lists, bytes, inlined members, quantities, times', () => {
  const quantity = field(1, '100m');
  const container = [
    field(1, 'c'),
    field(2, 'img'),
    field(3, 'a'),
    field(3, 'b'),
    field(6, [field(1, 'p'), field(3, 80)]),
    field(8, [field(1, [field(1, 'cpu'), field(2, [quantity])])]),
  ];
  const probe = field(10, [
    field(1, [field(2, [field(1, '/'), field(2, [field(1, 1), field(3, 'http')])])]),
    field(2, 0),
    field(7, 0),
  ]);
  const volume = field(1, [field(1, 'v'), field(2, [field(6, [field(1, 's')])])]);
  const spec = field(2, [volume, field(2, [...container, probe]), field(4, 0), field(11, 1)]);
  const meta = field(1, [
    field(1, 'p'),
    field(8, [field(1, 1_893_456_000)]),
    field(11, [field(1, 'k'), field(2, '')]),
    field(14, 'f/x'),
  ]);
  assert.deepEqual(decodeProtobuf(object('v1', 'Pod', meta, spec)), {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name: 'p',
      creationTimestamp: '2030-01-01T00:00:00Z',
      labels: { k: '' },
      finalizers: ['f/x'],
    },
    spec: {
      volumes: [{ name: 'v', secret: { secretName: 's' } }],
      containers: [
        {
          name: 'c',
          image: 'img',
          command: ['a', 'b'],
          ports: [{ name: 'p', containerPort: 80 }],
          resources: { limits: { cpu: '100m' } },
          livenessProbe: { httpGet: { path: '/', port: 'http' }, terminationGracePeriodSeconds: 0 },
        },
      ],
      // A pointer in Go: zero is a value.
      terminationGracePeriodSeconds: 0,
      hostNetwork: true,
    },
  });
  const secret = decodeProtobuf(
    object('v1', 'Secret', field(2, [field(1, 'a'), field(2, Buffer.from([0, 255]))])),
  );
  assert.deepEqual(secret.data, { a: 'AP8=' });
});

test('kinds without a message, bytes that are none, and every cut of a message', () => {
  assert.throws(() => decodeProtobuf(object('example.com/v1', 'Thing')), NoProtobufForm);
  assert.throws(() => decodeProtobuf(Buffer.from('{"kind":"Pod"}')), RangeError);
  const whole = object(
    'v1',
    'ConfigMap',
    field(1, [field(1, 'c')]),
    field(2, [field(1, 'a'), field(2, 'b')]),
  );
  for (let length = 0; length < whole.length; length++) {
    try {
      decodeProtobuf(whole.subarray(0, length));
    } catch (error) {
      assert.ok(error instanceof RangeError || error instanceof NoProtobufForm, String(error));
    }
  }
});
