import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/fake-clock.ts';
import type { ContainerStatus } from '../../cri/cri.ts';
import { FakeCgroups } from '../../kernel/cgroup/fake-cgroups.ts';
import type { NodePod } from '../pod/pod-identity.ts';
import { emptyRuntime, type RuntimeContainer } from '../pod/pod-runtime.ts';
import { StatsSummary } from './stats-summary.ts';

const started = Date.parse('2030-01-01T00:00:00Z');

function container(name: string, id: string, state = 'CONTAINER_RUNNING'): RuntimeContainer {
  const status = { id, metadata: { name, attempt: 0 }, state, startedAt: started * 1e6 };
  return { sandboxId: 's', status: status as unknown as ContainerStatus };
}

const pod = (name: string, limit?: string): NodePod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `u-${name}`, resourceVersion: '1' } as NodePod['metadata'],
  spec: {
    containers: [{ name: 'main', image: 'x', ...(limit && { resources: { limits: { memory: limit } } }) }],
  },
});

async function node(pods: NodePod[], containers: Record<string, RuntimeContainer[]>) {
  const clock = new FakeClock(started);
  const cgroups = new FakeCgroups();
  const use = async (path: string, cpu: number, memory = 0) => {
    await cgroups.create(path);
    cgroups.use(path, { cpu, charged: memory * 2, workingSet: memory, anonymous: memory / 2 });
  };
  const stats = new StatsSummary({
    ...{ clock, cgroups },
    facts: { nodeName: 'n1', nodeCgroup: '/c/n1', cgroupRoot: '/c/n1/pods', memoryBytes: 1000 },
    pods: () => pods,
    runtime: uid => ({ ...emptyRuntime(uid), containers: containers[uid] ?? [] }),
  });
  return { clock, use, stats };
}

test('node, pods and containers by their control groups; rates between two questions', async () => {
  const web = pod('web', '64');
  const { clock, use, stats } = await node([web, pod('waits')], {
    'u-web': [container('main', 'c2'), container('main', 'c1', 'CONTAINER_EXITED')],
  });
  const group = 'c/n1/pods/kubepods/burstable/podu-web';
  await use('c/n1', 5000, 400);
  await use(group, 700, 48);
  await use(`${group}/c2`, 600, 40);
  const first = await stats.summary();
  assert.deepEqual(
    first.pods.map(({ podRef }) => podRef),
    [{ name: 'web', namespace: 'default', uid: 'u-web' }],
  );
  const time = new Date(started).toISOString();
  assert.deepEqual(first.pods[0]!.containers, [
    {
      name: 'main',
      startTime: time,
      cpu: { time, usageCoreNanoSeconds: 600e6 },
      memory: {
        ...{ time, availableBytes: 24, usageBytes: 80, workingSetBytes: 40, rssBytes: 20 },
        ...{ pageFaults: 0, majorPageFaults: 0 },
      },
    },
  ]);
  assert.deepEqual([first.node.memory.workingSetBytes, first.node.memory.availableBytes], [400, 600]);

  await clock.advance(10_000);
  await use(`${group}/c2`, 3100);
  const next = await stats.summary();
  assert.equal(next.pods[0]!.containers[0]!.cpu.usageNanoCores, 250e6);
  assert.equal(next.node.cpu.usageNanoCores, 0);

  // What was read long ago says nothing about now.
  await clock.advance(120_000);
  assert.equal((await stats.summary()).node.cpu.usageNanoCores, undefined);
});

test('a pod without limits has no bound of memory', async () => {
  const { use, stats } = await node([pod('free')], { 'u-free': [container('main', 'c1')] });
  const group = 'c/n1/pods/kubepods/besteffort/podu-free';
  for (const path of [group, `${group}/c1`]) await use(path, 1, 8);
  const { pods } = await stats.summary();
  assert.equal(pods[0]!.memory.availableBytes, undefined);
  assert.equal(pods[0]!.memory.workingSetBytes, 8);
});
