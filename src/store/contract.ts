import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Change, RevisionCompacted, RevisionMismatch, type Store, type ValueAt } from './store.ts';

/** How the contract suite gets at an implementation. */
export interface StoreUnderTest {
  /** A started store with nothing in it. */
  open(): Promise<Store>;
  /** Stops the store. */
  close(store: Store): Promise<void>;
  /** For stores that outlive their process: stops the store and starts another on the same data. */
  reopen?(store: Store): Promise<Store>;
}

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();

/** Every implementation of `Store` passes these rows. */
export function storeContract(name: string, under: StoreUnderTest): void {
  const row = (title: string, run: (store: Store) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const store = await under.open();
      try {
        await run(store);
      } finally {
        await under.close(store);
      }
    });
  writes(row);
  lists(row);
  watches(row);
  compaction(row);
  if (under.reopen) restarts(name, under, under.reopen.bind(under));
}

type Row = (title: string, run: (store: Store) => Promise<void>) => void;

function writes(row: Row): void {
  row('a write gets the next revision and is read back', async store => {
    assert.equal(store.revision, 1);
    const first = await store.put('/a', bytes('1'), 0);
    const second = await store.put('/a', bytes('2'), first.revision);
    assert.deepEqual([first.revision, second.revision, store.revision], [2, 3, 3]);
    assert.deepEqual([second.createRevision, text(second.value)], [2, '2']);
    assert.equal(store.get('/a'), second);
    assert.equal(text(store.get('/a')?.value), '2');
    assert.equal(store.get('/b'), undefined);
  });

  row('a value may carry the revision it gets', async store => {
    const told: (string | undefined)[] = [];
    store.watch('/', store.revision, changes => told.push(...changes.map(change => text(change.value))));
    const value: ValueAt = {
      at: revision => bytes(`at ${revision}!`),
      parts: () => [bytes('at '), bytes('!')],
    };
    const put = await store.put('/a', value, 0);
    assert.equal(text(store.get('/a')?.value), 'at 2!');
    const deleted = await store.delete('/a', put.revision, value);
    assert.deepEqual([text(put.value), text(deleted.value)], ['at 2!', 'at 3!']);
    assert.deepEqual(told, ['at 2!', 'at 3!']);
  });

  row('conditional writes fail with what is there', async store => {
    const { revision } = await store.put('/a', bytes('1'), 0);
    const failing: [string, Promise<unknown>, number | undefined][] = [
      ['create of what exists', store.put('/a', bytes('x'), 0), revision],
      ['update from another revision', store.put('/a', bytes('x'), revision + 7), revision],
      ['update of what is not there', store.put('/b', bytes('x'), revision), undefined],
      ['delete from another revision', store.delete('/a', revision + 7), revision],
      ['delete of what is not there', store.delete('/b', revision), undefined],
      ['delete expecting nothing', store.delete('/b', 0), undefined],
    ];
    for (const [title, write, current] of failing) {
      const mismatch = (error: unknown) =>
        error instanceof RevisionMismatch && error.current?.revision === current;
      await assert.rejects(write, mismatch, title);
    }
    assert.equal(store.revision, revision);
  });

  row(
    'of many writers that expect the same revision one wins, and the others learn of its value',
    async store => {
      const { revision } = await store.put('/a', bytes('0'), 0);
      const writers = Array.from({ length: 20 }, (_, n) => store.put('/a', bytes(`${n}`), revision));
      const outcomes = await Promise.allSettled(writers);
      const winners = outcomes.filter(outcome => outcome.status === 'fulfilled');
      assert.equal(winners.length, 1);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        assert.ok(outcome.reason instanceof RevisionMismatch);
        assert.equal(outcome.reason.current?.revision, winners[0]?.value.revision);
      }
    },
  );

  row('of many writes at a time each gets a revision of its own', async store => {
    const puts = await Promise.all(
      Array.from({ length: 500 }, (_, n) => store.put(`/k/${n}`, bytes(`${n}`), 0)),
    );
    assert.deepEqual(
      puts.map(put => put.revision).sort((a, b) => a - b),
      Array.from({ length: 500 }, (_, n) => n + 2),
    );
    assert.equal(store.revision, 501);
  });

  row('a key that was deleted can be created again, with a new createRevision', async store => {
    const first = await store.put('/a', bytes('1'), 0);
    await store.delete('/a', first.revision);
    assert.equal(store.get('/a'), undefined);
    const again = await store.put('/a', bytes('2'), 0);
    assert.deepEqual([again.revision, again.createRevision], [4, 4]);
  });

  row('a write is visible once it is acknowledged, together with its watch events', async store => {
    const seen: string[] = [];
    store.watch('/', store.revision, changes => seen.push(...changes.map(change => change.key)));
    const [a, b] = await Promise.all([store.put('/a', bytes('1'), 0), store.put('/b', bytes('1'), 0)]);
    assert.deepEqual([store.get('/a')?.revision, store.get('/b')?.revision], [a.revision, b.revision]);
    assert.deepEqual(seen, a.revision < b.revision ? ['/a', '/b'] : ['/b', '/a']);
  });

  row('empty and large values, and keys that are prefixes of each other', async store => {
    const large = Buffer.alloc(1_500_000, 'x');
    await store.put('/a', new Uint8Array(0), 0);
    await store.put('/a/b', large, 0);
    assert.equal(store.get('/a')?.value.byteLength, 0);
    assert.ok(large.equals(store.get('/a/b')!.value));
    assert.equal(store.get('/a/'), undefined);
  });
}

