import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Pod } from '../../api/generated/types.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLogger } from '../../base/log.ts';
import { FakeEventRecorder } from '../../client/fake-event-recorder.ts';
import { sandboxImage } from '../../cri/containerd-config.ts';
import { FakeCri } from '../../cri/fake-cri.ts';
import { ImageCollector, imageCollection } from './image-collector.ts';

const full = (name: string) => `docker.io/library/${name}:latest`;
const minutes = 60_000;

/** A node with a disk of 1000 bytes, of which `used` are used. */
class Disk {
  readonly clock = new FakeClock();
  readonly cri = new FakeCri(this.clock);
  readonly recorder = new FakeEventRecorder();
  pods: Pod[] = [];
  used: number;

  constructor(t: TestContext, used: number, ...images: [name: string, size: number][]) {
    this.used = used;
    for (const [name, size] of images) this.cri.addImage(name, size);
    const collector = new ImageCollector({
      ...{ cri: this.cri, clock: this.clock, recorder: this.recorder, log: silentLogger },
      decisions: new DecisionLog(this.clock, 'n1'),
      pods: () => this.pods,
      node: () => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }),
      space: async path => {
        assert.equal(path, '/images');
        return { capacity: 1000, available: 1000 - this.used };
      },
    });
    collector.start();
    t.after(() => collector.stop());
  }

  /** Once around; the names that are left. */
  async collect(): Promise<string> {
    await this.clock.advance(imageCollection.period);
    return [...this.cri.images.keys()].map(name => name.replace(/^.*\/|:[\w.]+$/g, '')).join(' ');
  }

  async run(name: string): Promise<string> {
    const sandbox = { metadata: { name: 'p', namespace: 'd', uid: 'u', attempt: 0 } };
    const id = await this.cri.runPodSandbox(sandbox);
    return this.cri.createContainer(id, { metadata: { name: 'c', attempt: 0 }, image: { image: name } });
  }
}

test('nothing goes below the high threshold, and above it no more than what leads to the low one', async t => {
  const disk = new Disk(t, 840, [full('a'), 30], [full('b'), 30], [full('c'), 30]);
  assert.equal(await disk.collect(), 'a b c');
  disk.used = 850;
  assert.equal(await disk.collect(), 'c');
  assert.deepEqual(disk.recorder.events, []);
});

test('the longest unused goes first', async t => {
  const disk = new Disk(t, 100, [full('a'), 60], [full('b'), 60]);
  const container = await disk.run(full('a'));
  await disk.collect();
  await disk.cri.removeContainer(container);
  disk.used = 860;
  assert.equal(await disk.collect(), 'a');
});

test('what is used, about to be used, pinned or new stays, and that it is not enough is told', async t => {
  const disk = new Disk(
    t,
    100,
    [full('runs'), 10],
    [full('waits'), 10],
    [full('mounted'), 10],
    [sandboxImage, 10],
    [full('held'), 10],
  );
  disk.cri.images.get(full('held'))!.pinned = true;
  await disk.run(full('runs'));
  disk.pods = [
    {
      spec: {
        containers: [{ name: 'c', image: 'waits' }],
        volumes: [{ name: 'v', image: { reference: 'mounted' } }],
      },
    },
  ];
  await disk.clock.advance(imageCollection.period - 1 * minutes);
  disk.cri.addImage(full('new'), 500);
  disk.used = 900;
  await disk.clock.advance(1 * minutes);
  assert.equal(await disk.collect(), 'runs waits mounted pause held');
  const message =
    'Failed to garbage collect required amount of images. Attempted to free 100 bytes, but only found 0 bytes eligible to free.';
  assert.deepEqual(disk.recorder.events, [`Warning FreeDiskSpaceFailed ${message}`]);
  await disk.collect();
  await disk.collect();
  assert.equal(disk.recorder.events.filter(text => text === `Warning ImageGCFailed ${message}`).length, 1);
});
