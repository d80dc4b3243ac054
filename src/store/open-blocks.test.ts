import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../base/fake-clock.ts';
import { OpenBlocks } from './open-blocks.ts';

const interval = 1000;

function blockOf(clock: FakeClock) {
  const blocks = new OpenBlocks(clock, interval);
  const block = {
    kept: false,
    used: false,
    keep: () => void Object.assign(block, { kept: true }),
    takeUsed() {
      const { used } = block;
      block.used = false;
      return used;
    },
    drop: () => void Object.assign(block, { kept: false }),
  };
  const open = (bytes = 1000) => {
    block.used = true;
    blocks.opened(block, bytes);
  };
  return { block, blocks, open };
}

test('a block that is opened once is not kept', async () => {
  const clock = new FakeClock();
  const { block, open } = blockOf(clock);
  open();
  await clock.advance(2 * interval);
  open();
  assert.equal(block.kept, false);
  await clock.advance(2 * interval);
  assert.equal(clock.pending, 0, 'nothing is looked at that nobody opens');
});

test('a block that is opened again soon is kept until nobody reads it', async () => {
  const clock = new FakeClock();
  const { block, open } = blockOf(clock);
  open();
  await clock.advance(interval);
  open();
  assert.equal(block.kept, true);
  for (let n = 0; n < 3; n++) {
    block.used = true;
    await clock.advance(interval);
    assert.equal(block.kept, true);
  }
  await clock.advance(interval);
  assert.equal(block.kept, false);
  await clock.advance(2 * interval);
  assert.equal(clock.pending, 0);
});

test('what is kept has a bound', () => {
  const { block, open } = blockOf(new FakeClock());
  open(9 * 1024 * 1024);
  open(9 * 1024 * 1024);
  assert.equal(block.kept, false);
});

test('nothing is due once it is stopped', () => {
  const clock = new FakeClock();
  const { blocks, open } = blockOf(clock);
  open();
  blocks.stop();
  open();
  assert.equal(clock.pending, 0);
});
