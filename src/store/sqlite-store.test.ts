import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { storeContract } from './contract.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { Store } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const paths = new Map<Store, string>();

async function openAt(path: string): Promise<SqliteStore> {
  const store = new SqliteStore({ clock: systemClock, log: silentLogger }, { path });
  paths.set(store, path);
  await store.start(new AbortController().signal);
  return store;
}

const freshPath = () => join(folder, `${++count}`, 'store.db');

storeContract('sqlite', {
  open: () => openAt(freshPath()),
  close: store => store.stop(),
  async reopen(store) {
    await store.stop();
    return openAt(paths.get(store)!);
  },
});

test('the file is readable by its owner only, and stop leaves no other file beside it', async () => {
  const path = freshPath();
  const store = await openAt(path);
  await store.put('/secret', Buffer.from('x'), 0);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o600);
  await store.stop();
  assert.deepEqual([existsSync(`${path}-wal`), existsSync(`${path}-shm`)], [false, false]);
});

test('a file that another process has open is refused', async () => {
  const path = freshPath();
  const store = await openAt(path);
  await assert.rejects(openAt(path), (error: Error) => {
    assert.match(error.message, /cannot open the store/);
    assert.match(String((error.cause as Error).message), /locked/);
    return true;
  });
  await store.put('/a', Buffer.from(''), 0);
  await store.stop();
});

test('a writer that ends before it has opened the file fails the start', async () => {
  const writer = new URL('data:text/javascript,process.exit(1)');
  const store = new SqliteStore({ clock: systemClock, log: silentLogger }, { path: freshPath(), writer });
  await assert.rejects(store.start(new AbortController().signal), (error: Error) => {
    assert.match(String((error.cause as Error).message), /thread that writes the store ended/);
    return true;
  });
});

const child = fileURLToPath(new URL('./testing/writer-process.ts', import.meta.url));

interface Acknowledged {
  key: string;
  revision: number;
}

/** Runs a process that writes and prints what was acknowledged; kills it after `lines` lines. */
async function writeAndKill(path: string, lines: number): Promise<Acknowledged[]> {
  const writer = spawn(process.execPath, [child, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(writer, 'exit');
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged.push(JSON.parse(line) as Acknowledged);
    if (acknowledged.length === lines) writer.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}

test('kill -9 of a writing process, twenty times: nothing acknowledged is missing, no revision comes twice', async () => {
  const path = freshPath();
  const revisions = new Set<number>();
  const newest = new Map<string, number>();
  for (let round = 0; round < 20; round++) {
    const acknowledged = await writeAndKill(path, 20 + Math.floor(Math.random() * 400));
    for (const { key, revision } of acknowledged) {
      assert.ok(!revisions.has(revision), `revision ${revision} was given twice`);
      revisions.add(revision);
      newest.set(key, revision);
    }
    const store = await openAt(path);
    for (const [key, revision] of newest) {
      const found = store.get(key);
      // A later write of the key may have become durable without its acknowledgement being read.
      assert.ok(found && found.revision >= revision, `${key}: ${found?.revision} is before ${revision}`);
      assert.equal(JSON.parse(Buffer.from(found.value).toString()).revision, found.revision);
    }
    assert.ok(store.revision >= Math.max(...revisions));
    for (const { key, revision } of store.list('').entries) newest.set(key, revision);
    await store.stop();
  }
  assert.ok(revisions.size > 400, `${revisions.size} writes were acknowledged`);
});

test('a write the disk refuses is rejected, the store says so, and what was acknowledged is there', async () => {
  const path = freshPath();
  // A limit on the size of files: writes past it fail with EFBIG, as a full disk's do with ENOSPC.
  const limited = `trap '' XFSZ; ulimit -f 400; exec "$0" "$1" "$2" until-failure`;
  const writer = spawn('bash', ['-c', limited, process.execPath, child, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) lines.push(line);
  const last = JSON.parse(lines.pop()!) as { rejected: string; failure: string; revision: number };
  assert.match(last.rejected, /^StoreUnavailable: the store cannot write: /);
  assert.match(last.failure, /the store cannot write/);
  const acknowledged = lines.map(line => JSON.parse(line) as Acknowledged);
  assert.equal(last.revision, Math.max(...acknowledged.map(({ revision }) => revision)));
  const store = await openAt(path);
  for (const { key, revision } of acknowledged) assert.ok((store.get(key)?.revision ?? 0) >= revision, key);
  await store.put('/now', Buffer.from('works'), 0);
  await store.stop();
});
