import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PersistentVolume } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { nodeFolders, storageAnnotations } from '../../api/storage/claims.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLogger as log } from '../../base/log.ts';
import { FakeTransport } from '../../client/fake-transport.ts';
import { InformerFactory } from '../../client/informer-factory.ts';
import { volumeResource } from '../node-api.ts';
import { NodeFolders } from './node-folders.ts';

class Fixture {
  readonly clock = new FakeClock();
  readonly transport = new FakeTransport({ clock: this.clock });
  readonly dir = mkdtempSync(join(tmpdir(), 'causeway-folders-'));
  #stop = async () => {};

  constructor(t: TestContext) {
    t.after(async () => {
      await this.#stop();
      rmSync(this.dir, { recursive: true });
    });
  }

  /** An agent's run; the one before is over. */
  async start(): Promise<NodeFolders> {
    await this.#stop();
    const informers = new InformerFactory({ clock: this.clock, log, transport: this.transport });
    const volumes = informers.informer<PersistentVolume>(volumeResource);
    const decisions = new DecisionLog(this.clock, 'n1');
    const folders = new NodeFolders({ volumes, log, decisions }, { dir: this.dir });
    const { signal } = new AbortController();
    folders.start(signal);
    await informers.start(signal);
    await this.clock.advance(10);
    this.#stop = async () => {
      await folders.stop();
      await informers.stop();
    };
    return folders;
  }

  /** Ends the agent; what was under way is done. */
  async stop(): Promise<void> {
    await this.#stop();
    this.#stop = async () => {};
  }

  volume(name: string, persistentVolumeReclaimPolicy = 'Delete'): Stored<PersistentVolume> {
    return this.transport.seed<PersistentVolume>({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, annotations: { [storageAnnotations.provisionedBy]: nodeFolders.provisioner } },
      spec: { local: { path: join(this.dir, name) }, persistentVolumeReclaimPolicy },
    });
  }

  has(name: string): boolean {
    return existsSync(join(this.dir, name));
  }
}

test('a folder is made for whoever needs it, and goes with its volume', async t => {
  const fixture = new Fixture(t);
  const folders = await fixture.start();
  const volume = fixture.volume('a');
  await folders.provide(volume);
  assert.equal(statSync(join(fixture.dir, 'a')).mode & 0o777, 0o777);
  writeFileSync(join(fixture.dir, 'a/file'), 'x');
  await folders.provide(volume);
  fixture.transport.unseed(volume);
  await fixture.clock.advance(10);
  await fixture.stop();
  assert.equal(fixture.has('a'), false);
});

test('what a retained volume holds stays, also when no agent sees the volume go', async t => {
  const fixture = new Fixture(t);
  const kept = fixture.volume('kept', 'Retain');
  const gone = fixture.volume('gone');
  const folders = await fixture.start();
  for (const volume of [kept, gone]) await folders.provide(volume);
  await fixture.stop();
  for (const volume of [kept, gone]) fixture.transport.unseed(volume);
  await fixture.start();
  await fixture.stop();
  assert.deepEqual([fixture.has('kept'), fixture.has('gone')], [true, false]);
});

test('only folders of the node itself are made', async t => {
  const fixture = new Fixture(t);
  const folders = await fixture.start();
  const volume = fixture.volume('a');
  const elsewhere = join(fixture.dir, '../causeway-elsewhere');
  const foreign = { ...volume, spec: { ...volume.spec, local: { path: elsewhere } } };
  await assert.rejects(folders.provide(foreign), { message: `path "${elsewhere}" does not exist` });
  const byHand = { ...volume, metadata: { name: 'a' } };
  await assert.rejects(folders.provide(byHand), /does not exist/);
  mkdirSync(join(fixture.dir, 'a'), { mode: 0o700 });
  await folders.provide(byHand);
  assert.equal(statSync(join(fixture.dir, 'a')).mode & 0o777, 0o700, 'what is there by hand is left alone');
});