function lists(row: Row): void {
  row('a list is sorted, and of its prefix only', async store => {
    for (const key of ['/r/pods/b/x', '/r/pods/a/z', '/r/podsets/a/a', '/r/pods/a/y', '/r/nodes/n']) {
      await store.put(key, bytes(key), 0);
    }
    const { entries, revision, remaining } = store.list('/r/pods/');
    assert.deepEqual(
      entries.map(entry => entry.key),
      ['/r/pods/a/y', '/r/pods/a/z', '/r/pods/b/x'],
    );
    assert.deepEqual([revision, remaining], [store.revision, 0]);
    const rows: [string, number][] = [
      ['/r/pods/a/', 2],
      ['/r/pods', 4],
      ['/r/none/', 0],
      ['', 5],
      ['/z', 0],
    ];
    for (const [prefix, count] of rows) {
      assert.deepEqual([store.count(prefix), store.list(prefix).entries.length], [count, count], prefix);
    }
  });

  row('pages cover a prefix once, whatever the page size', async store => {
    const puts = Array.from({ length: 1500 }, (_, n) => store.put(`/p/${(n * 7919) % 1500}`, bytes(''), 0));
    await Promise.all([...puts, store.put('/o/1', bytes(''), 0), store.put('/q/1', bytes(''), 0)]);
    const all = store.list('/p/').entries.map(entry => entry.key);
    assert.deepEqual(all, [...all].sort());
    for (const limit of [1, 7, 512, 1500, 4000]) {
      const found: string[] = [];
      for (let after: string | undefined, remaining = 1; remaining > 0; after = found.at(-1)) {
        const page = store.list('/p/', { limit, after });
        found.push(...page.entries.map(entry => entry.key));
        remaining = page.remaining;
        assert.equal(remaining, 1500 - found.length);
      }
      assert.deepEqual(found, all, `limit ${limit}`);
    }
  });

  row('a page may begin after a key that is gone, before or behind the prefix', async store => {
    for (const key of ['/p/a', '/p/c', '/q']) await store.put(key, bytes(''), 0);
    const keys = (after: string) => store.list('/p/', { after }).entries.map(entry => entry.key);
    assert.deepEqual(
      [keys('/p/b'), keys('/a'), keys('/z'), keys('/p/c')],
      [['/p/c'], ['/p/a', '/p/c'], [], []],
    );
  });

  row('count, list and get agree after many creates and deletes in random order', async store => {
    const model = new Map<string, number>();
    let seed = 42;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    for (let step = 0; step < 40; step++) {
      const writes: Promise<unknown>[] = [];
      for (let n = 0; n < 100; n++) {
        const key = `/m/${random(5)}/${random(600)}`;
        const at = model.get(key);
        if (at === 0) continue;
        model.set(key, 0);
        const put = at === undefined || random(3) > 0;
        const write = put ? store.put(key, bytes(''), at ?? 0) : store.delete(key, at);
        writes.push(write.then(entry => (put ? model.set(key, entry.revision) : model.delete(key))));
      }
      await Promise.all(writes);
    }
    for (const prefix of ['/m/', '/m/0/', '/m/3/1', '/m/4/599']) {
      const expected = [...model.keys()].filter(key => key.startsWith(prefix)).sort();
      assert.deepEqual(
        store.list(prefix).entries.map(entry => entry.key),
        expected,
        prefix,
      );
      assert.equal(store.count(prefix), expected.length, prefix);
    }
    for (const [key, revision] of model) assert.equal(store.get(key)?.revision, revision, key);
  });
}

