import type { Cancel, Clock } from './clock.ts';

export interface BoundedFrequencyOptions {
  /** At least this many milliseconds lie between the end of a run and the start of the next one. */
  minInterval: number;
  /** A run starts at the latest this many milliseconds after the one before, asked for or not. */
  maxInterval?: number;
  /** After a failure the next run comes after this many milliseconds. */
  retryInterval?: number;
}

/**
 * Runs one function when asked, never twice at a time, not more often than `minInterval` and not less often
 * than `maxInterval`. A request that comes while it runs leads to one more run.
 */
export class BoundedFrequencyRunner {
  readonly #clock: Clock;
  readonly #options: BoundedFrequencyOptions;
  readonly #run: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #wanted = false;
  #running: Promise<void> | undefined;
  #lastEnd = Number.NEGATIVE_INFINITY;
  #cancel: Cancel | undefined;
  #stopped = false;

  constructor(
    deps: { clock: Clock; run: () => Promise<void>; onError: (error: unknown) => void },
    options: BoundedFrequencyOptions,
  ) {
    this.#clock = deps.clock;
    this.#run = deps.run;
    this.#onError = deps.onError;
    this.#options = options;
  }

  /** Asks for a run as soon as the interval allows. */
  request(): void {
    this.#wanted = true;
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  #schedule(): void {
    if (this.#stopped || this.#running) return;
    this.#cancel?.();
    const interval = this.#wanted ? this.#options.minInterval : this.#options.maxInterval;
    if (interval === undefined) return;
    const wait = this.#lastEnd + interval - this.#clock.monotonic();
    if (wait <= 0) this.#begin();
    else this.#cancel = this.#clock.after(wait, () => this.#begin());
  }

  #begin(): void {
    this.#cancel?.();
    this.#wanted = false;
    this.#running = this.#runOnce();
  }

  async #runOnce(): Promise<void> {
    let failed = false;
    try {
      await this.#run();
    } catch (error) {
      failed = true;
      this.#onError(error);
    }
    this.#running = undefined;
    this.#lastEnd = this.#clock.monotonic();
    const retry = this.#options.retryInterval;
    if (failed && !this.#wanted && retry !== undefined && !this.#stopped) {
      this.#cancel = this.#clock.after(retry, () => this.request());
    } else {
      this.#schedule();
    }
  }
}
