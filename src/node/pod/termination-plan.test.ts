import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '../../api/generated/types.ts';
import type { ContainerStatus } from '../../cri/cri.ts';
import type { NodePod } from './pod-identity.ts';
import { containerName, type RuntimeContainer } from './pod-runtime.ts';
import { killGrace, stopsDue } from './termination-plan.ts';

const main: Container = { name: 'main', image: 'i' };
const sidecar = (name: string): Container => ({ name, image: 'i', restartPolicy: 'Always' });

function podOf(spec: Partial<NodePod['spec']>): NodePod {
  return { metadata: { name: 'p', uid: 'u' }, spec: { containers: [main], ...spec } } as NodePod;
}

function running(...names: string[]): RuntimeContainer[] {
  return names.map(name => ({ sandboxId: 's', status: { metadata: { name } } as ContainerStatus }));
}

const pod = podOf({ initContainers: [sidecar('first'), { name: 'init', image: 'i' }, sidecar('second')] });
const rows: [why: string, running: string[], due: string[]][] = [
  ['main containers first', ['first', 'second', 'main'], ['main']],
  ['an init container counts as one', ['first', 'init'], ['init']],
  ['one the spec does not have as well', ['first', 'unknown'], ['unknown']],
  ['the sidecar started last', ['first', 'second'], ['second']],
  ['the other when that has ended', ['first'], ['first']],
];
for (const [why, names, due] of rows) {
  test(`stops due: ${why}`, () => {
    assert.deepEqual(
      stopsDue(pod, running(...names)).map(({ container }) => containerName(container)),
      due,
    );
  });
}

test('a probe that failed may shorten the grace period', () => {
  const spec: Container = { ...main, livenessProbe: { terminationGracePeriodSeconds: 5 } };
  const graces = (['liveness', 'startup', 'definition'] as const).map(reason =>
    killGrace(podOf({ terminationGracePeriodSeconds: 40 }), { spec, kind: 'regular' }, reason),
  );
  assert.deepEqual(graces, [5, 40, 40]);
  assert.equal(killGrace(podOf({}), undefined, 'definition'), 30);
});
