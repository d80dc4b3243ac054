import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../base/fake-clock.ts';
import { parseGuide } from './document.ts';
import { FakeNarrator, FakeSession } from './fake-session.ts';
import { GuidePlayer } from './guide-player.ts';
import { GuideFailure } from './session.ts';

const query = 'k get pod web --ignore-not-found -o name';
const cleanUp = 'k delete pod web --ignore-not-found';

const guideOf = (...body: string[]) =>
  parseGuide(
    'docs/guide/web.md',
    ['# Web', ...body, '## Clean up', '```console', `$ ${cleanUp}`, 'pod "web" deleted', '```'].join('\n'),
  );

const block = (command: string, ...output: string[]) => ['```console', `$ ${command}`, ...output, '```'];

function setUp(
  answers: Record<string, string | string[]>,
  { check = true, reader = {} }: { check?: boolean; reader?: Record<string, 'skip' | 'quit'> } = {},
) {
  const clock = new FakeClock();
  const session = new FakeSession({ [cleanUp]: 'pod "web" deleted\n', ...answers });
  const narrator = new FakeNarrator(reader);
  const player = new GuidePlayer({ clock, session, narrator }, { check });
  return { clock, session, narrator, player };
}

const never = new AbortController().signal;

test('tells the text, writes files, runs the commands, cleans up', async () => {
  const { session, narrator, player } = setUp({ 'k apply -f web.yaml': 'pod/web created\n' });
  const guide = guideOf(
    'Text.',
    ...['```yaml', '# web.yaml', 'kind: Pod', '```'],
    ...block('k apply -f web.yaml', 'pod/web created'),
  );
  await player.play(guide, never);
  assert.deepEqual(session.calls, [query, 'write web.yaml', 'k apply -f web.yaml', cleanUp]);
  assert.deepEqual(narrator.told, [
    '# Web\nText.',
    'file web.yaml',
    '$ k apply -f web.yaml',
    'pod/web created\n',
    '## Clean up',
    `$ ${cleanUp}`,
    'pod "web" deleted\n',
  ]);
  assert.deepEqual(narrator.failures, []);
});

test('checking stops at the first output that is off, names it, and cleans up', async () => {
  const { session, player } = setUp({ a: 'one\n', b: 'two\nthree\n' });
  const guide = guideOf(...block('a', 'one'), ...block('b', 'two', 'four'), ...block('c'));
  await assert.rejects(player.play(guide, never), {
    name: 'GuideFailure',
    message: [
      'docs/guide/web.md:9: the command did not print: four',
      '  $ b',
      'It printed:',
      '  two',
      '  three',
    ].join('\n'),
  });
  assert.deepEqual(session.calls, [query, 'a', 'b', cleanUp]);
});

test('an output that is off does not stop a reader', async () => {
  const { session, narrator, player } = setUp({ a: 'two\n' }, { check: false });
  await player.play(guideOf(...block('a', 'one'), ...block('b')), never);
  assert.deepEqual(session.calls, [query, 'a', 'b', cleanUp]);
  assert.equal(narrator.failures.length, 1);
});

test('a named placeholder stands for the same in all commands', async () => {
  const { player } = setUp({ a: '10.0.0.1\n', b: '10.0.0.2\n' });
  const guide = guideOf(...block('a', '<pod address>'), ...block('b', '<pod address>'));
  await assert.rejects(player.play(guide, never), /web\.md:8: the command did not print: <pod address>/);
});

test('a command that is followed is ended once its output is there', async () => {
  const { session, player } = setUp({ 'logs -f': ['0 %\n', 'hello\n', 'more\n'] });
  await player.play(guideOf('```console follow', '$ logs -f', '...', 'hello', '...', '```'), never);
  assert.deepEqual(session.calls, [query, 'logs -f', '^C', cleanUp]);
});

test('a command that is followed for longer than its time fails', async () => {
  const { clock, player } = setUp({ 'logs -f': 'nothing\n' });
  const guide = guideOf('```console follow within=9s', '$ logs -f', 'hello', '```');
  const played = assert.rejects(player.play(guide, never), /did not print: hello within 9 s/);
  await clock.advance(9_000);
  await played;
});

test('a command is repeated until its output is there', async () => {
  const { clock, session, narrator, player } = setUp({ a: ['<pending>\n', '<pending>\n', '10.0.0.1\n'] });
  const played = player.play(guideOf('```console repeat', '$ a', '<address>', '```'), never);
  await clock.advance(5_000);
  await played;
  assert.deepEqual(session.calls, [query, 'a', 'a', 'a', cleanUp]);
  assert.deepEqual(narrator.told.slice(1, 3), ['$ a', '10.0.0.1\n']);
});

test('a command is not repeated for longer than its time', async () => {
  const { clock, session, player } = setUp({ a: '<pending>\n' });
  const guide = guideOf('```console repeat within=2s', '$ a', '<address>', '```');
  const played = assert.rejects(player.play(guide, never), /did not print: <address> within 2 s/);
  await clock.advance(10_000);
  await played;
  assert.equal(session.calls.at(-1), cleanUp);
});

test('nothing runs where the cluster has what the guide makes', async () => {
  const { session, player } = setUp({ [query]: 'pod/web\n' });
  await assert.rejects(
    player.play(guideOf(...block('a')), never),
    new GuideFailure(
      `the guide "web" would change and delete what the cluster already has: pod/web; if you can do without, run first: ${cleanUp}`,
    ),
  );
  assert.deepEqual(session.calls, [query]);
});

test('nothing runs where the cluster does not answer', async () => {
  const { session, player } = setUp({ [query]: 'The connection to the server was refused\n' });
  await assert.rejects(
    player.play(guideOf(...block('a')), never),
    /does not say what it has: The connection/,
  );
  assert.deepEqual(session.calls, [query]);
});

test('a reader who leaves, or leaves out cleaning up, leaves nothing behind', async () => {
  const leaving = setUp({}, { check: false, reader: { b: 'quit' } });
  await leaving.player.play(guideOf(...block('a'), ...block('b'), ...block('c')), never);
  assert.deepEqual(leaving.session.calls, [query, 'a', cleanUp]);

  const skipping = setUp({}, { check: false, reader: { a: 'skip', [cleanUp]: 'skip' } });
  await skipping.player.play(guideOf(...block('a'), ...block('b')), never);
  assert.deepEqual(skipping.session.calls, [query, 'b', cleanUp]);
});

test('interrupted, the command is ended and the cluster cleaned up', async () => {
  const { clock, session, player } = setUp({ 'logs -f': 'nothing\n' });
  const interrupted = new AbortController();
  const guide = guideOf('```console follow', '$ logs -f', 'hello', '```', ...block('b'));
  const played = assert.rejects(player.play(guide, interrupted.signal), /enough/);
  await clock.advance(0);
  interrupted.abort(new Error('enough'));
  await played;
  assert.deepEqual(session.calls, [query, 'logs -f', '^C', cleanUp]);
});
