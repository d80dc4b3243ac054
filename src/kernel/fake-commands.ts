import { CommandError, type CommandOptions, type CommandResult, type Commands } from './command.ts';

type Answer = Partial<CommandResult> | Error;

/** Answers commands from a table and keeps what was run. A command nobody answers for is `not-found`. */
export class FakeCommands implements Commands {
  /** Every command that was run, its words joined by spaces. */
  readonly ran: string[] = [];
  readonly #answers: { matches: (argv: readonly string[]) => boolean; answer: AnswerOf }[] = [];

  /** Answers commands that begin with `prefix`; later answers win over earlier ones. */
  on(prefix: readonly string[], answer: Answer | AnswerOf): void {
    const answerOf = typeof answer === 'function' ? answer : () => answer;
    const matches = (argv: readonly string[]) => prefix.every((word, index) => argv[index] === word);
    this.#answers.unshift({ matches, answer: answerOf });
  }

  async run(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
    this.ran.push(argv.join(' '));
    const found = this.#answers.find(({ matches }) => matches(argv));
    if (!found) throw new CommandError('not-found', argv, { reason: 'no such program' });
    const answer = found.answer(argv, options);
    if (answer instanceof Error) throw answer;
    return { stdout: '', stderr: '', ...answer };
  }
}

type AnswerOf = (argv: readonly string[], options: CommandOptions) => Answer;
