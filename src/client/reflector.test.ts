import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { ConfigMap } from '../api/generated/types.ts';
import { objectKey } from '../api/objects.ts';
import { builtinByKind } from '../api/resources.ts';
import { ApiError, expired, serviceUnavailable } from '../api/status.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { FakeTransport } from './fake-transport.ts';
import { InformerFactory } from './informer-factory.ts';

const configMaps = builtinByKind({ group: '', version: 'v1', kind: 'ConfigMap' })!;
const running: InformerFactory[] = [];
afterEach(async () => {
  for (const factory of running.splice(0)) await factory.stop();
});

function map(name: string, data: string, namespace = 'default'): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { data } };
}

async function setUp(objects: ConfigMap[]) {
  const clock = new FakeClock();
  const transport = new FakeTransport({ clock });
  for (const object of objects) transport.seed(object);
  const factory = new InformerFactory({ clock, log: silentLogger, transport });
  running.push(factory);
  const informer = factory.informer<ConfigMap>(configMaps);
  const told: string[] = [];
  informer.addHandler({
    added: object => told.push(`added ${objectKey(object)}=${object.data?.data}`),
    updated: (object, old) =>
      told.push(`updated ${objectKey(object)} ${old.data?.data}→${object.data?.data}`),
    deleted: object => told.push(`deleted ${objectKey(object)}=${object.data?.data}`),
  });
  await factory.start(new AbortController().signal);
  await clock.advance(0);
  return { clock, transport, factory, informer, told };
}

test('lists, then follows the watch', async () => {
  const { clock, transport, informer, told } = await setUp([map('a', '1')]);
  assert.equal(informer.synced, true);
  transport.seed(map('b', '1'));
  transport.seed(map('a', '2'));
  transport.unseed(map('b', '1'));
  await clock.advance(0);
  assert.deepEqual(told, [
    'added default/a=1',
    'added default/b=1',
    'updated default/a 1→2',
    'deleted default/b=1',
  ]);
  assert.deepEqual(informer.list('default').map(objectKey), ['default/a']);
  assert.equal(informer.get('default', 'a')?.data?.data, '2');
});

test('a large collection comes page by page', async () => {
  const many = Array.from({ length: 1201 }, (_, n) => map(`m${n}`, ''));
  const { transport, informer } = await setUp(many);
  assert.equal(informer.list().length, 1201);
  const lists = transport.requests.filter(request => !request.includes('watch=true'));
  assert.deepEqual(
    lists.map(request => new URLSearchParams(request.split('?')[1]).has('continue')),
    [false, true, true],
  );
});

test('a continue token that expired falls back to one whole list', async () => {
  const clock = new FakeClock();
  const transport = new FakeTransport({ clock });
  for (let n = 0; n < 600; n++) transport.seed(map(`m${n}`, ''));
  transport.fail('GET', /continue=/, expired('The provided continue parameter is too old'));
  const factory = new InformerFactory({ clock, log: silentLogger, transport });
  running.push(factory);
  const informer = factory.informer<ConfigMap>(configMaps);
  await factory.start(new AbortController().signal);
  await clock.advance(0);
  assert.equal(informer.list().length, 600);
});

test('a broken watch is taken up from the last version: nothing lost, nothing doubled, no new list', async () => {
  const { clock, transport, told } = await setUp([map('a', '1')]);
  transport.seed(map('b', '1'));
  await clock.advance(0);
  transport.breakWatches(new Error('reset'));
  transport.seed(map('c', '1'));
  transport.unseed(map('a', '1'));
  await clock.advance(1_000);
  assert.deepEqual(told, [
    'added default/a=1',
    'added default/b=1',
    'added default/c=1',
    'deleted default/a=1',
  ]);
  assert.equal(transport.requests.filter(request => !request.includes('watch=true')).length, 1);
});

test('410 leads to a new list; what vanished meanwhile is told as deleted', async () => {
  const { clock, transport, told } = await setUp([map('a', '1'), map('b', '1'), map('same', '1')]);
  transport.unreachable = true;
  transport.unseed(map('a', '1'));
  transport.seed(map('b', '2'));
  transport.seed(map('c', '1'));
  transport.compact();
  transport.unreachable = false;
  told.length = 0;
  await clock.advance(2_000);
  assert.deepEqual(told, ['deleted default/a=1', 'updated default/b 1→2', 'added default/c=1']);
});

test('an object that was replaced by one of the same name is deleted and added', async () => {
  const { clock, transport, told } = await setUp([map('a', '1')]);
  transport.unreachable = true;
  transport.unseed(map('a', '1'));
  transport.seed(map('a', '2'));
  transport.compact();
  transport.unreachable = false;
  told.length = 0;
  await clock.advance(2_000);
  assert.deepEqual(told, ['deleted default/a=1', 'added default/a=2']);
});

