/**
 * Requests that no client of good will sends, ten thousand from a fixed seed, over TLS to a server in a process of
 * its own: each is refused with a Status, soon, and leaves nothing behind.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '../api/objects.ts';
import { type Random, seededRandom } from './random.ts';
import { type HostileRequest, invalidRequest } from './testing/hostile/invalid-requests.ts';
import { perhapsValidRequest } from './testing/hostile/perhaps-valid-requests.ts';
import { fresh, samples } from './testing/hostile/samples.ts';
import { Wire, type WireAnswer } from './testing/hostile/wire.ts';
import type { LoneServer } from './testing/lone-server.ts';

const seed = 20_261_128;
const invalidRequests = 10_000;
const perhapsValidRequests = 3000;
/** Sent at a time. */
const atOnce = 8;
/** Milliseconds an answer may take where the test has a processor for itself. */
const patience = 1000;
/** Answers that may take longer, for a machine that stands still for a moment; none may take ten times as long. */
const late = 20;
/**
 * Bytes the process may ever take: 130 MB are its own once all code is loaded; eight bodies of 3 MiB may be there as
 * bytes, text and values at once, 100 MB; twice as much is what the collector leaves for later, and a third of it all
 * the margin. All bodies together are more than that, so that what is kept of each would be seen.
 */
const maxResident = 600 * 1024 * 1024;

let child: ChildProcess;
let wire: Wire;

before(async () => {
  const entry = fileURLToPath(new URL('testing/lone-server.ts', import.meta.url));
  child = spawn(process.execPath, [entry], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  wire = new Wire(JSON.parse(line) as LoneServer);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await created('/api/v1/namespaces/default/serviceaccounts', account);
  for (const { collection, object } of samples) await created(collection, object);
});
after(async () => {
  wire.close();
  child.stdin!.end();
  if (child.exitCode === null) await once(child, 'exit');
});

async function created(path: string, object: object): Promise<void> {
  const body = Buffer.from(JSON.stringify(object));
  const request = { method: 'POST', path, headers: { 'content-type': 'application/json' }, body };
  const { status, text } = await wire.send(request, 2);
  assert.equal(status, 201, text);
}

/** Sends `count` requests, `atOnce` at a time, and calls `check` with each answer. */
async function flood(
  count: number,
  make: () => HostileRequest,
  check: (answer: WireAnswer, what: string) => void,
): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const work = async () => {
    while (left-- > 0) {
      const request = make();
      // Node's parser of HTTP/1.1 knows only so many methods, and refuses others before there is a request.
      const version = left % 4 === 0 && request.method !== 'BREW' ? 1 : 2;
      const answer = await wire.send(request, version);
      times.push(answer.took);
      check(answer, describe(request, answer));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return times;
}

function describe({ method, path, headers, body }: HostileRequest, { status, text }: WireAnswer): string {
  const shown = body ? `${body.length} bytes ${body.toString('latin1', 0, 300)}` : 'no body';
  return `${method} ${path.slice(0, 200)} ${JSON.stringify(headers)} ${shown} → ${status} ${text.slice(0, 300)}`;
}

function assertStatus({ status, text }: WireAnswer, what: string): void {
  const answer = JSON.parse(text);
  assert.deepEqual([answer.kind, answer.status, answer.code], ['Status', 'Failure', status], what);
  assert.ok(answer.message.length > 0 && (status === 500 || answer.reason !== undefined), what);
}

function assertSoon(times: readonly number[]): void {
  // Who shares the processors with many waits for all of them.
  const limit = patience * Math.max(1, loadavg()[0]! / availableParallelism());
  const slow = times.filter(time => time > limit);
  assert.ok(slow.length <= late, `${slow.length} answers took more than ${limit} ms`);
  assert.ok(Math.max(...times) < 10 * limit, `one took ${Math.max(...times)} ms`);
}

/** Bytes the server's process took at most so far. */
function peak(): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)![1]) * 1024;
}

function assertAlive(): void {
  assert.equal(child.exitCode, null);
  assert.ok(peak() < maxResident, `the process took ${peak() / 1024 / 1024} MiB`);
}

async function stored(): Promise<Map<string, KubeObject[]>> {
  const found = new Map<string, KubeObject[]>();
  for (const { collection } of samples) {
    const { text } = await wire.send({ method: 'GET', path: collection, headers: {} }, 2);
    found.set(collection, JSON.parse(text).items);
  }
  return found;
}

test('what the invalid requests are made of is valid', async () => {
  for (const sample of samples) {
    const body = Buffer.from(JSON.stringify(fresh(sample)));
    const headers = { 'content-type': 'application/json' };
    const { status, text } = await wire.send(
      { method: 'POST', path: `${sample.collection}?dryRun=All`, headers, body },
      2,
    );
    assert.equal(status, 201, text);
  }
});

test(`${invalidRequests} invalid requests are each refused with a Status, within a second, and change nothing`, async () => {
  const random = seededRandom(seed);
  const before = await stored();
  const codes = new Map<number, number>();
  const times = await flood(
    invalidRequests,
    () => invalidRequest(random),
    (answer, what) => {
      assert.ok(answer.status >= 400 && answer.status < 500, what);
      assertStatus(answer, what);
      codes.set(answer.status, (codes.get(answer.status) ?? 0) + 1);
    },
  );
  assertSoon(times);
  for (const code of [400, 403, 404, 405, 406, 409, 413, 415, 422]) assert.ok(codes.has(code), `no ${code}`);
  assert.deepEqual(await stored(), before);
  assertAlive();
});

test(`${perhapsValidRequests} mutated requests that may be valid: what is stored could be stored again`, async () => {
  const random: Random = seededRandom(seed);
  const times = await flood(
    perhapsValidRequests,
    () => perhapsValidRequest(random),
    (answer, what) => {
      // Upstream answers so to an applied configuration that does not fit its schema.
      const untyped = answer.status === 500 && answer.text.includes('failed to create typed patch object');
      assert.ok(answer.status < 500 || untyped, what);
      if (answer.status >= 400) assertStatus(answer, what);
    },
  );
  assertSoon(times);
  for (const [collection, items] of await stored()) {
    const { object } = samples.find(sample => sample.collection === collection)!;
    for (const item of items) {
      const body = Buffer.from(JSON.stringify({ ...item, apiVersion: object.apiVersion, kind: object.kind }));
      const path = `${collection}/${item.metadata!.name}?dryRun=All`;
      const headers = { 'content-type': 'application/json' };
      const { status, text } = await wire.send({ method: 'PUT', path, headers, body }, 2);
      assert.equal(status, 200, `${text} ${body}`);
    }
  }
  assertAlive();
});
