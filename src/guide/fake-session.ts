import type { Step } from './document.ts';
import type { GuideFailure, Narrator, Session } from './session.ts';

/**
 * Answers commands from a table: each call takes the next answer of its command, the last one stays. A command
 * ending in ` -f` goes on until it is ended.
 */
export class FakeSession implements Session {
  /** Commands as they were run, `write NAME` for files, `^C` where one was ended. */
  readonly calls: string[] = [];
  readonly #answers: Map<string, string[]>;

  constructor(answers: Record<string, string | string[]>) {
    this.#answers = new Map(Object.entries(answers).map(([command, answer]) => [command, [answer].flat()]));
  }

  async writeFile(name: string): Promise<void> {
    this.calls.push(`write ${name}`);
  }

  async run(command: string, onOutput: (text: string) => void, signal: AbortSignal): Promise<void> {
    this.calls.push(command);
    const answers = this.#answers.get(command) ?? [''];
    for (const piece of command.endsWith(' -f') ? answers : [answers.shift()!]) {
      if (signal.aborted) break;
      if (answers.length === 0) answers.push(piece);
      onOutput(piece);
    }
    if (!command.endsWith(' -f')) return;
    if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve));
    this.calls.push('^C');
  }
}

/** Keeps what it is told; says `run` to every command unless given other answers. */
export class FakeNarrator implements Narrator {
  readonly told: string[] = [];
  readonly failures: GuideFailure[] = [];
  readonly #answers: Record<string, 'skip' | 'quit'>;

  constructor(answers: Record<string, 'skip' | 'quit'> = {}) {
    this.#answers = answers;
  }

  text(markdown: string): void {
    this.told.push(markdown);
  }
  file(name: string): void {
    this.told.push(`file ${name}`);
  }
  async command({ command }: Step): Promise<'run' | 'skip' | 'quit'> {
    this.told.push(`$ ${command}`);
    return this.#answers[command] ?? 'run';
  }
  output(text: string): void {
    this.told.push(text);
  }
  ended(failure: GuideFailure | undefined): void {
    if (failure) this.failures.push(failure);
  }
}
