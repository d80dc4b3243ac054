import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EphemeralContainer, Pod } from '../../generated/types.ts';
import type { FieldError } from '../../status.ts';
import { applyDefaults, prepareForCreate } from '../registry.ts';
import { validateBinding, validateEphemeralContainersUpdate, validateResize } from './subresources.ts';

const gvk = { group: '', version: 'v1', kind: 'Pod' };
const text = (found: FieldError[]) => found.map(f => `${f.field}: ${f.message}`);

function pod(cpu = '100m', ephemeral: Partial<EphemeralContainer>[] = []): Pod {
  const resources = { requests: { cpu, memory: '64Mi' } };
  const object = {
    metadata: { name: 'web', namespace: 'default', resourceVersion: '1' },
    spec: {
      containers: [{ name: 'c', image: 'nginx', resources }],
      ...(ephemeral.length > 0 && {
        ephemeralContainers: structuredClone(ephemeral) as EphemeralContainer[],
      }),
    },
  };
  applyDefaults(gvk, object);
  prepareForCreate(gvk, object);
  return object;
}

const debug = { name: 'debug', image: 'busybox' };

test('a debugging container may be added', () => {
  assert.deepEqual(text(validateEphemeralContainersUpdate(pod('1', [debug]), pod('1'))), []);
});

test('it must be one, and of a name of its own', () => {
  assert.deepEqual(
    text(
      validateEphemeralContainersUpdate(
        pod('1', [{ name: 'c', image: 'x', ports: [{ containerPort: 1 }] }]),
        pod('1'),
      ),
    ),
    [
      'spec.ephemeralContainers[0].name: Duplicate value: "c"',
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    ],
  );
});

test('it may not be taken away or changed', () => {
  assert.deepEqual(text(validateEphemeralContainersUpdate(pod('1'), pod('1', [debug]))), [
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
  ]);
  assert.deepEqual(
    text(validateEphemeralContainersUpdate(pod('1', [{ ...debug, image: 'x:1' }]), pod('1', [debug]))),
    [
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n- image: "busybox"\n+ image: "x:1"\n- imagePullPolicy: "Always"\n+ imagePullPolicy: "IfNotPresent"\n',
    ],
  );
});

test('resize changes cpu and memory, nothing else', () => {
  assert.deepEqual(text(validateResize(pod('200m'), pod('100m'))), []);
  const other = pod('200m');
  other.spec!.containers[0]!.image = 'other';
  assert.deepEqual(text(validateResize(other, pod('100m'))), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ]);
  const less = pod('100m');
  less.spec!.containers[0]!.resources = { requests: { cpu: '100m' } };
  assert.deepEqual(text(validateResize(less, pod('100m'))), [
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ]);
});

test('a binding names a node', () => {
  assert.deepEqual(text(validateBinding({ target: { kind: 'Pod', name: '' } })), [
    'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    'target.name: Required value',
  ]);
});
