import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApi } from '../testing/api.ts';

test('events go an hour after they were last seen', async () => {
  const api = await startApi();
  const events = '/api/v1/namespaces/default/events';
  const event = (name: string, lastTimestamp: string) => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'R',
    message: 'm',
    type: 'Normal',
    lastTimestamp,
  });
  await api.post(events, event('old', '2030-01-01T00:00:00Z'));
  await api.post(events, event('seen-again', '2030-01-01T00:30:00Z'));
  const names = async () =>
    (await api.get(events)).items.map((each: { metadata: { name: string } }) => each.metadata.name);
  await api.clock.advance(59 * 60_000);
  assert.deepEqual(await names(), ['old', 'seen-again']);
  await api.clock.advance(3 * 60_000);
  assert.deepEqual(await names(), ['seen-again']);
  await api.stop();
});
