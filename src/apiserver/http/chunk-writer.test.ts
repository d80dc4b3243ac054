import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import type { Chunk, LateChunk } from '../exchange.ts';
import { wholeBody } from '../testing/whole-body.ts';
import { writeChunks } from './chunk-writer.ts';

/** Looks at what it was given only when it lets go of it, some turns of the event loop later. */
class LateReader extends Writable {
  readonly received: Buffer[] = [];
  longest = 0;

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.longest = Math.max(this.longest, piece.length);
    setImmediate(() =>
      setImmediate(() => {
        this.received.push(Buffer.from(piece));
        done();
      }),
    );
  }
}

function late(length: number, fill: string): LateChunk {
  return { length, copy: (into, at) => void into.fill(fill, at, at + length) };
}

const bodies: Chunk[][] = [
  [],
  [Buffer.from('short')],
  [late(10, 'a')],
  [Buffer.from('{'), late(100_000, 'b'), Buffer.from(','), late(40_000, 'c'), Buffer.from('}')],
  [late(131_072, 'd'), late(1, 'e'), late(131_072, 'f')],
  [Buffer.from('{'), late(1_000_000, 'g'), Buffer.alloc(300_000, 'h'), late(5, 'i')],
  Array.from({ length: 100 }, (_, at) => late(30_000 + at, String(at))),
];

test('answers written at the same time come whole, in pieces', async () => {
  for (let round = 0; round < 2; round++) {
    const outs = bodies.map(chunks => {
      const out = new LateReader();
      writeChunks(out, chunks);
      return out;
    });
    await Promise.all(outs.map(out => finished(out)));
    for (const [at, out] of outs.entries()) {
      assert.ok(Buffer.concat(out.received).equals(wholeBody(bodies[at]!)), `body ${at}`);
      assert.ok(out.longest <= 128 * 1024, `body ${at} was written in pieces of ${out.longest}`);
    }
  }
});

test('an answer whose receiver goes away is made no further', async () => {
  const out = new LateReader();
  let made = 0;
  const chunks = Array.from({ length: 100 }, () => ({ length: 100_000, copy: () => void made++ }));
  writeChunks(out, chunks);
  out.destroy();
  await finished(out).catch(() => undefined);
  await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
  assert.equal(made, 1);
});
