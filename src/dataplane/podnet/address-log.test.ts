import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Attachment } from './address-book.ts';
import { AddressLog, type LogFiles } from './address-log.ts';

function wanted(containerId: string): Omit<Attachment, 'addresses'> {
  return {
    containerId,
    ifname: 'eth0',
    netns: '/n',
    pod: { namespace: 'd', name: containerId },
    portMappings: [],
  };
}

/** A disk that crashes at one step: what was to be written then is there in part. */
class CrashingDisk implements LogFiles {
  content = '';
  steps = 0;
  crashAt = Number.POSITIVE_INFINITY;

  async read(): Promise<string> {
    return this.content;
  }

  async replace(_path: string, content: string) {
    this.#step(() => {});
    this.content = content;
    return {
      append: async (text: string) => {
        this.#step(() => {
          this.content += text.slice(0, text.length / 2);
        });
        this.content += text;
      },
      close: async () => {},
    };
  }

  #step(onCrash: () => void): void {
    if (++this.steps < this.crashAt) return;
    if (this.steps === this.crashAt) onCrash();
    throw new Error('crash');
  }
}

async function open(files: LogFiles): Promise<AddressLog> {
  const log = new AddressLog({ files }, { path: 'x' });
  await log.start();
  return log;
}

/** Gives and frees as an agent does; keeps only what was answered for. */
async function work(disk: CrashingDisk, answered = new Map<string, string>()): Promise<void> {
  const log = await open(disk);
  await log.setCidrs(['10.244.1.0/29']);
  for (const [verb, id] of [
    ['give', 'a'],
    ['give', 'b'],
    ['free', 'a'],
    ['give', 'c'],
    ['give', 'd'],
    ['free', 'b'],
    ['give', 'e'],
  ] as const) {
    if (verb === 'give') answered.set(id, (await log.give(wanted(id))).addresses[0]!);
    else {
      // From here on nobody may count on it, whether the answer comes or not.
      answered.delete(id);
      await log.free(`${id}/eth0`);
    }
  }
}

test('a crash at each step: nothing answered for is lost, nothing is given twice', async () => {
  const whole = new CrashingDisk();
  await work(whole);
  assert.ok(whole.steps >= 9);
  for (let crashAt = 1; crashAt <= whole.steps; crashAt++) {
    const disk = new CrashingDisk();
    disk.crashAt = crashAt;
    const answered = new Map<string, string>();
    await work(disk, answered).then(
      () => assert.fail('no crash'),
      () => {},
    );
    disk.crashAt = Number.POSITIVE_INFINITY;
    const log = await open(disk);
    const held = new Map(log.book.all().map(entry => [entry.containerId, entry.addresses[0]!]));
    for (const [id, address] of answered) assert.equal(held.get(id), address, `step ${crashAt}`);
    assert.equal(new Set(held.values()).size, held.size, `step ${crashAt}: doubled`);
    await log.setCidrs(['10.244.1.0/29']);
    for (let index = held.size; index < 5; index++) await log.give(wanted(`new-${index}`));
    await assert.rejects(log.give(wanted('one-more')), /no addresses left/, `step ${crashAt}: leaked`);
  }
});

test('a write that fails: the address is not given, and the next one works', async () => {
  const disk = new CrashingDisk();
  const log = await open(disk);
  await log.setCidrs(['10.244.1.0/29']);
  disk.crashAt = disk.steps + 1;
  await assert.rejects(log.give(wanted('a')), /crash/);
  disk.crashAt = Number.POSITIVE_INFINITY;
  await log.give(wanted('b'));
  const again = await open(disk);
  assert.deepEqual(
    again.book.all().map(entry => entry.containerId),
    ['b'],
  );
});

test('on a real disk: a line cut short is dropped, the order of freed addresses is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'addresses-'));
  try {
    const path = join(folder, 'deep', 'addresses.log');
    const first = new AddressLog({}, { path });
    await first.start();
    await first.setCidrs(['10.244.1.0/29']);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(id => first.give(wanted(id))));
    await first.free('d/eth0');
    await first.free('b/eth0');
    await first.stop();
    appendFileSync(path, '{"give":{"containerId":"torn","ifna');
    const second = new AddressLog({}, { path });
    await second.start();
    assert.equal(second.book.all().length, 3);
    assert.deepEqual((await second.give(wanted('f'))).addresses, ['10.244.1.5'], 'freed first');
    await second.stop();
    assert.doesNotMatch(readFileSync(path, 'utf8'), /torn/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
