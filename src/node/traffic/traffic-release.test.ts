import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../api/generated/types.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { silentLogger as log } from '../../base/log.ts';
import { FakeInformer } from '../../client/fake-informer.ts';
import { nodeResource } from '../node-api.ts';
import { HeldRules } from './contract.ts';
import { FakePeerRules } from './fake-peer-rules.ts';
import { readyPeers } from './ready-peers.ts';
import { TrafficRelease } from './traffic-release.ts';

const address = '10.244.0.5';

/** Of node `n1`, which has released `address` by version 5, on a fake clock. */
function fresh(nodes: Node[] = [node('n1'), node('n2'), node('n3')]) {
  const clock = new FakeClock();
  const peers = new FakePeerRules();
  const n2 = new HeldRules();
  const n3 = new HeldRules();
  peers.rules.set('n2', n2).set('n3', n3);
  const own = { revision: '5' as string | undefined };
  const rules = { whenReleased: async () => own.revision, whenWritten: async () => true };
  const stopping = new AbortController();
  const release = new TrafficRelease(
    { clock, log, rules, peers, nodes: new FakeInformer<Node>(nodeResource, nodes) },
    { nodeName: 'n1', stopping: stopping.signal },
  );
  const begin = () => {
    const patience = new AbortController();
    const state = { done: false, released: undefined as boolean | undefined, patience };
    void release.whenReleased([address], patience.signal).then(released => {
      Object.assign(state, { done: true, released });
    });
    return state;
  };
  return { clock, peers, n2, n3, own, stopping, begin };
}

function node(
  name: string,
  ready = 'True',
  addresses = [{ type: 'InternalIP', address: `ip-${name}` }],
): Node {
  return {
    metadata: { name },
    status: {
      addresses: [{ type: 'Hostname', address: name }, ...addresses],
      conditions: [{ type: 'Ready', status: ready }],
    },
  };
}

test('the agents of the other Ready nodes are asked, where their Node objects say', () => {
  const rows: [Node, expected: string[]][] = [
    [node('n1'), []],
    [node('n2'), ['n2 ip-n2:10250']],
    [node('n2', 'False'), []],
    [node('n2', 'Unknown'), []],
    [node('n2', 'True', []), []],
    [{ metadata: { name: 'n2' } }, []],
  ];
  const told = (object: Node) =>
    readyPeers([object], 'n1').map(({ name, host, port }) => `${name} ${host}:${port}`);
  for (const [object, expected] of rows) assert.deepEqual(told(object), expected, JSON.stringify(object));
  const daemonEndpoints = { kubeletEndpoint: { Port: 4711 } };
  const object = node('n2');
  assert.deepEqual(told({ ...object, status: { ...object.status, daemonEndpoints } }), ['n2 ip-n2:4711']);
});

test('connections are gone when the rules of all nodes are written', async () => {
  const { clock, n2, n3, peers, begin } = fresh();
  const pod = begin();
  await clock.advance(100);
  assert.deepEqual(peers.asked, ['n2 5', 'n3 5']);
  n2.write(5);
  n3.write(4);
  await clock.advance(100);
  assert.equal(pod.done, false);
  n3.write(6);
  await clock.advance(0);
  assert.equal(pod.released, true);
});

test('where no Service has the pod nobody is asked', async () => {
  const { clock, own, peers, begin } = fresh();
  own.revision = undefined;
  const pod = begin();
  await clock.advance(0);
  assert.equal(pod.released, false);
  assert.deepEqual(peers.asked, []);
});

test('on the only Ready node nobody is asked', async () => {
  const { clock, peers, begin } = fresh([node('n1'), node('n2', 'Unknown')]);
  const pod = begin();
  await clock.advance(0);
  assert.equal(pod.done, true);
  assert.deepEqual(peers.asked, []);
});

test('an agent that does not answer is waited for 2 s', async () => {
  const { clock, n3, begin } = fresh();
  n3.write(5);
  const pod = begin();
  await clock.advance(1_999);
  assert.equal(pod.done, false);
  await clock.advance(1);
  assert.equal(pod.done, true);
  assert.equal(clock.pending, 0);
});

test('one that is away is asked again: it may be back with old rules', async () => {
  const { clock, n2, n3, peers, begin } = fresh();
  n3.write(5);
  peers.rules.delete('n2');
  const pod = begin();
  await clock.advance(950);
  assert.equal(pod.done, false);
  assert.equal(peers.asked.length, 11, 'ten times at n2');
  peers.rules.set('n2', n2);
  await clock.advance(100);
  assert.equal(pod.done, false);
  n2.write(5);
  await clock.advance(0);
  assert.equal(pod.done, true);
});

test('one that stays away is waited for 2 s, one that cannot tell not at all', async () => {
  const { clock, peers, begin } = fresh();
  peers.rules.delete('n2');
  peers.rules.set('n3', { whenReleased: async () => undefined, whenWritten: async () => false });
  const pod = begin();
  await clock.advance(1_999);
  assert.equal(pod.done, false);
  assert.equal(peers.asked.filter(asked => asked.startsWith('n3')).length, 1);
  await clock.advance(1);
  assert.equal(pod.done, true);
});

test('pods that end at once share questions: one is under way to an agent at a time', async () => {
  const { clock, n2, own, peers, begin } = fresh([node('n1'), node('n2')]);
  const pods: { done: boolean }[] = [];
  for (const revision of ['5', '5', '8', '6', '7', '4']) {
    own.revision = revision;
    pods.push(begin());
    await clock.advance(1);
  }
  const done = () => pods.map(pod => pod.done);
  assert.deepEqual(peers.asked, ['n2 5']);
  n2.write(5);
  await clock.advance(0);
  assert.deepEqual(peers.asked, ['n2 5', 'n2 8']);
  assert.deepEqual(done(), [true, true, false, false, false, true]);
  n2.write(8);
  await clock.advance(0);
  assert.deepEqual(
    done(),
    pods.map(() => true),
  );
  own.revision = '9';
  begin();
  await clock.advance(0);
  assert.deepEqual(peers.asked.slice(2), ['n2 9']);
  n2.write(9);
  await clock.advance(0);
  assert.equal(clock.pending, 0);
});

test('who no longer waits does not end the question of the others, and an agent that stops ends all', async () => {
  const { clock, n2, n3, stopping, begin } = fresh();
  n3.write(5);
  const [first, second] = [begin(), begin()];
  await clock.advance(0);
  first.patience.abort();
  await clock.advance(0);
  assert.deepEqual([first.released, second.done, n2.held], [false, false, 1]);
  stopping.abort(new Error('stopped'));
  await clock.advance(0);
  assert.deepEqual([second.done, n2.held, clock.pending], [true, 0, 0]);
});