/** `put /a 2←1`: type, key, value and the value before. */
function told(change: Change): string {
  const before = change.previous && text(change.previous.value);
  return `${change.type} ${change.key} ${text(change.value)}${before === undefined ? '' : `←${before}`}`;
}

function watches(row: Row): void {
  row('a watch tells every change under its prefix, in order, with what was before', async store => {
    const seen: string[] = [];
    const revisions: number[] = [];
    store.watch('/p/', store.revision, changes => {
      for (const change of changes) {
        seen.push(told(change));
        revisions.push(change.revision);
      }
    });
    const a = await store.put('/p/a', bytes('1'), 0);
    await store.put('/o/a', bytes('1'), 0);
    const b = await store.put('/p/a', bytes('2'), a.revision);
    await store.delete('/p/a', b.revision);
    const c = await store.put('/p/a', bytes('3'), 0);
    await store.delete('/p/a', c.revision, bytes('final'));
    assert.deepEqual(seen, [
      'put /p/a 1',
      'put /p/a 2←1',
      'delete /p/a 2←2',
      'put /p/a 3',
      'delete /p/a final←3',
    ]);
    assert.deepEqual(revisions, [2, 4, 5, 6, 7]);
  });

  row('a watch from an earlier revision begins with what it missed, before it returns', async store => {
    for (let n = 0; n < 5; n++) await store.put(`/p/${n}`, bytes(`${n}`), 0);
    const seen: string[] = [];
    const handle = store.watch('/p/', 3, changes => seen.push(...changes.map(told)));
    assert.deepEqual(seen, ['put /p/2 2', 'put /p/3 3', 'put /p/4 4']);
    await store.put('/p/5', bytes('5'), 0);
    handle.close();
    await store.put('/p/6', bytes('6'), 0);
    assert.deepEqual(seen.slice(3), ['put /p/5 5']);
  });

  row('each watch gets what its prefix covers: a directory, a part of one, one key, all', async store => {
    const prefixes = [
      '/r/pods/',
      '/r/pods/a/',
      '/r/pods/a/w',
      '/r/pods/a/web',
      '/r/po',
      '',
      '/r/nodes/',
      '/r/pods/a/web/',
    ];
    const seen = new Map<string, string[]>(prefixes.map(prefix => [prefix, []]));
    for (const prefix of prefixes) {
      store.watch(prefix, store.revision, changes => {
        for (const change of changes) seen.get(prefix)?.push(change.key);
      });
    }
    const keys = [
      '/r/pods/a/web',
      '/r/pods/a/w2',
      '/r/pods/b/web',
      '/r/policies/a/x',
      '/r/nodes/n',
      '/r/pods/a/web/log',
    ];
    for (const key of keys) await store.put(key, bytes(''), 0);
    for (const prefix of prefixes) {
      assert.deepEqual(
        seen.get(prefix),
        keys.filter(key => key.startsWith(prefix)),
        `prefix ${prefix}`,
      );
    }
  });

  row('what a listener does to watches and keys does not disturb the others', async store => {
    const seen: string[] = [];
    const note = (who: string) => (changes: readonly Change[]) => {
      seen.push(...changes.map(change => `${who} ${change.key}`));
    };
    let late = false;
    store.watch('/', store.revision, changes => {
      note('first')(changes);
      second.close();
      if (!late) store.watch('/', store.revision - 1, note('late'));
      late = true;
    });
    const second = store.watch('/', store.revision, note('second'));
    store.watch('/', store.revision, () => {
      throw new Error('a bad listener');
    });
    store.watch('/', store.revision, note('third'));
    await store.put('/a', bytes(''), 0);
    await store.put('/b', bytes(''), 0);
    assert.deepEqual(seen, ['first /a', 'late /a', 'third /a', 'first /b', 'third /b', 'late /b']);
  });

  row('a watch from a revision still to come waits for the ones after it', async store => {
    const seen: string[] = [];
    store.watch('/', 3, changes => seen.push(...changes.map(change => change.key)));
    for (const key of ['/a', '/b', '/c', '/d']) await store.put(key, bytes(''), 0);
    assert.deepEqual(seen, ['/c', '/d']);
  });

  row('concurrent writes reach a watch once each, in the order of their revisions', async store => {
    const revisions: number[] = [];
    store.watch('/k/', store.revision, (changes, revision) => {
      revisions.push(...changes.map(change => change.revision));
      assert.equal(revision, store.revision);
      assert.ok(revision >= revisions.at(-1)!);
    });
    await Promise.all(Array.from({ length: 300 }, (_, n) => store.put(`/k/${n}`, bytes(''), 0)));
    assert.deepEqual(
      revisions,
      Array.from({ length: 300 }, (_, n) => n + 2),
    );
  });
}

