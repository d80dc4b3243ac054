import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, PodSpec } from '../../api/generated/types.ts';
import { containerResources } from '../container/container-resources.ts';
import { podCgroup, podCgroupLimits } from './pod-cgroup.ts';
import { oomScoreAdjust } from './quality-of-service.ts';

const Mi = 1024 * 1024;
const c = (name: string, limits?: Record<string, string>, requests?: Record<string, string>): Container => ({
  name,
  image: 'i',
  resources: { ...(limits && { limits }), ...(requests && { requests }) },
});
const podOf = (spec: Partial<PodSpec>): Pod => ({
  metadata: { uid: 'u' },
  spec: { containers: [c('a'), c('b')], ...spec },
});
const rows: { what: string; spec: Partial<PodSpec>; group: string; limits: unknown[] | undefined }[] = [
  {
    what: 'a pod that says nothing of itself',
    spec: { containers: [c('a', { cpu: '1', memory: '64Mi' })] },
    group: '/n/kubepods/podu',
    limits: undefined,
  },
  {
    what: 'limits alone are the requests as well (defaults write them)',
    spec: {
      resources: { limits: { cpu: '500m', memory: '64Mi' }, requests: { cpu: '500m', memory: '64Mi' } },
    },
    group: '/n/kubepods/podu',
    limits: [512, 50_000, 64 * Mi],
  },
  {
    what: 'requests alone limit nothing',
    spec: { resources: { requests: { cpu: '2' } } },
    group: '/n/kubepods/burstable/podu',
    limits: [2048, 0, 0],
  },
  {
    what: 'what the pod does not limit is limited where all containers are',
    spec: {
      resources: { limits: { cpu: '1' }, requests: { cpu: '100m' } },
      containers: [c('a', { memory: '10Mi' }), c('b', { memory: '20Mi' })],
    },
    group: '/n/kubepods/burstable/podu',
    limits: [102, 100_000, 30 * Mi],
  },
  {
    what: 'and not where one is not',
    spec: {
      resources: { limits: { cpu: '1' }, requests: { cpu: '100m' } },
      containers: [c('a', { memory: '10Mi' }), c('b')],
    },
    group: '/n/kubepods/burstable/podu',
    limits: [102, 100_000, 0],
  },
];
for (const { what, spec, group, limits } of rows) {
  test(`control group of a pod: ${what}`, () => {
    const pod = podOf(spec);
    const found = podCgroupLimits(pod);
    assert.deepEqual(found && [found.cpuShares, found.cpuQuota, found.memory], limits);
    assert.equal(podCgroup(pod, '/n'), group);
  });
}

test('a container without limits has those of its pod', () => {
  const pod = podOf({
    containers: [c('a'), c('b', { cpu: '100m', memory: '10Mi' })],
    resources: { limits: { cpu: '1', memory: '100Mi' }, requests: { memory: '50Mi' } },
  });
  const found = pod.spec!.containers.map(container => {
    const { cpuQuota, memoryLimitInBytes, cpuShares } = containerResources(pod, container, {
      memoryBytes: 1000 * Mi,
      cgroupVersion: 1,
    });
    return [cpuShares, cpuQuota, memoryLimitInBytes];
  });
  assert.deepEqual(found, [
    [2, 100_000, 100 * Mi],
    [102, 10_000, 10 * Mi],
  ]);
});

test('memory that no container asks for makes all of them a little safer; a sidecar is as safe as the least', () => {
  const sidecar = { ...c('s', undefined, { memory: '10Mi' }), restartPolicy: 'Always' };
  const pod = podOf({
    initContainers: [sidecar],
    containers: [c('a', undefined, { memory: '100Mi' }), c('b', undefined, { memory: '50Mi' })],
    resources: { requests: { memory: '460Mi' } },
  });
  const scores = [...pod.spec!.containers, sidecar].map(container =>
    oomScoreAdjust(pod, container, 1000 * Mi),
  );
  assert.deepEqual(scores, [800, 850, 850]);
});
