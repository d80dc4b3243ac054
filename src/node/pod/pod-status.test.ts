import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerState, ContainerStatus, Pod } from '../../api/generated/types.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import { podPhase } from './pod-status.ts';
import { RestartBackoff } from './restart-backoff.ts';
import { statusPatch } from './status-patch.ts';

const states: Record<string, { state: ContainerState; lastState?: ContainerState }> = {
  w: { state: { waiting: {} } },
  r: { state: { running: {} } },
  0: { state: { terminated: { exitCode: 0 } } },
  1: { state: { terminated: { exitCode: 1 } } },
  /** CrashLoopBackOff. */
  b: { state: { waiting: {} }, lastState: { terminated: { exitCode: 1 } } },
};

function statuses(letters: string): ContainerStatus[] {
  return [...letters].map((letter, index) => ({
    ...{ name: `c${index}`, image: '', imageID: '', ready: false, restartCount: 0 },
    ...states[letter]!,
  }));
}

test('a container that its own rules restart does not end the pod', () => {
  const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [1] } };
  const container = { name: 'c0', restartPolicy: 'Never', restartPolicyRules: [rule] };
  const pod = { spec: { restartPolicy: 'Never', containers: [container] } } as Pod;
  assert.equal(podPhase(pod, [], statuses('1'), false), 'Running');
  assert.equal(podPhase(pod, [], statuses('b'), false), 'Running');
  assert.equal(podPhase(pod, [], statuses('0'), false), 'Succeeded');
});

test('phases', () => {
  const rows: [policy: string, init: string, regular: string, finished: boolean, phase: string][] = [
    ['Always', '', 'w', false, 'Pending'],
    ['Always', '', 'rw', false, 'Pending'],
    ['Always', '', 'r', false, 'Running'],
    ['Always', '', 'rb', false, 'Running'],
    ['Always', '', 'b', false, 'Running'],
    ['Always', '', '00', false, 'Running'],
    ['Always', '', '00', true, 'Succeeded'],
    ['Always', '', '01', true, 'Failed'],
    ['OnFailure', '', '1', false, 'Running'],
    ['OnFailure', '', '0', false, 'Succeeded'],
    ['Never', '', '01', false, 'Failed'],
    ['Never', '', 'r1', false, 'Running'],
    ['Always', 'r', 'w', false, 'Pending'],
    ['Always', '1', 'w', false, 'Pending'],
    ['Never', '1', 'w', false, 'Failed'],
    ['Always', '0', 'r', false, 'Running'],
  ];
  for (const [restartPolicy, init, regular, finished, phase] of rows) {
    const names = (letters: string) => statuses(letters).map(({ name }) => ({ name }));
    const pod: Pod = { spec: { restartPolicy, initContainers: names(init), containers: names(regular) } };
    const found = podPhase(pod, statuses(init), statuses(regular), finished);
    assert.equal(found, phase, `${restartPolicy} ${init}/${regular} ${finished}`);
  }
});

test('back-off: at once, then 10 s, doubling to 5 min, forgotten after 10 min', async () => {
  const clock = new FakeClock();
  const backoff = new RestartBackoff(clock);
  const delays: number[] = [];
  for (let crash = 0; crash < 8; crash++) {
    const wait = backoff.remaining('k', clock.now());
    delays.push(wait?.delay ?? 0);
    await clock.advance(wait?.left ?? 0);
    assert.equal(backoff.remaining('k', clock.now() - (wait?.delay ?? 0)), undefined);
    backoff.restarted('k');
  }
  assert.deepEqual(delays, [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  await clock.advance(600_001);
  assert.equal(backoff.remaining('k', clock.now()), undefined);
});

test('only what differs is written', () => {
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: 't1' };
  const gate = { type: 'example.com/gate', status: 'True' };
  const old = { phase: 'Running', podIPs: [{ ip: '1.1.1.1' }], conditions: [ready, gate], reason: 'X' };
  assert.equal(
    statusPatch('u', old, { ...old, conditions: [{ ...ready, lastTransitionTime: 't2' }] }),
    undefined,
  );
  assert.deepEqual(
    statusPatch('u', old, {
      phase: 'Failed',
      podIPs: [{ ip: '2.2.2.2' }],
      conditions: [{ ...ready, status: 'False', reason: 'R' }],
    }),
    {
      metadata: { uid: 'u' },
      status: {
        phase: 'Failed',
        reason: null,
        podIPs: [{ $patch: 'replace' }, { ip: '2.2.2.2' }],
        conditions: [
          { type: 'Ready', status: 'False', reason: 'R', lastTransitionTime: 't1', lastProbeTime: null },
        ],
      },
    },
  );
});
