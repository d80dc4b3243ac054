import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mock, test } from 'node:test';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { defaultHistoryLimits, History } from './history.ts';
import { JournaledStore } from './journaled-store.ts';
import { MemoryJournal } from './memory-journal.ts';
import { RestingValues } from './resting-values.ts';
import { SortedEntries } from './sorted-entries.ts';
import { EntryChange, StoredEntry } from './stored-entry.ts';
import { ValueSlabs } from './value-slabs.ts';

const value = (n: number) =>
  Buffer.from(JSON.stringify({ kind: 'Pod', name: `pod-${n}`, text: 'x'.repeat(500) }));
const interval = 1000;

/** Waits for the compressing threads, by looking: they tell nobody. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => setImmediate(resolve));
}

function filled(count: number, make: (n: number) => Uint8Array = value) {
  const entries = new SortedEntries();
  const all = Array.from(
    { length: count },
    (_, n) => new StoredEntry(`/pods/${1000 + n}`, make(n), n + 2, n + 2),
  );
  entries.fill(all);
  const clock = new FakeClock();
  const resting = new RestingValues(
    { clock, log: silentLogger, entries, history: new History(defaultHistoryLimits) },
    { floor: 10_000, interval },
  );
  return { all, clock, entries, resting };
}

test('what nobody reads is compressed at the second look, and reads as it was', async () => {
  const { all, clock, resting } = filled(100);
  resting.added(100 * value(0).length);
  await clock.advance(interval);
  assert.equal(
    all.some(entry => entry.block),
    false,
  );
  // The first look ends some turns later; only then the next one is due.
  while (!all.every(entry => entry.block)) {
    await clock.advance(interval);
    await new Promise(resolve => setImmediate(resolve));
  }
  for (const [n, entry] of all.entries()) assert.deepEqual(Buffer.from(entry.value), value(n));
});

test('what is read between two looks stays as it is', async () => {
  const { all, clock, resting } = filled(40);
  resting.added(1e6);
  await until(() => {
    void all[7]!.value;
    void clock.advance(interval);
    return all.filter(entry => entry.block).length === 39;
  });
  assert.equal(all[7]!.block, undefined);
});

test('what stays does not keep the memory of its former neighbours', async () => {
  const { all, clock, resting } = filled(40);
  const slabs = new ValueSlabs();
  for (const entry of all) entry.move(slabs);
  const former = all[7]!.value.buffer;
  assert.equal(all[8]!.value.buffer, former);
  resting.added(1e6);
  await until(() => {
    void all[7]!.value;
    void clock.advance(interval);
    return all.filter(entry => entry.block).length === 39;
  });
  await until(() => all[7]!.value.buffer !== former);
  assert.deepEqual(Buffer.from(all[7]!.value), value(7));
});

test('blocks move together when most of their neighbours are gone', async () => {
  const noise = Array.from({ length: 100 }, () => randomBytes(30_000));
  const { all, clock, entries, resting } = filled(100, n => noise[n]!);
  const look = () => {
    resting.added(1e6);
    void clock.advance(interval);
  };
  await until(() => {
    look();
    return all.every(entry => entry.block);
  });
  const move = mock.method(all[7]!.block!, 'move');
  for (const [n, entry] of all.entries()) if (n % 10 !== 7) entries.delete(entry.key);
  await until(() => {
    look();
    return move.mock.callCount() > 0;
  });
  for (const [n, entry] of all.entries()) assert.deepEqual(Buffer.from(entry.value), noise[n]);
});

test('what a change took the place of is compressed, also when its own change is kept no more', async () => {
  const clock = new FakeClock();
  const history = new History(defaultHistoryLimits);
  const before = new StoredEntry('/a', value(1), 2, 2);
  history.push(new EntryChange('put', new StoredEntry('/a', value(2), 3, 2), before), 0);
  const deps = { clock, log: silentLogger, entries: new SortedEntries(), history };
  const resting = new RestingValues(deps, { floor: 1, interval });
  resting.added(1);
  await until(() => {
    void clock.advance(interval);
    return before.block !== undefined;
  });
  assert.deepEqual(Buffer.from(before.value), value(1));
});

test('a store with little in it is left alone', async () => {
  const { clock, resting } = filled(10);
  resting.added(9_999);
  assert.equal(clock.pending, 0);
});

test('a write takes the place of a value at rest; its history shows the value before', async () => {
  const clock = new FakeClock();
  const deps = { clock, log: silentLogger, journal: new MemoryJournal({ keep: true }) };
  const store = new JournaledStore(deps, defaultHistoryLimits, { floor: 1, interval });
  await store.start(new AbortController().signal);
  const first = (await store.put('/a', value(1), 0)) as StoredEntry;
  await until(() => {
    void clock.advance(interval);
    return first.block !== undefined;
  });
  const seen: string[] = [];
  store.watch('/', 2, changes => seen.push(...changes.map(c => `${c.type} ${c.previous?.value.length}`)));
  await store.put('/a', value(2), first.revision);
  await store.delete('/a', store.revision);
  assert.deepEqual(seen, [`put ${value(1).length}`, `delete ${value(2).length}`]);
  await store.stop();
});
