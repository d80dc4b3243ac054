/** The user's words are off: exit code 2. The message says what is wrong and what to do, in one sentence. */
export class UsageFailure extends Error {}

/** The system failed: exit code 1. The message says what is wrong and what to do, in one sentence. */
export class SystemFailure extends Error {}

/** The exit code of a command that was run for the user and ended with `code`; nothing more is printed. */
export class CommandExit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}