function compaction(row: Row): void {
  row('compaction forgets history, keeps entries, and refuses watches from before', async store => {
    for (let n = 0; n < 4; n++) await store.put(`/p/${n}`, bytes(`${n}`), 0);
    await store.compact(3);
    assert.equal(store.compactedRevision, 3);
    assert.equal(store.count('/p/'), 4);
    const compacted = (error: unknown) => error instanceof RevisionCompacted && error.compactedRevision === 3;
    assert.throws(() => store.watch('/p/', 2, () => {}), compacted);
    const seen: string[] = [];
    store.watch('/p/', 3, changes => seen.push(...changes.map(told)));
    assert.deepEqual(seen, ['put /p/2 2', 'put /p/3 3']);
  });

  row('compaction does not go back, nor past the newest revision', async store => {
    await store.put('/a', bytes(''), 0);
    await store.compact(2);
    await store.compact(1);
    assert.equal(store.compactedRevision, 2);
    await store.compact(99);
    assert.equal(store.compactedRevision, 2);
    await store.put('/b', bytes(''), 0);
    assert.equal(store.revision, 3);
  });

  row('a stopped store refuses writes', async store => {
    await store.stop();
    await assert.rejects(store.put('/a', bytes(''), 0), /stopped/);
  });
}

function restarts(name: string, under: StoreUnderTest, reopen: (store: Store) => Promise<Store>): void {
  const row = (
    title: string,
    before: (store: Store) => Promise<void>,
    after: (store: Store) => Promise<void>,
  ) =>
    test(`${name}: ${title}`, async () => {
      let store = await under.open();
      try {
        await before(store);
        store = await reopen(store);
        await after(store);
      } finally {
        await under.close(store);
      }
    });

  row(
    'everything acknowledged is there after a restart, and revisions go on',
    async store => {
      const a = await store.put('/a', bytes('1'), 0);
      await store.put('/b', bytes('1'), 0);
      await store.put('/a', bytes('2'), a.revision);
      await store.delete('/b', 3);
    },
    async store => {
      assert.equal(store.revision, 5);
      assert.deepEqual(
        store.list('').entries.map(e => [e.key, text(e.value), e.revision, e.createRevision]),
        [['/a', '2', 4, 2]],
      );
      assert.equal((await store.put('/c', bytes(''), 0)).revision, 6);
    },
  );

  row(
    'a watch from before a restart goes on, with what was before each change',
    async store => {
      const a = await store.put('/a', bytes('1'), 0);
      const b = await store.put('/a', bytes('2'), a.revision);
      await store.delete('/a', b.revision, bytes('final'));
    },
    async store => {
      const seen: string[] = [];
      store.watch('/', 2, changes => seen.push(...changes.map(told)));
      await store.put('/a', bytes('3'), 0);
      assert.deepEqual(seen, ['put /a 2←1', 'delete /a final←2', 'put /a 3']);
    },
  );

  row(
    'what was compacted stays so, and no revision comes twice though nothing is left of the last ones',
    async store => {
      const a = await store.put('/a', bytes('1'), 0);
      const b = await store.put('/a', bytes('2'), a.revision);
      await store.delete('/a', b.revision);
      await store.compact(store.revision);
    },
    async store => {
      assert.deepEqual([store.revision, store.compactedRevision, store.count('')], [4, 4, 0]);
      assert.throws(() => store.watch('/', 3, () => {}), RevisionCompacted);
      store.watch('/', 4, () => {});
      assert.equal((await store.put('/a', bytes('3'), 0)).revision, 5);
    },
  );
}