test('a bookmark moves the version from which a watch is taken up', async () => {
  const { clock, transport, told } = await setUp([map('a', '1')]);
  transport.seed({ ...map('other', '1'), kind: 'Secret' } as ConfigMap);
  transport.bookmark();
  await clock.advance(0);
  transport.compact();
  transport.breakWatches(new Error('reset'));
  await clock.advance(1_000);
  assert.deepEqual(told, ['added default/a=1']);
  assert.equal(transport.requests.filter(request => !request.includes('watch=true')).length, 1);
});

test('failures are tried again with growing delays, not in a spin', async () => {
  const clock = new FakeClock();
  const transport = new FakeTransport({ clock });
  transport.seed(map('a', '1'));
  transport.fail('GET', /configmaps/, serviceUnavailable('starting'), Number.POSITIVE_INFINITY);
  const factory = new InformerFactory({ clock, log: silentLogger, transport });
  running.push(factory);
  const informer = factory.informer<ConfigMap>(configMaps);
  await factory.start(new AbortController().signal);
  await clock.advance(60_000);
  assert.equal(informer.synced, false);
  const tries = transport.requests.length;
  assert.ok(tries >= 60_000 / 7_500 && tries < 25, `${tries} tries in a minute`);
});

test('watches that end at once are slowed down, those that lived are reopened at once', async () => {
  const { clock, transport } = await setUp([]);
  await clock.advance(10_000);
  const before = transport.requests.length;
  transport.breakWatches();
  await clock.advance(0);
  assert.equal(transport.requests.length, before + 1);
  transport.breakWatches();
  await clock.advance(0);
  assert.equal(transport.requests.length, before + 1);
  await clock.advance(200);
  assert.equal(transport.requests.length, before + 2);
});

test('the same selection is one informer; one asked for late is started; indexes and handlers see it all', async () => {
  const { clock, transport, factory, informer } = await setUp([map('a', 'x'), map('b', 'y', 'other')]);
  assert.equal(factory.informer(configMaps), informer);
  const late = factory.informer<ConfigMap>(configMaps, {
    namespace: 'other',
    fieldSelector: 'metadata.name=b',
  });
  late.addIndex('data', object => [object.data?.data ?? '']);
  await factory.whenSynced();
  assert.deepEqual(late.byIndex('data', 'y').map(objectKey), ['other/b']);
  transport.seed(map('b', 'z', 'other'));
  await clock.advance(0);
  assert.deepEqual([late.byIndex('data', 'y').length, late.byIndex('data', 'z').length], [0, 1]);
  const added: string[] = [];
  const leave = late.addHandler({ added: object => added.push(objectKey(object)) });
  leave();
  transport.unseed(map('b', 'z', 'other'));
  await clock.advance(0);
  assert.deepEqual([added, late.list().length], [['other/b'], 0]);
  assert.throws(() => late.byIndex('dta', 'y'), /no index dta/);
});

test('a handler that throws does not keep the others from being told', async () => {
  const { clock, transport, informer } = await setUp([]);
  informer.addHandler({
    added() {
      throw new Error('mine');
    },
  });
  const heard: string[] = [];
  informer.addHandler({ added: object => heard.push(objectKey(object)) });
  transport.seed(map('a', '1'));
  await clock.advance(0);
  assert.deepEqual(heard, ['default/a']);
});

test('stop ends the watches and waits for them; a wait for the first list ends with its signal', async () => {
  const { clock, transport, factory } = await setUp([]);
  assert.equal(transport.watches, 1);
  await factory.stop();
  assert.equal(transport.watches, 0);
  assert.equal(clock.pending, 0);
  const idle = new InformerFactory({ clock, log: silentLogger, transport }).informer(configMaps);
  await assert.rejects(idle.whenSynced(AbortSignal.abort(new Error('enough'))), /enough/);
});

test('an informer of a resource that is served no more asks no more, and holds nobody up', async () => {
  const { clock, transport, factory, informer, told } = await setUp([map('a', '1')]);
  const late = factory.informer<ConfigMap>(configMaps, { labelSelector: 'never=synced' });
  transport.fail('GET', /labelSelector/, new ApiError({ code: 404 }), 1000);
  await clock.advance(0);
  const waiting = late.whenSynced();
  factory.release(configMaps);
  await waiting;
  await clock.advance(0);
  const asked = transport.requests.length;
  transport.seed(map('b', '1'));
  await clock.advance(60_000);
  assert.equal(transport.requests.length, asked);
  assert.deepEqual(told, ['added default/a=1']);
  const again = factory.informer<ConfigMap>(configMaps);
  assert.notEqual(again, informer);
  await clock.advance(0);
  assert.deepEqual(again.list().map(objectKey).sort(), ['default/a', 'default/b']);
});
