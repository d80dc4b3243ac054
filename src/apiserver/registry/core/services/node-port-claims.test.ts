import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../../base/fake-clock.ts';
import { silentLogger } from '../../../../base/log.ts';
import { MemoryStore } from '../../../../store/memory-store.ts';
import { NodePortClaims } from './node-port-claims.ts';

test('a node port is claimed once, by whichever server, and comes back', async () => {
  const clock = new FakeClock();
  const store = new MemoryStore({ clock, log: silentLogger });
  await store.start(new AbortController().signal);
  const stored = new Set<string>();
  const server = () =>
    new NodePortClaims({ clock, store, has: (owner, port) => stored.has(`${owner} ${port}`) });
  const [one, two] = [server(), server()];
  assert.deepEqual((await Promise.all([one.claim('/a', 30080), two.claim('/b', 30080)])).sort(), [
    false,
    true,
  ]);
  const winner = (await one.claim('/a', 30080)) ? '/a' : '/b';
  const loser = winner === '/a' ? '/b' : '/a';
  await one.release(loser, 30080);
  assert.equal(await two.claim(loser, 30080), false, 'only its owner gives it back');
  await one.release(winner, 30080);
  assert.equal(await two.claim(loser, 30080), true);
  // The request that claimed it never came to an end.
  await clock.advance(121_000);
  assert.equal(await one.claim('/c', 30080), true);
  stored.add('/c 30080');
  await clock.advance(121_000);
  assert.equal(await two.claim('/d', 30080), false);
  await store.stop();
});
