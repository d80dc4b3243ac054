import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoreEvent, Pod } from '../api/generated/types.ts';
import { builtinByKind } from '../api/resources.ts';
import { forbidden } from '../api/status.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { ApiEventRecorder } from './api-event-recorder.ts';
import { FakeTransport } from './fake-transport.ts';

const events = builtinByKind({ group: '', version: 'v1', kind: 'Event' })!;

function pod(name: string): Pod {
  const metadata = { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '7' };
  return { apiVersion: 'v1', kind: 'Pod', metadata };
}

function setUp() {
  const clock = new FakeClock(Date.parse('2030-01-01T00:00:00Z'));
  const transport = new FakeTransport({ clock });
  const recorder = new ApiEventRecorder(
    { clock, log: silentLogger, transport },
    { component: 'kubelet', host: 'causeway-1' },
  );
  const written = () => transport.objects<CoreEvent>(events);
  return { clock, transport, recorder, written };
}

test('an event has the fields client-go writes', async () => {
  const { recorder, written } = setUp();
  recorder.event(pod('web'), 'Normal', 'Pulled', 'Image pulled', { fieldPath: 'spec.containers{web}' });
  await recorder.flush();
  const [{ metadata, ...rest }] = written() as [CoreEvent];
  assert.match(metadata.name ?? '', /^web\.[0-9a-f]{16}$/);
  assert.equal(metadata.namespace, 'default');
  assert.deepEqual(rest, {
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'default',
      name: 'web',
      uid: 'uid-web',
      resourceVersion: '7',
      fieldPath: 'spec.containers{web}',
    },
    type: 'Normal',
    reason: 'Pulled',
    message: 'Image pulled',
    count: 1,
    firstTimestamp: '2030-01-01T00:00:00Z',
    lastTimestamp: '2030-01-01T00:00:00Z',
    source: { component: 'kubelet', host: 'causeway-1' },
    reportingComponent: 'kubelet',
    reportingInstance: 'causeway-1',
  });
});

test('an event about a cluster-wide object is written to the default namespace', async () => {
  const { recorder, written } = setUp();
  recorder.event({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }, 'Normal', 'NodeReady', 'ready');
  await recorder.flush();
  assert.deepEqual(
    written().map(({ metadata, involvedObject }) => [metadata.namespace, involvedObject.namespace]),
    [['default', undefined]],
  );
});

test('equal events are counted up on one', async () => {
  const { clock, recorder, written } = setUp();
  for (let n = 0; n < 3; n++) {
    recorder.event(pod('web'), 'Warning', 'BackOff', 'Back-off restarting');
    await clock.advance(10_000);
  }
  recorder.event(pod('web'), 'Warning', 'Failed', 'Back-off restarting');
  await recorder.flush();
  assert.deepEqual(
    written().map(event => [event.reason, event.count, event.firstTimestamp, event.lastTimestamp]),
    [
      ['BackOff', 3, '2030-01-01T00:00:00Z', '2030-01-01T00:00:20Z'],
      ['Failed', 1, '2030-01-01T00:00:30Z', '2030-01-01T00:00:30Z'],
    ],
  );
});

test('a counted Event that is gone is written anew', async () => {
  const { transport, recorder, written } = setUp();
  recorder.event(pod('web'), 'Normal', 'A', 'm');
  await recorder.flush();
  transport.unseed(written()[0]!);
  recorder.event(pod('web'), 'Normal', 'A', 'm');
  await recorder.flush();
  assert.deepEqual(
    written().map(event => event.count),
    [2],
  );
});

test('the tenth message of one kind is combined with those after it', async () => {
  const { recorder, written } = setUp();
  for (let n = 1; n <= 12; n++) recorder.event(pod('web'), 'Warning', 'Unhealthy', `probe ${n}`);
  await recorder.flush();
  const combined = written().filter(event => event.message?.startsWith('(combined from similar events): '));
  assert.equal(written().length, 10);
  assert.deepEqual(
    combined.map(event => [event.count, event.message]),
    [[3, '(combined from similar events): probe 12']],
  );
});

test('an object gets 25 events at once, then one every five minutes; others are not held up', async () => {
  const { clock, recorder, written } = setUp();
  for (let n = 0; n < 40; n++) recorder.event(pod('noisy'), 'Warning', `Reason${n}`, 'm');
  recorder.event(pod('quiet'), 'Normal', 'Started', 'm');
  await recorder.flush();
  const of = (name: string) => written().filter(event => event.involvedObject.name === name).length;
  assert.deepEqual([of('noisy'), of('quiet')], [25, 1]);
  await clock.advance(300_000);
  for (let n = 0; n < 2; n++) recorder.event(pod('noisy'), 'Warning', `Later${n}`, 'm');
  await recorder.flush();
  assert.equal(of('noisy'), 26);
});

test('events wait for an API server that is away, in order and in bounded number', async () => {
  const { clock, transport, recorder, written } = setUp();
  transport.unreachable = true;
  for (let n = 0; n < 1500; n++) recorder.event(pod(`p${String(n).padStart(4, '0')}`), 'Normal', 'A', 'm');
  await clock.advance(15_000);
  transport.unreachable = false;
  await clock.advance(15_000);
  await recorder.flush();
  const names = written().map(event => event.involvedObject.name);
  assert.equal(names.length, 1000);
  assert.deepEqual([names[0], names[999]], ['p0000', 'p0999']);
});

test('a refused event is dropped and the next one written; stop drops what waits', async () => {
  const { clock, transport, recorder, written } = setUp();
  const ending = 'unable to create new content in namespace default because it is being terminated';
  transport.fail('POST', /events/, forbidden({ resource: 'events' }, 'a', ending));
  recorder.event(pod('a'), 'Normal', 'Refused', 'm');
  recorder.event(pod('a'), 'Normal', 'Taken', 'm');
  await recorder.flush();
  assert.deepEqual(
    written().map(event => event.reason),
    ['Taken'],
  );
  transport.unreachable = true;
  recorder.event(pod('b'), 'Normal', 'A', 'm');
  await clock.advance(0);
  await recorder.stop();
  transport.unreachable = false;
  recorder.event(pod('c'), 'Normal', 'A', 'm');
  await clock.advance(60_000);
  assert.equal(written().length, 1);
});
