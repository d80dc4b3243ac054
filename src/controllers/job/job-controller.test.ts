import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Job, JobSpec, Pod } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { formatIndexes, parseIndexes } from './index-set.ts';
import { JobController } from './job-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster?.stop());

const labels = { 'batch.kubernetes.io/job-name': 'sum' };
async function run(spec: Partial<JobSpec> = {}): Promise<void> {
  cluster = new TestCluster();
  cluster.seed<Job>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'default', name: 'sum' },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c' }], restartPolicy: 'Never' } },
      ...spec,
    },
  });
  await cluster.run(new JobController(cluster.deps));
}
const job = () => cluster.get<Job>(resources.jobs, 'default', 'sum')!;
const pods = () => cluster.list<Pod>(resources.pods, 'default');
const active = () =>
  pods().filter(({ status, metadata }) => status?.phase === 'Pending' && !metadata.deletionTimestamp);
const index = (pod: Pod) => pod.metadata?.annotations?.['batch.kubernetes.io/job-completion-index'];
const end = async (
  pod: Pod,
  phase: string,
  exitCode = 0,
  conditions: { type: string; status: string }[] = [],
) => {
  const finishedAt = formatTime(cluster.clock.now());
  await cluster.change<Pod>(resources.pods, 'default', pod.metadata!.name!, one => ({
    ...one,
    status: {
      phase,
      conditions,
      containerStatuses: [
        {
          name: 'c',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode, finishedAt } },
        },
      ],
    },
  }));
  await cluster.rest();
};
const edit = async (spec: Partial<JobSpec>) => {
  cluster.seed({ ...job(), spec: { ...job().spec!, ...spec } });
  await cluster.rest();
};
const conditions = () =>
  (job().status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);

