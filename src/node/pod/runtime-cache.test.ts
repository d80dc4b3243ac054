import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLogger } from '../../base/log.ts';
import { FakeCri } from '../../cri/fake-cri.ts';
import { runtimeLabels } from './pod-identity.ts';
import { RuntimeCache } from './runtime-cache.ts';

const image = 'docker.io/library/nginx:1';
const uid = 'u1';

/** A cache that follows a runtime with one running container. */
async function runningContainer() {
  const clock = new FakeClock();
  const cri = new FakeCri(clock);
  const changed: string[] = [];
  const cache = new RuntimeCache({ cri, clock, log: silentLogger, onChange: id => changed.push(id) });
  await cache.start();
  cri.addImage(image);
  const labels = { [runtimeLabels.podUid]: uid };
  const config = { metadata: { name: 'web', namespace: 'default', uid, attempt: 0 }, labels };
  const sandbox = await cri.runPodSandbox(config);
  const container = { metadata: { name: 'main', attempt: 0 }, image: { image }, labels };
  const id = await cri.createContainer(sandbox, container);
  await cri.startContainer(id);
  await cache.noteSandbox(uid, sandbox);
  await cache.noteContainer(uid, sandbox, id);
  let lists = 0;
  const list = cri.listContainers.bind(cri);
  cri.listContainers = filter => {
    lists += 1;
    return list(filter);
  };
  const state = () => cache.get(uid).containers[0]?.status.state;
  return { cri, cache, changed, sandbox, id, state, lists: () => lists };
}

const settled = () => new Promise(resolve => setTimeout(resolve, 5));

test('a container that ends by itself is looked at and told of', async t => {
  const { cri, cache, changed, id, state, lists } = await runningContainer();
  t.after(() => cache.stop());
  cri.exit(id, 1);
  while (changed.length === 0) await settled();
  assert.equal(state(), 'CONTAINER_EXITED');
  assert.deepEqual(changed, [uid]);
  assert.equal(lists(), 1);
});

test('of an end the agent brings about nothing is listed', async t => {
  const { cri, cache, changed, sandbox, id, state, lists } = await runningContainer();
  t.after(() => cache.stop());
  await cache.whileStopping(id, async () => {
    await cri.stopContainer(id, 1);
    // The runtime's event comes before the agent has noted the end.
    await settled();
    await cache.noteContainer(uid, sandbox, id);
  });
  assert.equal(state(), 'CONTAINER_EXITED');
  assert.deepEqual(changed, []);
  assert.equal(lists(), 0);
});
