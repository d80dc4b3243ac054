/** The real kubectl applies the full examples. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeObject } from '../api/objects.ts';
import { builtinResources } from '../api/resources.ts';
import { fullExamples } from './testing/examples/full-example.ts';
import { KubectlCluster } from './testing/kubectl.ts';

/** Kinds that change what becomes of the others. */
const meddling = new Set(['LimitRange', 'ResourceQuota', 'APIService']);
const examples: KubeObject[] = builtinResources
  .filter(({ verbs, group, kind }) => {
    return (
      verbs.includes('get') &&
      verbs.includes('create') &&
      group !== 'admissionregistration.k8s.io' &&
      !meddling.has(kind)
    );
  })
  // One of the two groups shows what the other does.
  .filter(({ group, version }) => group !== 'events.k8s.io' && `${group}/${version}` !== 'autoscaling/v1')
  .map(resource => fullExamples(resource)[0]!);

const prepared: KubeObject[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'prepared' } },
  {
    ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'prepared' } },
    ...{ value: 7, preemptionPolicy: 'Never' },
  },
  {
    ...{ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'prepared' } },
    ...{ handler: 'handler', overhead: { podFixed: { cpu: '250m', memory: '64Mi' } } },
  },
];

/** kubectl sends the whole of what cannot be merged (templates of claims, selectors) each time, and says so. */
const whole = [
  { kind: 'StatefulSet', name: 'statefulset.apps/example' },
  { kind: 'PodDisruptionBudget', name: 'poddisruptionbudget.policy/example' },
];

let cluster: KubectlCluster;
before(async () => {
  cluster = await KubectlCluster.start();
  await apply(prepared);
});
after(() => cluster.stop());

async function apply(items: KubeObject[]): Promise<string[]> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const ran = await cluster.run(['apply', '-n', 'default', '-f', '-'], { input });
  assert.equal(ran.code, 0, ran.stderr);
  return ran.stdout.trim().split('\n');
}

test('client-side apply makes them, and changes nothing when it is done again', async () => {
  const made = await apply(examples);
  assert.deepEqual(
    made.filter(line => !line.endsWith(' created')),
    [],
  );
  assert.equal(made.length, examples.length);
  const again = await apply(examples);
  assert.deepEqual(
    again.filter(line => !line.endsWith(' unchanged')),
    whole.map(({ name }) => `${name} configured`),
  );
  const items = examples.filter(({ kind }) => whole.some(each => each.kind === kind));
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const ran = await cluster.run(['diff', '-n', 'default', '-f', '-'], { input });
  assert.deepEqual([ran.code, ran.stdout], [0, ''], ran.stderr);
});
