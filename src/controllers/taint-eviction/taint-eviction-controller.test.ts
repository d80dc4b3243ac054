import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Node, Pod, Taint, Toleration } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';
import { resources } from '../resources.ts';
import { TestCluster } from '../test-cluster.ts';
import { evictionTime } from './eviction-plan.ts';
import { TaintEvictionController } from './taint-eviction-controller.ts';

const now = Date.parse('2030-01-01T00:00:00Z');
const taint = (key: string, effect = 'NoExecute', timeAdded?: number): Taint => ({
  key,
  effect,
  ...(timeAdded && { timeAdded: formatTime(timeAdded) }),
});
const toleration = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds,
});

const rows: [string, Toleration[], Taint[], number | undefined][] = [
  ['no taint', [], [], undefined],
  ['a taint of another effect', [], [taint('k', 'NoSchedule')], undefined],
  ['not tolerated', [], [taint('k')], now],
  ['tolerated for ever', [toleration('k')], [taint('k')], undefined],
  ['tolerated for a while', [toleration('k', 300)], [taint('k', 'NoExecute', now - 100_000)], now + 200_000],
  [
    'the shortest of several',
    [toleration('k', 300), toleration('l', 10)],
    [taint('k'), taint('l')],
    now + 10_000,
  ],
  ['one of two not tolerated', [toleration('k', 300)], [taint('k'), taint('l')], now],
];
for (const [name, tolerations, taints, want] of rows) {
  it(`eviction time: ${name}`, () => assert.equal(evictionTime(tolerations, taints, now), want));
}

describe('taint eviction', () => {
  let cluster: TestCluster;
  afterEach(() => cluster.stop());

  const node = (...taints: Taint[]): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'a' },
    spec: { taints },
  });
  const pod = (name: string, ...tolerations: Toleration[]): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name },
    spec: { nodeName: 'a', containers: [], tolerations, terminationGracePeriodSeconds: 0 },
    status: { phase: 'Running' },
  });
  const names = () => cluster.list(resources.pods).map(({ metadata }) => metadata.name);

  it('evicts at once, after the tolerated time, or not when the taint goes first', async () => {
    cluster = new TestCluster();
    for (const one of [
      node(),
      pod('now'),
      pod('later', toleration('k', 60)),
      pod('saved', toleration('k', 90)),
    ]) {
      cluster.seed<Node | Pod>(one);
    }
    await cluster.run(new TaintEvictionController(cluster.deps));
    cluster.seed(node(taint('k')));
    await cluster.rest();
    assert.deepEqual(names(), ['later', 'saved']);
    await cluster.clock.advance(61_000);
    assert.deepEqual(names(), ['saved']);
    cluster.seed(node());
    await cluster.clock.advance(60_000);
    assert.deepEqual(names(), ['saved']);
    assert.deepEqual(cluster.recorder.events, [
      'Normal TaintManagerEviction Marking for deletion Pod default/now',
      'Normal TaintManagerEviction Marking for deletion Pod default/later',
      'Normal TaintManagerEviction Cancelling deletion of Pod default/saved',
    ]);
  });
});
