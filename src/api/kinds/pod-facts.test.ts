import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '../generated/types.ts';
import { formatAmounts, podLimits, podRequests } from './pod-resources.ts';
import { computeQosClass } from './qos.ts';

const container = (requests: object, limits?: object, more: object = {}) => ({
  name: 'c',
  image: 'x',
  resources: { requests, ...(limits && { limits }) },
  ...more,
});
const spec = (...containers: object[]) => ({ containers }) as PodSpec;

for (const [name, pod, expected] of [
  ['nothing asked', spec(container({})), 'BestEffort'],
  ['a request', spec(container({ cpu: '1' })), 'Burstable'],
  [
    'limits equal requests',
    spec(container({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1024Mi' })),
    'Guaranteed',
  ],
  ['limits only', spec(container({}, { cpu: '1', memory: '1Gi' })), 'Guaranteed'],
  ['memory not limited', spec(container({}, { cpu: '1' })), 'Burstable'],
  ['one of two without', spec(container({}, { cpu: '1', memory: '1Gi' }), container({})), 'Burstable'],
  ['zero is nothing', spec(container({ cpu: '0' })), 'BestEffort'],
  ['other resources do not count', spec(container({ 'example.com/gpu': '1' })), 'BestEffort'],
] as const) {
  test(`QoS: ${name}`, () => assert.equal(computeQosClass(pod), expected));
}

test('requests: init containers one by one, sidecars from their start on, overhead on top', () => {
  const pod = {
    containers: [container({ cpu: '100m' }), container({ cpu: '200m', memory: '1Gi' })],
    initContainers: [
      container({ cpu: '1' }),
      container({ cpu: '50m' }, undefined, { restartPolicy: 'Always' }),
      container({ cpu: '400m', memory: '2Gi' }),
    ],
    overhead: { cpu: '10m' },
  } as unknown as PodSpec;
  // Running: 100 + 200 + 50; starting: max(1000, 50 + 400).
  assert.deepEqual(formatAmounts(podRequests(pod)), { cpu: '1010m', memory: '2Gi' });
});

test('limits: overhead counts only where there is a limit', () => {
  const pod = {
    containers: [container({}, { cpu: '1' })],
    overhead: { cpu: '10m', memory: '1Mi' },
  } as unknown as PodSpec;
  assert.deepEqual(formatAmounts(podLimits(pod)), { cpu: '1010m' });
});
