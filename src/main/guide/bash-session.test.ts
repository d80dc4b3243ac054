import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FakeClock } from '../../base/fake-clock.ts';
import { BashSession } from './bash-session.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-guide-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;

function start() {
  const clock = new FakeClock();
  const session = new BashSession({ clock }, { prefix: [], env: process.env, folder, terminal: false });
  const run = async (command: string, signal = never) => {
    let printed = '';
    await session.run(command, text => (printed += text), signal);
    return printed;
  };
  return { clock, session, run };
}

test('commands share variables, the folder and its files', async () => {
  const { session, run } = start();
  await session.writeFile('a.txt', 'hällo\n');
  assert.equal(await run('A=$(cat a.txt)'), '');
  assert.equal(await run('echo "$A $(pwd)"'), `hällo ${folder}\n`);
  await session.end();
});

test('what is printed comes whole and in order, errors too', async () => {
  const { session, run } = start();
  assert.equal(await run('echo one; echo two >&2; echo three'), 'one\ntwo\nthree\n');
  assert.equal(await run('seq 100000 | tail -1; printf end'), '100000\nend');
  assert.match(await run('no-such-command'), /no-such-command: command not found/);
  assert.match(await run('echo "'), /unexpected EOF/);
  assert.equal(await run('cat'), '', 'there is nothing to read');
  assert.equal(await run('for i in 1 2\ndo echo $i; done'), '1\n2\n');
  await session.end();
});

test('aborting ends the command as Ctrl-C does, and not the shell', async () => {
  const { session, run } = start();
  const ending = new AbortController();
  let printed = '';
  await session.run(
    `A=kept; (trap 'echo ended; exit' INT; echo begun; while :; do sleep 0.1; done) | cat`,
    text => {
      printed += text;
      if (text.includes('begun')) ending.abort();
    },
    ending.signal,
  );
  assert.match(printed, /^begun\n/);
  assert.equal(await run('echo $A'), 'kept\n');
  await session.end();
});

test('a command that does not heed Ctrl-C is killed after its grace', async () => {
  const { clock, session, run } = start();
  const ending = new AbortController();
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const stubborn = session.run(
    `bash -c 'trap "" INT; echo begun; exec sleep 1000'`,
    () => resolve(),
    ending.signal,
  );
  await begun;
  ending.abort();
  await clock.advance(3_000);
  await stubborn;
  assert.match(await run('echo on'), /on\n$/);
  await session.end();
});

test('a command that ends the shell is told by the next one', async () => {
  const { session, run } = start();
  assert.equal(await run('echo bye; exit'), 'bye\n');
  assert.equal(await run('echo on'), 'the shell has ended\n');
  await session.end();
});
