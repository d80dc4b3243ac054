import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { Job } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { TtlAfterFinishedController } from './ttl-after-finished-controller.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

it('deletes finished Jobs in time, and only those that ask for it', async () => {
  cluster = new TestCluster();
  const at = formatTime(cluster.clock.now());
  const job = (name: string, ttl: number | undefined, done: boolean): Job => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'default', name },
    spec: { ttlSecondsAfterFinished: ttl, template: {} },
    status: done ? { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: at }] } : {},
  });
  for (const one of [job('soon', 10, true), job('kept', undefined, true), job('runs', 10, false)])
    cluster.seed(one);
  await cluster.run(new TtlAfterFinishedController(cluster.deps));
  const left = () =>
    cluster.list<Job>(resources.jobs).filter(({ metadata }) => !metadata.deletionTimestamp).length;
  await cluster.clock.advance(9000);
  assert.equal(left(), 3);
  await cluster.clock.advance(2000);
  assert.equal(left(), 2);
});
