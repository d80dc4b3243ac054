import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { ApiError } from '../../api/status.ts';
import { FakeClock } from '../../base/fake-clock.ts';
import type { Call } from '../call.ts';
import { jsonResponse, type ServerResponse } from '../exchange.ts';
import { parseRequestInfo } from '../filters/request-info.ts';
import { FlowControl } from './flow-control.ts';
import { dealHand, flowHash } from './shuffle-sharding.ts';

let clock: FakeClock;
let control: FlowControl;

beforeEach(() => {
  clock = new FakeClock();
  control = new FlowControl({ clock, countObjects: () => 1000 }, { seats: 4 });
});

function level(name: string, limited: object): void {
  const object = { metadata: { name, uid: `level-${name}` }, spec: { type: 'Limited', limited } };
  control.setLevel(object as Stored<PriorityLevelConfiguration>);
}

function schema(name: string, levelName: string, user: string, precedence = 100): void {
  const rules = [
    {
      subjects: [{ kind: 'User', user: { name: user } }],
      resourceRules: [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
      ],
    },
  ];
  const spec = {
    matchingPrecedence: precedence,
    priorityLevelConfiguration: { name: levelName },
    distinguisherMethod: { type: 'ByUser' },
    rules,
  };
  control.setSchema({ metadata: { name, uid: `schema-${name}` }, spec } as Stored<FlowSchema>);
}

const queuing = (queueLengthLimit = 50) => ({
  limitResponse: { type: 'Queue', queuing: { queues: 32, handSize: 4, queueLengthLimit } },
});

/** A request that is answered when the test says so. */
function ask(user: string, path = '/api/v1/namespaces/default/pods/p') {
  const abort = new AbortController();
  const request = { method: 'GET', path, query: new URLSearchParams(), headers: {}, signal: abort.signal };
  const call = {
    request,
    info: parseRequestInfo(request),
    user: { name: user, groups: [] },
  } as unknown as Call;
  const { promise, resolve } = Promise.withResolvers<ServerResponse>();
  const state = { started: false, failure: undefined as ApiError | undefined };
  const work = () => {
    state.started = true;
    return promise;
  };
  const done = Promise.resolve()
    .then(() => control.run(call, work))
    .catch((error: ApiError) => {
      state.failure = error;
    });
  return { call, state, done, answer: () => resolve(jsonResponse(200, {})), abort: () => abort.abort() };
}

/** Lets what can start do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await nextTurn();
}

test('a flow that fills its queues leaves the others their turn', async () => {
  level('low', { nominalConcurrencyShares: 1, ...queuing() });
  schema('all', 'low', '*');
  const greedy = Array.from({ length: 60 }, () => ask('greedy'));
  await settle();
  const other = ask('other');
  await settle();
  assert.equal(greedy.filter(({ state }) => state.started).length, 4, 'as many as there are seats');
  assert.equal(other.state.started, false);
  // As many as a hand has queues may come first: they have had nothing, either.
  for (const request of greedy.slice(0, 5)) {
    request.answer();
    await settle();
  }
  assert.equal(other.state.started, true, 'long before the 56 that came first');
});

test('a level without queues, a full queue and a long wait are answered with 429', async () => {
  level('reject', { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } });
  schema('all', 'reject', '*');
  const calls = Array.from({ length: 5 }, () => ask('a'));
  await settle();
  assert.equal(calls[4]!.state.failure?.code, 429);
  assert.equal(calls[4]!.state.failure?.message, 'Too many requests, please try again later.');
  assert.equal(calls[4]!.state.failure?.status.details?.retryAfterSeconds, 1);
  for (const call of calls) call.answer();
  await settle();

  level('reject', { nominalConcurrencyShares: 1, ...queuing(1) });
  const queued = Array.from({ length: 9 }, () => ask('a'));
  await settle();
  assert.equal(
    queued.filter(({ state }) => state.failure).length,
    1,
    'four at work, four in the hand of queues',
  );
  await clock.advance(15_000);
  await settle();
  assert.equal(queued.filter(({ state }) => state.failure).length, 5, 'nobody waits longer');
});

test('a client that went away gives up its place', async () => {
  level('low', { nominalConcurrencyShares: 1, ...queuing() });
  schema('all', 'low', '*');
  const calls = Array.from({ length: 6 }, () => ask('a'));
  await settle();
  calls[4]!.abort();
  calls[0]!.answer();
  await settle();
  assert.equal(calls[4]!.state.started, false);
  assert.equal(calls[5]!.state.started, true);
});

test('idle seats are lent, those that are not lendable stay free', async () => {
  level('rich', { nominalConcurrencyShares: 2, lendablePercent: 50, ...queuing() });
  level('poor', { nominalConcurrencyShares: 2, ...queuing() });
  level('bounded', { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, ...queuing() });
  schema('poor', 'poor', 'poor');
  schema('rich', 'rich', 'rich');
  schema('bounded', 'bounded', 'bounded');
  const poor = Array.from({ length: 5 }, () => ask('poor'));
  const rich = Array.from({ length: 3 }, () => ask('rich'));
  await settle();
  assert.equal(poor.filter(({ state }) => state.started).length, 3, 'two of its own and one lent');
  assert.equal(rich.filter(({ state }) => state.started).length, 1, 'what is lent has to come back first');
  const bounded = ask('bounded');
  await settle();
  assert.equal(bounded.state.started, false, 'it may not borrow');
});

test('the first schema by precedence counts, and is told in the answer', async () => {
  level('one', { nominalConcurrencyShares: 1, ...queuing() });
  level('two', { nominalConcurrencyShares: 1, ...queuing() });
  schema('later', 'one', '*', 500);
  schema('first', 'two', 'a', 400);
  const call = ask('a');
  await settle();
  assert.deepEqual(call.call.flow, { schema: 'schema-first', level: 'level-two' });
});

test('a long list takes several seats', async () => {
  control = new FlowControl({ clock, countObjects: () => 250 }, { seats: 40 });
  level('low', { nominalConcurrencyShares: 1, ...queuing() });
  schema('all', 'low', '*');
  const list = ask('a', '/api/v1/pods');
  await settle();
  assert.equal([...control.levels][0]!.used, 3);
  list.answer();
  await list.done;
  assert.equal([...control.levels][0]!.used, 0);
});

test('hands are of different queues, and spread', () => {
  const used = new Set<number>();
  for (let flow = 0; flow < 200; flow++) {
    const hand = dealHand(flowHash('schema', `user-${flow}`), 64, 8);
    assert.equal(new Set(hand).size, 8);
    assert.ok(hand.every(queue => queue >= 0 && queue < 64));
    for (const queue of hand) used.add(queue);
  }
  assert.equal(used.size, 64);
});
