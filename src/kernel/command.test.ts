import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { CommandError, type CommandFailure, type CommandOptions, SystemCommands } from './command.ts';

const commands = new SystemCommands({ clock: systemClock });

test('a command: input, both outputs, words as they are', async () => {
  assert.equal((await commands.run(['cat'], { input: 'hello' })).stdout, 'hello');
  assert.equal((await commands.run(['printf', '%s|', '$(id)', '; true'])).stdout, '$(id)|; true|');
  assert.equal((await commands.run(['sh', '-c', 'echo no >&2'])).stderr, 'no\n');
});

const failures: [
  what: string,
  argv: [string, ...string[]],
  options: CommandOptions,
  code: CommandFailure,
  message: RegExp,
][] = [
  ['not there', ['no-such-program'], {}, 'not-found', /no-such-program: no such program/],
  ['its own words', ['sh', '-c', 'echo bad luck >&2; exit 3'], {}, 'exit', /: bad luck$/],
  ['no words', ['false'], {}, 'exit', /false: exit code 1/],
  ['a signal', ['sh', '-c', 'kill -9 $$'], {}, 'signal', /killed by SIGKILL/],
  ['too much output', ['yes'], { maxOutput: 1000 }, 'output-limit', /more than 1000 bytes/],
  ['aborted', ['sleep', '1000'], { signal: AbortSignal.abort() }, 'aborted', /aborted/],
];

for (const [what, argv, options, code, message] of failures) {
  test(`a command that fails: ${what}`, async () => {
    await assert.rejects(commands.run(argv, options), (error: Error) => {
      return error instanceof CommandError && error.code === code && message.test(error.message);
    });
  });
}

test('a command that takes too long is killed', async () => {
  const clock = new FakeClock();
  const running = new SystemCommands({ clock }).run(['sleep', '1000'], { timeout: 5_000 });
  const failed = assert.rejects(running, (error: CommandError) => error.code === 'timeout');
  await clock.advance(5_000);
  await failed;
});
