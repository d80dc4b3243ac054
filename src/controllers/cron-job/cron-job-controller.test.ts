import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { CronJob, CronJobSpec, Job } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { CronJobController } from './cron-job-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

async function run(spec: Partial<CronJobSpec> = {}): Promise<void> {
  cluster = new TestCluster();
  cluster.seed<CronJob>({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { namespace: 'default', name: 'tick' },
    spec: {
      schedule: '* * * * *',
      concurrencyPolicy: 'Allow',
      jobTemplate: {
        metadata: { labels: { app: 'tick' } },
        spec: { template: { spec: { containers: [] } } },
      },
      ...spec,
    },
  });
  await cluster.run(new CronJobController(cluster.deps));
}
const cronJob = () => cluster.get<CronJob>(resources.cronJobs, 'default', 'tick')!;
const jobs = () => cluster.list<Job>(resources.jobs, 'default');
const names = () => jobs().map(({ metadata }) => metadata.name);
const start = Date.parse('2030-01-01T00:00:00Z') / 60_000;
const finish = (name: string, type = 'Complete') =>
  cluster.change<Job>(resources.jobs, 'default', name, job => ({
    ...job,
    status: {
      completionTime: formatTime(cluster.clock.now()),
      conditions: [{ type, status: 'True' }],
    },
  }));

describe('cron job controller', () => {
  it('starts a Job when it is due, once', async () => {
    await run();
    assert.deepEqual(names(), []);
    await cluster.clock.advance(61_000);
    assert.deepEqual(names(), [`tick-${start + 1}`]);
    const [job] = jobs();
    assert.equal(job?.metadata.labels?.app, 'tick');
    assert.equal(
      job?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'],
      '2030-01-01T00:01:00Z',
    );
    assert.equal(cronJob().status?.lastScheduleTime, '2030-01-01T00:01:00Z');
    assert.deepEqual(
      cronJob().status?.active?.map(({ name }) => name),
      [`tick-${start + 1}`],
    );
    await finish(`tick-${start + 1}`);
    assert.equal(cronJob().status?.lastSuccessfulTime, '2030-01-01T00:01:01Z');
    assert.deepEqual(cronJob().status?.active ?? [], []);
    assert.deepEqual(cluster.recorder.events, [
      `Normal SuccessfulCreate Created job tick-${start + 1}`,
      `Normal SawCompletedJob Saw completed job: tick-${start + 1}, condition: Complete`,
    ]);
  });

  const policies: [string, number][] = [
    ['Allow', 3],
    ['Forbid', 1],
    ['Replace', 1],
  ];
  for (const [concurrencyPolicy, want] of policies) {
    it(`${concurrencyPolicy}: ${want} after three minutes`, async () => {
      await run({ concurrencyPolicy });
      for (let minute = 0; minute < 3; minute++) await cluster.clock.advance(60_500);
      assert.equal(jobs().length, want);
      const last = concurrencyPolicy === 'Forbid' ? 1 : 3;
      assert.equal(names().at(-1), `tick-${start + last}`);
    });
  }

  it('keeps so many finished Jobs', async () => {
    await run({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 });
    for (let minute = 1; minute <= 3; minute++) {
      await cluster.clock.advance(60_500);
      await finish(`tick-${start + minute}`, minute === 3 ? 'Failed' : 'Complete');
    }
    assert.deepEqual(names(), [`tick-${start + 2}`]);
  });

  it('does nothing while suspended, then starts the last one missed', async () => {
    await run({ suspend: true });
    await cluster.clock.advance(5 * 60_000);
    assert.deepEqual(names(), []);
    cluster.seed({ ...cronJob(), spec: { ...cronJob().spec!, suspend: false } });
    await cluster.rest();
    assert.deepEqual(names(), [`tick-${start + 5}`]);
  });

  it('does not start what is too late', async () => {
    await run({ suspend: true, startingDeadlineSeconds: 10, schedule: '0 * * * *' });
    await cluster.clock.advance(90 * 60_000);
    cluster.seed({ ...cronJob(), spec: { ...cronJob().spec!, suspend: false } });
    await cluster.rest();
    assert.deepEqual(names(), []);
  });

  it('tells of a schedule that is none', async () => {
    await run({ schedule: 'now and then' });
    assert.match(
      cluster.recorder.events[0]!,
      /^Warning UnparseableSchedule unparseable schedule "now and then"/,
    );
  });
});
