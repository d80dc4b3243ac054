import type { Clock } from '../base/clock.ts';
import type { Step } from './document.ts';
import { type Bindings, type Comparison, compareOutput } from './expectation.ts';
import { GuideFailure, type Narrator, type Session } from './session.ts';

/** Milliseconds between two runs of a command that is repeated. */
const repeatPause = 500;

/** How much of an output a failure quotes. */
const quotedLines = 60;

/** How much of an output is kept to be compared, in characters: its end. */
const keptOutput = 256 * 1024;

interface StepRunnerDeps {
  clock: Clock;
  session: Session;
  narrator: Narrator;
}

interface Attempt {
  output: string;
  comparison: Comparison;
}

/** Runs the steps of one guide in order; placeholders with a name keep what they stood for. */
export class StepRunner {
  readonly #clock: Clock;
  readonly #session: Session;
  readonly #narrator: Narrator;
  #bindings: Bindings = new Map();

  constructor({ clock, session, narrator }: StepRunnerDeps) {
    this.#clock = clock;
    this.#session = session;
    this.#narrator = narrator;
  }

  /** Resolves with what was wrong, or nothing. What the command prints is told while it runs. */
  async run(file: string, step: Step, signal: AbortSignal): Promise<GuideFailure | undefined> {
    const timeout = new AbortController();
    const cancel = this.#clock.after(step.within, () => timeout.abort());
    const ending = AbortSignal.any([signal, timeout.signal]);
    try {
      const attempt =
        step.mode === 'repeat' ? await this.#repeat(step, ending) : await this.#attempt(step, ending, true);
      if (attempt.comparison.matches) {
        this.#bindings = attempt.comparison.bindings;
        return undefined;
      }
      return new GuideFailure(describe(file, step, attempt, timeout.signal.aborted));
    } finally {
      cancel();
    }
  }

  /** Runs a command whatever it prints, for as long as it may take at most. */
  async runUnseen(step: Step): Promise<void> {
    const timeout = new AbortController();
    const cancel = this.#clock.after(step.within, () => timeout.abort());
    await this.#session.run(step.command, () => {}, timeout.signal);
    cancel();
  }

  /** Only the last attempt is told: those before it were too early. */
  async #repeat(step: Step, ending: AbortSignal): Promise<Attempt> {
    for (;;) {
      const attempt = await this.#attempt(step, ending, false);
      if (!attempt.comparison.matches && !ending.aborted) {
        await this.#clock.sleep(repeatPause, ending).catch(() => {});
      }
      if (attempt.comparison.matches || ending.aborted) {
        this.#narrator.output(attempt.output);
        return attempt;
      }
    }
  }

  async #attempt(step: Step, ending: AbortSignal, tell: boolean): Promise<Attempt> {
    const matched = new AbortController();
    let output = '';
    let comparison: Comparison | undefined;
    const onOutput = (text: string) => {
      if (tell) this.#narrator.output(text);
      output = (output + text).slice(-keptOutput);
      if (step.mode !== 'follow' || comparison?.matches) return;
      comparison = compareOutput(step.expected, output, this.#bindings);
      if (comparison.matches) matched.abort();
    };
    await this.#session.run(step.command, onOutput, AbortSignal.any([ending, matched.signal]));
    if (!comparison?.matches) comparison = compareOutput(step.expected, output, this.#bindings);
    return { output, comparison };
  }
}

/** `docs/guide/dns.md:12: …`, with the command and what it printed. */
function describe(file: string, step: Step, { output, comparison }: Attempt, timedOut: boolean): string {
  const missing = comparison.matches ? undefined : comparison.missing;
  const wanted = missing ? `did not print: ${missing.text.trim()}` : 'printed more than the guide shows';
  const time = timedOut ? ` within ${step.within / 1000} s` : '';
  const lines = output.trimEnd().split(/\r\n|\n|\r/);
  const printed =
    output.trim() === ''
      ? ['It printed nothing.']
      : [`It printed${lines.length > quotedLines ? `, at the end of ${lines.length} lines` : ''}:`].concat(
          lines.slice(-quotedLines).map(line => `  ${line}`),
        );
  return [`${file}:${missing?.line ?? step.line}: the command ${wanted}${time}`, `  $ ${step.command}`]
    .concat(printed)
    .join('\n');
}
