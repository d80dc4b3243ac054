import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Node, Pod } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import { builtinByResource } from '../api/resources.ts';
import { internalError } from '../api/status.ts';
import { DecisionLog } from '../base/decisions.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { FakeEventRecorder } from '../client/fake-event-recorder.ts';
import { FakeTransport } from '../client/fake-transport.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import { Scheduler } from './scheduler.ts';
import { testNode, testPod } from './test-objects.ts';

const pods = builtinByResource({ group: '', version: 'v1', resource: 'pods' })!;

let clock: FakeClock;
let transport: FakeTransport;
let informers: InformerFactory;
let recorder: FakeEventRecorder;
let decisions: DecisionLog;
let scheduler: Scheduler;

beforeEach(() => {
  clock = new FakeClock();
  transport = new FakeTransport({ clock });
  informers = new InformerFactory({ clock, log: silentLogger, transport });
  recorder = new FakeEventRecorder();
  decisions = new DecisionLog(clock, 'server');
  const deps = { clock, log: silentLogger, decisions, transport, informers, recorder };
  scheduler = new Scheduler(deps, { random: () => 0 });
});
afterEach(async () => {
  await scheduler.stop();
  await informers.stop();
});

async function run(...objects: KubeObject[]): Promise<void> {
  for (const object of objects) transport.seed(object);
  const { signal } = new AbortController();
  const started = scheduler.start(signal);
  await informers.start(signal);
  await rest();
  await started;
  await rest();
}

async function rest(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await clock.advance(0);
    await scheduler.idle();
  }
}

const nodeOf = (name: string) => transport.object<Pod>(pods, 'default', name)?.spec?.nodeName;
const scheduled = (name: string) => {
  const conditions = transport.object<Pod>(pods, 'default', name)?.status?.conditions ?? [];
  const found = conditions.find(({ type }) => type === 'PodScheduled');
  return found && `${found.status} ${found.reason}: ${found.message}`;
};
const small = (name: string, given: Partial<Node> = {}) =>
  testNode(name, { status: { allocatable: { cpu: '1', memory: '1Gi', pods: '10' } }, ...given });

describe('scheduler', () => {
  it('binds pods, tells of it and records the decision', async () => {
    await run(testNode('causeway-1'), testPod('web'));
    assert.equal(nodeOf('web'), 'causeway-1');
    assert.deepEqual(recorder.events, ['Normal Scheduled Successfully assigned default/web to causeway-1']);
    const bound = decisions.since().find(({ type }) => type === 'pod.bound');
    assert.deepEqual(bound?.detail, { node: 'causeway-1', score: 0, candidates: 1 });
    assert.equal(bound?.object?.name, 'web');
  });

  it('counts pods whose binding is not written yet', async () => {
    await run(small('a'), small('b'), ...[1, 2, 3, 4].map(i => testPod(`p${i}`, { cpu: '500m' })));
    const nodes = [1, 2, 3, 4].map(i => nodeOf(`p${i}`)).sort();
    assert.deepEqual(nodes, ['a', 'a', 'b', 'b']);
  });

  it('says why nothing fits, and places the pod when a node comes', async () => {
    const tainted = testNode('a', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } });
    await run(tainted, small('b'), testPod('big', { cpu: '1500m' }));
    const message =
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';
    assert.deepEqual(recorder.events, [`Warning FailedScheduling ${message}`]);
    assert.equal(scheduled('big'), `False Unschedulable: ${message}`);
    transport.seed(testNode('c'));
    await rest();
    await clock.advance(1000);
    await rest();
    assert.equal(nodeOf('big'), 'c');
  });

  it('has no nodes', async () => {
    await run(testPod('web'));
    assert.equal(scheduled('web'), 'False Unschedulable: no nodes available to schedule pods');
  });

  it('tries again when a binding fails, and keeps its room free meanwhile no longer', async () => {
    transport.fail('POST', /binding/, internalError(new Error('the store is away')));
    await run(small('a'), testPod('web', { cpu: '1' }));
    assert.equal(nodeOf('web'), undefined);
    assert.match(recorder.events[0]!, /^Warning FailedScheduling binding rejected: .*the store is away/);
    await clock.advance(1000);
    await rest();
    assert.equal(nodeOf('web'), 'a');
  });

  it('leaves pods of other schedulers and gated pods alone', async () => {
    const gated = testPod('gated', { spec: { schedulingGates: [{ name: 'g' }] } });
    await run(testNode('a'), testPod('theirs', { spec: { schedulerName: 'mine' } }), gated);
    assert.equal(nodeOf('theirs'), undefined);
    assert.equal(nodeOf('gated'), undefined);
    assert.equal(
      scheduled('gated'),
      'False SchedulingGated: Scheduling is blocked due to non-empty scheduling gates',
    );
    transport.seed({ ...gated, spec: { ...gated.spec!, schedulingGates: undefined } });
    await rest();
    assert.equal(nodeOf('gated'), 'a');
  });

  it('evicts a less important pod and takes its place', async () => {
    const low = { ...testPod('low', { cpu: '1', spec: { nodeName: 'a', priority: 0 } }), status: {} };
    await run(small('a'), low, testPod('vip', { cpu: '1', spec: { priority: 10 } }));
    const victim = transport.object<Pod>(pods, 'default', 'low');
    assert.ok(victim?.metadata.deletionTimestamp);
    assert.equal(victim.status?.conditions?.[0]?.reason, 'PreemptionByScheduler');
    assert.equal(transport.object<Pod>(pods, 'default', 'vip')?.status?.nominatedNodeName, 'a');
    transport.seed(testPod('late', { cpu: '1' }));
    await rest();
    transport.unseed(low);
    await rest();
    await clock.advance(1000);
    await rest();
    assert.equal(nodeOf('vip'), 'a');
    assert.equal(nodeOf('late'), undefined);
    assert.ok(recorder.events.includes('Normal Preempted Preempted by pod pod-default-vip on node a'));
  });

  it('gives back the room of pods that end', async () => {
    const done = testPod('done', { cpu: '1', spec: { nodeName: 'a' } });
    await run(small('a'), done, testPod('next', { cpu: '1' }));
    assert.equal(nodeOf('next'), undefined);
    transport.seed({ ...done, status: { phase: 'Succeeded' } });
    await rest();
    await clock.advance(1000);
    await rest();
    assert.equal(nodeOf('next'), 'a');
  });
});
