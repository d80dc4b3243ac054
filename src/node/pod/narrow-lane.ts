import type { Clock } from '../../base/clock.ts';

/**
 * Lets work that nobody waits for pass a few at a time, so that what somebody waits for gets the processors.
 * Work that takes longer than `patience` milliseconds keeps its place no longer: one that hangs holds up nobody.
 */
export class NarrowLane {
  readonly #clock: Clock;
  readonly #options: { width: number; patience: number };
  readonly #queue: (() => void)[] = [];
  #inside = 0;

  constructor(deps: { clock: Clock }, options: { width: number; patience: number }) {
    this.#clock = deps.clock;
    this.#options = options;
  }

  /** Runs `work` in its turn and resolves or rejects as it does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#options.width) {
      // Whoever leaves hands its place over.
      await new Promise<void>(resolve => this.#queue.push(resolve));
    } else {
      this.#inside += 1;
    }
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      const next = this.#queue.shift();
      if (next) next();
      else this.#inside -= 1;
    };
    const cancel = this.#clock.after(this.#options.patience, leave);
    try {
      return await work();
    } finally {
      cancel();
      leave();
    }
  }
}
