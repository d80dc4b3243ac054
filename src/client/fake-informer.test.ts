import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '../api/generated/types.ts';
import { builtinByKind } from '../api/resources.ts';
import { FakeEventRecorder } from './fake-event-recorder.ts';
import { FakeInformer } from './fake-informer.ts';

const configMaps = builtinByKind({ group: '', version: 'v1', kind: 'ConfigMap' })!;

test('a fake informer is synced and tells of what the test sets and removes', () => {
  const informer = new FakeInformer<ConfigMap>(configMaps, [{ metadata: { name: 'a', namespace: 'n' } }]);
  const told: string[] = [];
  informer.addHandler({
    added: object => told.push(`added ${object.metadata.name}`),
    updated: object => told.push(`updated ${object.data?.k}`),
    deleted: object => told.push(`deleted ${object.metadata.name}`),
  });
  const stored = informer.set({ metadata: { name: 'a', namespace: 'n' }, data: { k: 'v' } });
  informer.set({ ...stored, data: { k: 'w' } });
  informer.remove('n/a');
  informer.remove('n/a');
  assert.equal(informer.synced, true);
  assert.deepEqual(told, ['added a', 'updated v', 'updated w', 'deleted a']);
});

test('a fake recorder keeps events as text', () => {
  const recorder = new FakeEventRecorder();
  recorder.event({ kind: 'Pod', metadata: { namespace: 'n', name: 'a' } }, 'Normal', 'Scheduled', 'to n1');
  assert.deepEqual([recorder.events, recorder.objects], [['Normal Scheduled to n1'], ['Pod n/a']]);
});
