import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { configMap, refusal, startApi, type TestApi } from '../testing/api.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let api: TestApi;
before(async () => {
  api = await startApi();
  for (let i = 0; i < 10; i++) {
    const body = configMap(`m${i}`);
    Object.assign(body.metadata, { labels: { parity: i % 2 ? 'odd' : 'even' } });
    await api.post(maps, body);
  }
});
after(() => api.stop());

const names = (list: { items: { metadata: { name: string } }[] }) =>
  list.items.map(item => item.metadata.name).join(' ');

test('a list has its kind, the revision and all items in order', async () => {
  const list = await api.get(maps);
  assert.equal(list.kind, 'ConfigMapList');
  assert.equal(list.metadata.resourceVersion, String(api.store.revision));
  assert.equal(names(list), 'm0 m1 m2 m3 m4 m5 m6 m7 m8 m9');
});

const selections: [query: string, expected: string][] = [
  ['labelSelector=parity%3Dodd', 'm1 m3 m5 m7 m9'],
  ['labelSelector=parity!%3Dodd', 'm0 m2 m4 m6 m8'],
  ['labelSelector=parity%20in%20(odd)', 'm1 m3 m5 m7 m9'],
  ['labelSelector=other', ''],
  ['fieldSelector=metadata.name%3Dm3', 'm3'],
  ['fieldSelector=metadata.name%3Dm3&labelSelector=parity%3Deven', ''],
  ['fieldSelector=metadata.name!%3Dm3&labelSelector=parity%3Dodd', 'm1 m5 m7 m9'],
  ['resourceVersion=0', 'm0 m1 m2 m3 m4 m5 m6 m7 m8 m9'],
];
for (const [query, expected] of selections) {
  test(`selected by ${query}`, async () => {
    assert.equal(names(await api.get(`${maps}?${query}`)), expected);
  });
}

test('pages show the state of the first one, whatever happens between them', async () => {
  const first = await api.get(`${maps}?limit=4`);
  assert.equal(names(first), 'm0 m1 m2 m3');
  assert.equal(first.metadata.remainingItemCount, 6);
  await api.post(maps, configMap('m45'));
  await api.delete(`${maps}/m5`);
  await api.patch(`${maps}/m6`, { data: { changed: 'yes' } });
  const second = await api.get(`${maps}?limit=4&continue=${first.metadata.continue}`);
  assert.equal(names(second), 'm4 m5 m6 m7');
  assert.equal(second.items[2].data, undefined);
  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  const third = await api.get(`${maps}?limit=4&continue=${second.metadata.continue}`);
  assert.equal(names(third), 'm8 m9');
  assert.equal(third.metadata.continue, undefined);
  await api.delete(`${maps}/m45`);
  await api.post(maps, configMap('m5', {}));
});

test('pages with a selector hold matching items, and tell no count', async () => {
  const first = await api.get(`${maps}?limit=2&labelSelector=parity%3Deven`);
  assert.equal(names(first), 'm0 m2');
  assert.equal(first.metadata.remainingItemCount, undefined);
  const second = await api.get(
    `${maps}?limit=9&labelSelector=parity%3Deven&continue=${first.metadata.continue}`,
  );
  assert.equal(names(second), 'm4 m6 m8');
});

test('Exact lists an older state; a future one and a compacted one are refused', async () => {
  const { revision } = api.store;
  await api.delete(`${maps}/m9`);
  const old = await api.get(`${maps}?resourceVersion=${revision}&resourceVersionMatch=Exact`);
  assert.match(names(old), /m9$/);
  assert.equal(old.metadata.resourceVersion, String(revision));
  const future = await refusal(api.get(`${maps}?resourceVersion=100000`));
  assert.equal(future.code, 504);
  assert.match(future.message, /Too large resource version: 100000, current: \d+/);
  const page = await api.get(`${maps}?limit=2`);
  await api.post(maps, configMap('mark'));
  await api.store.compact(api.store.revision);
  assert.equal(
    (await refusal(api.get(`${maps}?resourceVersion=${revision}&resourceVersionMatch=Exact`))).reason,
    'Expired',
  );
  const expired = await refusal(api.get(`${maps}?limit=2&continue=${page.metadata.continue}`));
  assert.equal(expired.code, 410);
  const token = expired.status.metadata?.continue;
  assert.equal(names(await api.get(`${maps}?limit=2&continue=${token}`)), 'm2 m3');
});

const bad: [query: string, code: number, message: RegExp][] = [
  ['labelSelector=a%3D%3D%3Db', 400, /found '=', expected: identifier/],
  [
    'fieldSelector=spec.x%3Dy',
    400,
    /"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"/,
  ],
  ['limit=x', 400, /invalid syntax/],
  ['continue=x', 400, /continue key is not valid/],
  ['resourceVersion=x', 400, /invalid syntax/],
  ['resourceVersionMatch=Exact', 422, /resourceVersionMatch is forbidden unless resourceVersion is provided/],
  ['resourceVersion=1&resourceVersionMatch=Foo', 422, /Unsupported value: "Foo"/],
  ['resourceVersion=0&resourceVersionMatch=Exact', 422, /forbidden for resourceVersion "0"/],
  ['sendInitialEvents=true', 422, /sendInitialEvents is forbidden for list/],
];
for (const [query, code, message] of bad) {
  test(`refused: ${query}`, async () => {
    const error = await refusal(api.get(`${maps}?${query}`));
    assert.equal(error.code, code);
    assert.match(error.message, message);
  });
}
