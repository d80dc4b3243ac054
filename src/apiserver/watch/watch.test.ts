import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeObject, WatchEventOf } from '../../api/objects.ts';
import { ApiError } from '../../api/status.ts';
import { configMap, startApi, type TestApi } from '../testing/api.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let api: TestApi;
before(async () => {
  api = await startApi();
});
after(() => api.stop());

/** A watch under way: what it has told so far, as `TYPE name`. */
function follow(query: string) {
  const aborter = new AbortController();
  const events: WatchEventOf<KubeObject>[] = [];
  const wakers: (() => void)[] = [];
  const ended = (async () => {
    for await (const event of api.admin.watch({
      method: 'GET',
      path: `${maps}?${query}`,
      signal: aborter.signal,
    })) {
      events.push(event);
      for (const wake of wakers.splice(0)) wake();
    }
  })();
  return {
    events,
    ended,
    stop: () => aborter.abort(),
    /** Resolves with the first `count` events. */
    async first(count: number): Promise<string[]> {
      while (events.length < count) await new Promise<void>(resolve => wakers.push(resolve));
      return events
        .slice(0, count)
        .map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`.trim());
    },
  };
}

const labelled = (name: string, labels: Record<string, string>) => {
  const body = configMap(name);
  Object.assign(body.metadata, { labels });
  return body;
};

test('from now: what is there, then what happens', async () => {
  await api.post(maps, labelled('w1', { set: 'a' }));
  const watch = follow('labelSelector=set');
  assert.deepEqual(await watch.first(1), ['ADDED w1']);
  await api.post(maps, labelled('w2', { set: 'a' }));
  await api.patch(`${maps}/w2`, { data: { a: '1' } });
  await api.delete(`${maps}/w2`);
  assert.deepEqual(await watch.first(4), ['ADDED w1', 'ADDED w2', 'MODIFIED w2', 'DELETED w2']);
  const versions = watch.events.map(({ object }) => Number(object.metadata?.resourceVersion));
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
  assert.equal(versions.at(-1), api.store.revision, 'a deletion has the revision it happened at');
  watch.stop();
});

test('from a resourceVersion: everything after it, once', async () => {
  const { metadata } = await api.get(maps);
  await api.post(maps, labelled('r1', {}));
  await api.patch(`${maps}/r1`, { data: { a: '1' } });
  const watch = follow(`resourceVersion=${metadata.resourceVersion}`);
  assert.deepEqual(await watch.first(2), ['ADDED r1', 'MODIFIED r1']);
  await api.delete(`${maps}/r1`);
  assert.deepEqual((await watch.first(3)).at(-1), 'DELETED r1');
  watch.stop();
});

test('a selector tells what comes and goes by it', async () => {
  const watch = follow('labelSelector=color%3Dred');
  await api.post(maps, labelled('s1', { color: 'blue' }));
  await api.patch(`${maps}/s1`, { metadata: { labels: { color: 'red' } } });
  await api.patch(`${maps}/s1`, { data: { a: '1' } });
  await api.patch(`${maps}/s1`, { metadata: { labels: { color: 'blue' } } });
  await api.patch(`${maps}/s1`, { data: { a: '2' } });
  await api.delete(`${maps}/s1`);
  await api.post(maps, labelled('s2', { color: 'red' }));
  assert.deepEqual(await watch.first(4), ['ADDED s1', 'MODIFIED s1', 'DELETED s1', 'ADDED s2']);
  const left = watch.events[2]!.object;
  assert.equal(left.metadata?.labels?.color, 'red', 'shown as it was');
  assert.ok(
    Number(left.metadata?.resourceVersion) > Number(watch.events[1]!.object.metadata?.resourceVersion),
  );
  watch.stop();
});

test('one object by name', async () => {
  const watch = follow('fieldSelector=metadata.name%3Dnamed');
  await api.post(maps, configMap('other-name'));
  await api.post(maps, configMap('named'));
  assert.deepEqual(await watch.first(1), ['ADDED named']);
  watch.stop();
});

test('sendInitialEvents: objects, then a bookmark that ends them', async () => {
  await api.post(maps, labelled('i1', { initial: '1' }));
  const watch = follow(
    'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=initial',
  );
  assert.deepEqual(await watch.first(2), ['ADDED i1', 'BOOKMARK']);
  assert.deepEqual(watch.events[1]!.object.metadata, {
    resourceVersion: String(api.store.revision),
    annotations: { 'k8s.io/initial-events-end': 'true' },
  });
  assert.equal(watch.events[1]!.object.kind, 'ConfigMap');
  watch.stop();
});

test('bookmarks come every minute when asked for', async () => {
  const watch = follow('allowWatchBookmarks=true&labelSelector=nothing-has-this');
  await api.post(maps, configMap('unseen'));
  await api.clock.advance(60_000);
  assert.deepEqual(await watch.first(1), ['BOOKMARK']);
  assert.equal(watch.events[0]!.object.metadata?.resourceVersion, String(api.store.revision));
  watch.stop();
});

test('timeoutSeconds ends it', async () => {
  const watch = follow('timeoutSeconds=5&labelSelector=nothing-has-this');
  await api.clock.advance(5_000);
  await watch.ended;
});

test('history that is gone is an ERROR event with 410', async () => {
  await api.post(maps, configMap('c1'));
  await api.post(maps, configMap('c2'));
  await api.store.compact(api.store.revision);
  const watch = follow('resourceVersion=3');
  const error = await watch.ended.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof ApiError);
  assert.deepEqual([error.code, error.reason], [410, 'Expired']);
  assert.match(error.message, /^too old resource version: 3 \(\d+\)$/);
});

test('a crowd of watchers is told the same encoded event', async () => {
  const watches = Array.from({ length: 50 }, () => follow('labelSelector=crowd'));
  await api.clock.advance(0);
  await api.post(maps, labelled('crowded', { crowd: '1' }));
  for (const watch of watches) assert.deepEqual(await watch.first(1), ['ADDED crowded']);
  const shared = new Set(watches.map(watch => watch.events[0]!.object));
  assert.equal(shared.size, 1);
  for (const watch of watches) watch.stop();
});