describe('job controller', () => {
  it('lets go of a pod that it selects no more: nothing holds it then', async () => {
    await run();
    const [pod] = pods();
    const { name } = pod!.metadata;
    assert.deepEqual(pod!.metadata.finalizers, ['batch.kubernetes.io/job-tracking']);
    await cluster.change<Pod>(
      resources.pods,
      'default',
      name,
      ({ metadata: { labels: _, ...metadata }, ...rest }) => ({
        ...rest,
        metadata,
      }),
    );
    await cluster.rest();
    const { ownerReferences, finalizers } = cluster.get<Pod>(resources.pods, 'default', name)!.metadata;
    assert.deepEqual([ownerReferences ?? [], finalizers ?? []], [[], []]);
    assert.equal(active().length, 2);
  });

  it('frees a pod that nobody owns and no Job selects', async () => {
    await run();
    const [pod] = pods();
    cluster.seed<Pod>({
      ...pod!,
      metadata: { namespace: 'default', name: 'lost', uid: 'lost', finalizers: pod!.metadata.finalizers },
    });
    await cluster.rest();
    assert.deepEqual(cluster.get<Pod>(resources.pods, 'default', 'lost')!.metadata.finalizers ?? [], []);
  });

  it('ends while it is suspended, where it has nothing to do', async () => {
    await run({ completions: 0, suspend: true });
    assert.deepEqual(conditions(), [
      'Suspended=True JobSuspended',
      'SuccessCriteriaMet=True CompletionsReached',
      'Complete=True CompletionsReached',
    ]);
    assert.equal(job().status?.startTime, job().status?.completionTime);
  });

  it('runs to completion, so many at a time', async () => {
    await run({ completions: 3, parallelism: 2 });
    assert.equal(active().length, 2);
    assert.equal(job().status?.active, 2);
    assert.ok(job().status?.startTime);
    for (let i = 0; i < 3; i++) await end(active()[0]!, 'Succeeded');
    assert.equal(job().status?.succeeded, 3);
    assert.deepEqual(conditions(), [
      'SuccessCriteriaMet=True CompletionsReached',
      'Complete=True CompletionsReached',
    ]);
    assert.ok(job().status?.completionTime);
    assert.deepEqual(job().status?.uncountedTerminatedPods, {});
    assert.equal(pods().length, 3);
    assert.ok(pods().every(({ metadata }) => metadata.finalizers?.length === 0));
    assert.equal(cluster.recorder.events.at(-1), 'Normal Completed Job completed');
  });

  it('replaces failed pods after a while, and gives up at the limit', async () => {
    await run({ backoffLimit: 1 });
    await end(active()[0]!, 'Failed', 1);
    assert.equal(active().length, 0);
    assert.equal(job().status?.failed, 1);
    await cluster.clock.advance(11_000);
    assert.equal(active().length, 1);
    await end(active()[0]!, 'Failed', 1);
    assert.deepEqual(conditions(), [
      'FailureTarget=True BackoffLimitExceeded',
      'Failed=True BackoffLimitExceeded',
    ]);
    assert.equal(
      cluster.recorder.events.at(-1),
      'Warning BackoffLimitExceeded Job has reached the specified backoff limit',
    );
  });

  it('counts a pod once that vanishes after it ended', async () => {
    await run({ completions: 2 });
    const [first] = active();
    await end(first!, 'Succeeded');
    cluster.transport.unseed(first!);
    await cluster.rest();
    assert.equal(job().status?.succeeded, 1);
    await end(active()[0]!, 'Succeeded');
    assert.equal(job().status?.succeeded, 2);
  });

  it('counts a pod that somebody deletes as failed', async () => {
    await run();
    const { name } = active()[0]!.metadata;
    await cluster.transport.request({ method: 'DELETE', path: `/api/v1/namespaces/default/pods/${name}` });
    await cluster.rest();
    assert.equal(job().status?.failed, 1);
    assert.equal(
      pods().some(({ metadata }) => metadata.name === name),
      false,
    );
    await cluster.clock.advance(11_000);
    assert.equal(active().length, 1);
  });

  it('gives every pod of an indexed Job its index', async () => {
    await run({ completionMode: 'Indexed', completions: 3, parallelism: 3 });
    assert.deepEqual(active().map(index).sort(), ['0', '1', '2']);
    const [one] = active();
    assert.match(one!.metadata.name, /^sum-\d-\w{5}$/);
    assert.equal(one!.spec?.hostname, `sum-${index(one!)}`);
    assert.equal(one!.spec?.containers[0]?.env?.[0]?.name, 'JOB_COMPLETION_INDEX');
    await end(active().find(pod => index(pod) === '1')!, 'Succeeded');
    assert.equal(job().status?.completedIndexes, '1');
    for (const pod of active()) await end(pod, 'Succeeded');
    assert.equal(job().status?.completedIndexes, '0-2');
    assert.equal(job().status?.succeeded, 3);
    assert.match(conditions().at(-1)!, /^Complete=True/);
  });

  it('fails single indexes', async () => {
    await run({
      completionMode: 'Indexed',
      completions: 2,
      parallelism: 2,
      backoffLimitPerIndex: 0,
      backoffLimit: undefined,
    });
    await end(active().find(pod => index(pod) === '0')!, 'Failed', 1);
    assert.equal(job().status?.failedIndexes, '0');
    assert.equal(active().length, 1);
    await end(active()[0]!, 'Succeeded');
    assert.deepEqual(conditions(), ['FailureTarget=True FailedIndexes', 'Failed=True FailedIndexes']);
  });

  it('retries an index as often as it may', async () => {
    await run({
      completionMode: 'Indexed',
      completions: 1,
      backoffLimitPerIndex: 1,
      backoffLimit: undefined,
    });
    await end(active()[0]!, 'Failed', 1);
    assert.equal(active().length, 1);
    await end(active()[0]!, 'Failed', 1);
    assert.equal(job().status?.failedIndexes, '0');
    assert.equal(job().status?.failed, 2);
  });

  it('stops when the success policy is met', async () => {
    const successPolicy = { rules: [{ succeededIndexes: '0', succeededCount: 1 }] };
    await run({ completionMode: 'Indexed', completions: 3, parallelism: 3, successPolicy });
    await end(active().find(pod => index(pod) === '0')!, 'Succeeded');
    assert.deepEqual(conditions(), ['SuccessCriteriaMet=True SuccessPolicy', 'Complete=True SuccessPolicy']);
    assert.equal(active().length, 0);
  });

  it('fails at once, or not at all, by the failure policy', async () => {
    const podFailurePolicy = {
      rules: [
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
      ],
    };
    await run({ podFailurePolicy, backoffLimit: 0 });
    await end(active()[0]!, 'Failed', 42, [{ type: 'DisruptionTarget', status: 'True' }]);
    assert.equal(job().status?.failed ?? 0, 0);
    assert.equal(active().length, 1);
    const [pod] = active();
    await end(pod!, 'Failed', 42);
    assert.deepEqual(conditions(), ['FailureTarget=True PodFailurePolicy', 'Failed=True PodFailurePolicy']);
    assert.equal(
      job().status?.conditions?.[0]?.message,
      `Container c for pod default/${pod!.metadata.name} failed with exit code 42 matching FailJob rule at index 1`,
    );
  });

  it('suspends and resumes', async () => {
    await run({ suspend: true });
    assert.equal(pods().length, 0);
    assert.deepEqual(conditions(), ['Suspended=True JobSuspended']);
    await edit({ suspend: false });
    assert.equal(active().length, 1);
    assert.deepEqual(conditions(), ['Suspended=False JobResumed']);
    await edit({ suspend: true });
    assert.equal(pods().length, 0);
    assert.equal(job().status?.failed ?? 0, 0);
  });

  it('stops at its deadline', async () => {
    await run({ activeDeadlineSeconds: 60 });
    await cluster.clock.advance(61_000);
    await cluster.rest();
    assert.deepEqual(conditions(), ['FailureTarget=True DeadlineExceeded', 'Failed=True DeadlineExceeded']);
    assert.equal(pods().length, 0);
  });

  it('adopts strays, counts them, and lets pods of a deleted Job go', async () => {
    await run();
    const [own] = active();
    await cluster.change<Pod>(resources.pods, 'default', own!.metadata.name, pod => ({
      ...pod,
      metadata: { ...pod.metadata, ownerReferences: [], finalizers: [] },
    }));
    await cluster.rest();
    assert.equal(pods().length, 1);
    await end(pods()[0]!, 'Succeeded');
    assert.equal(job().status?.succeeded, 1);
    await cluster.stop();
    await run({ completions: 2, parallelism: 2 });
    cluster.transport.unseed(job());
    await cluster.rest();
    assert.ok(pods().every(({ metadata }) => metadata.finalizers?.length === 0));
  });

  it('follows its parallelism', async () => {
    await run({ completions: undefined, parallelism: 3 });
    assert.equal(active().length, 3);
    await edit({ parallelism: 1 });
    assert.equal(active().length, 1);
    await end(active()[0]!, 'Succeeded');
    assert.match(conditions().at(-1)!, /^Complete=True/);
  });
});

it('writes and reads sets of indexes', () => {
  for (const text of ['', '3', '1,2', '0-2,5,7-9'])
    assert.equal(formatIndexes(parseIndexes(text, 100)), text);
  assert.equal(formatIndexes(parseIndexes('1-5', 3)), '1,2');
});
