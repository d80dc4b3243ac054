import type { Clock } from '../../base/clock.ts';
import type { Step } from '../../guide/document.ts';
import type { GuideFailure, Narrator } from '../../guide/session.ts';

/** For `--check`: one line a command, with the time it took. */
export class CheckNarrator implements Narrator {
  readonly #clock: Clock;
  readonly #output: NodeJS.WritableStream;
  #command = '';
  #began = 0;

  constructor({ clock }: { clock: Clock }, output: NodeJS.WritableStream) {
    this.#clock = clock;
    this.#output = output;
  }

  text(): void {}
  file(): void {}
  output(): void {}

  async command({ command }: Step): Promise<'run'> {
    this.#command = command.split('\n')[0]!;
    this.#began = this.#clock.monotonic();
    return 'run';
  }

  ended(failure: GuideFailure | undefined): void {
    const seconds = ((this.#clock.monotonic() - this.#began) / 1000).toFixed(1);
    this.#output.write(` ${failure ? '✗' : '✓'} ${seconds.padStart(5)} s  ${this.#command}\n`);
  }
}
