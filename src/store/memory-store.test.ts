import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { storeContract } from './contract.ts';
import { defaultHistoryLimits, type HistoryLimits } from './history.ts';
import { JournaledStore } from './journaled-store.ts';
import { MemoryJournal } from './memory-journal.ts';
import { MemoryStore } from './memory-store.ts';
import { RevisionCompacted, RevisionMismatch, StoreUnavailable } from './store.ts';

const bytes = (text: string) => Buffer.from(text);
const never = new AbortController().signal;

storeContract('memory', {
  async open() {
    const store = new MemoryStore({ clock: new FakeClock(), log: silentLogger });
    await store.start(never);
    return store;
  },
  close: store => store.stop(),
});

const kept = new Map<JournaledStore, MemoryJournal>();
async function openOn(journal: MemoryJournal, limits: Partial<HistoryLimits> = {}, clock = new FakeClock()) {
  const deps = { clock, log: silentLogger, journal };
  const store = new JournaledStore(deps, { ...defaultHistoryLimits, ...limits });
  kept.set(store, journal);
  await store.start(never);
  return store;
}

storeContract('kept in memory', {
  open: () => openOn(new MemoryJournal({ keep: true })),
  close: store => store.stop(),
  async reopen(store) {
    await store.stop();
    return openOn(kept.get(store as JournaledStore)!);
  },
});

test('writes that come while a batch is under way go together in the next one', async () => {
  const journal = new MemoryJournal({ keep: true });
  const store = await openOn(journal);
  const gate = Promise.withResolvers<void>();
  journal.gate = gate.promise;
  const first = store.put('/0', bytes(''), 0);
  await new Promise(setImmediate);
  const rest = Array.from({ length: 9 }, (_, n) => store.put(`/${n + 1}`, bytes(''), 0));
  await new Promise(setImmediate);
  assert.deepEqual([store.revision, store.count('/')], [1, 0]);
  gate.resolve();
  await Promise.all([first, ...rest]);
  assert.deepEqual(journal.batches, [1, 9]);
});

test('a batch that fails fails what waits behind it, nothing of it is visible, and the store says so', async () => {
  const journal = new MemoryJournal({ keep: true });
  const store = await openOn(journal);
  const base = await store.put('/a', bytes('1'), 0);
  const seen: string[] = [];
  store.watch('/', store.revision, changes => seen.push(...changes.map(change => change.key)));
  const gate = Promise.withResolvers<void>();
  journal.gate = gate.promise;
  journal.failure = new Error('no space left on device');
  const writes = [store.put('/a', bytes('2'), base.revision), store.put('/b', bytes(''), 0)];
  const outcomes = Promise.allSettled(writes);
  await new Promise(setImmediate);
  const waiting = Promise.allSettled([store.put('/c', bytes(''), 0), store.delete('/b', 4)]);
  gate.resolve();
  for (const outcome of [...(await outcomes), ...(await waiting)]) {
    assert.equal(outcome.status, 'rejected');
    assert.ok(outcome.reason instanceof StoreUnavailable);
    assert.match(outcome.reason.message, /cannot write: no space left on device/);
  }
  assert.deepEqual([seen, store.revision, store.list('/').entries.length], [[], base.revision, 1]);
  assert.match(store.failure?.message ?? '', /no space left/);

  journal.failure = undefined;
  const again = await store.put('/a', bytes('3'), base.revision);
  assert.ok(again.revision > base.revision + 3, 'revisions of failed writes are not used again');
  assert.deepEqual([store.failure, seen], [undefined, ['/a']]);
});

test('a mismatch with a pending write is told when that write stands, and is none when it fails', async () => {
  const journal = new MemoryJournal({ keep: true });
  const store = await openOn(journal);
  for (const fails of [false, true]) {
    const key = `/${fails}`;
    const gate = Promise.withResolvers<void>();
    journal.gate = gate.promise;
    journal.failure = fails ? new Error('disk') : undefined;
    const first = store.put(key, bytes('first'), 0);
    first.catch(() => undefined);
    await new Promise(setImmediate);
    const second = store.put(key, bytes('second'), 0);
    second.catch(() => undefined);
    await new Promise(setImmediate);
    gate.resolve();
    await first.catch(() => undefined);
    journal.failure = undefined;
    if (!fails)
      await assert.rejects(second, (error: unknown) => error instanceof RevisionMismatch && !!error.current);
    else assert.equal(Buffer.from((await second).value).toString(), 'second');
  }
});

test('the history is bounded by number, bytes and age; what falls out is compacted', async () => {
  const rows: [Partial<HistoryLimits>, number][] = [
    [{ maxChanges: 10 }, 10],
    [{ maxBytes: 500 }, 5],
    [{ maxAge: 7_000 }, 8],
  ];
  for (const [limits, keeps] of rows) {
    const clock = new FakeClock();
    const journal = new MemoryJournal({ keep: true });
    const store = await openOn(journal, limits, clock);
    for (let n = 0; n < 40; n++) {
      await store.put(`/${n}`, Buffer.alloc(100), 0);
      await clock.advance(1_000);
    }
    const oldest = store.revision - keeps;
    assert.equal(store.compactedRevision, oldest, JSON.stringify(limits));
    assert.throws(() => store.watch('/', oldest - 1, () => {}), RevisionCompacted);
    let changes = 0;
    store.watch('/', oldest, batch => {
      changes += batch.length;
    });
    assert.equal(changes, keeps);
  }
});

test('the journal does not grow with the number of writes: overwritten and deleted records are dropped', async () => {
  const journal = new MemoryJournal({ keep: true });
  const store = await openOn(journal, { maxChanges: 20 });
  let at = 0;
  for (let n = 0; n < 500; n++) at = (await store.put('/same', bytes(`${n}`), at)).revision;
  for (let n = 0; n < 100; n++) {
    const { revision } = await store.put(`/short/${n}`, bytes(''), 0);
    await store.delete(`/short/${n}`, revision);
  }
  const { records } = await journal.open();
  assert.ok(records.length < 50, `${records.length} records`);
  const again = await openOn(journal);
  assert.deepEqual([again.count(''), Buffer.from(again.get('/same')!.value).toString()], [1, '499']);
});
