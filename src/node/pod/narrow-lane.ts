import type { Cancel, Clock } from '../../base/clock.ts';

interface Waiting {
  enter: () => void;
  /** It has given way long enough. */
  due: boolean;
  cancel: Cancel;
}

/**
 * Lets work that nobody waits for pass a few at a time, and not beside what somebody waits for, so that this gets the
 * processors. Work that takes longer than `patience` milliseconds keeps its place no longer: one that hangs holds up
 * nobody. Work gives way for `courtesy` milliseconds at most.
 */
export class NarrowLane {
  readonly #clock: Clock;
  readonly #options: { width: number; patience: number; courtesy: number };
  readonly #queue: Waiting[] = [];
  #inside = 0;
  #urgent = 0;

  constructor(deps: { clock: Clock }, options: { width: number; patience: number; courtesy: number }) {
    this.#clock = deps.clock;
    this.#options = options;
  }

  /** Runs `work` in its turn and resolves or rejects as it does. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn();
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      this.#inside -= 1;
      this.#admit();
    };
    const cancel = this.#clock.after(this.#options.patience, leave);
    try {
      return await work();
    } finally {
      cancel();
      leave();
    }
  }

  /** Runs, at once, work that somebody waits for: meanwhile nothing new enters the lane. */
  async before<T>(work: () => Promise<T>): Promise<T> {
    this.#urgent += 1;
    try {
      return await work();
    } finally {
      this.#urgent -= 1;
      this.#admit();
    }
  }

  #turn(): Promise<void> {
    return new Promise(resolve => {
      const waiting: Waiting = { enter: resolve, due: false, cancel: () => {} };
      this.#queue.push(waiting);
      this.#admit();
      if (!this.#queue.includes(waiting)) return;
      waiting.cancel = this.#clock.after(this.#options.courtesy, () => {
        waiting.due = true;
        this.#admit();
      });
    });
  }

  #admit(): void {
    while (this.#inside < this.#options.width) {
      const first = this.#queue[0];
      if (!first || (this.#urgent > 0 && !first.due)) return;
      this.#queue.shift();
      first.cancel();
      this.#inside += 1;
      first.enter();
    }
  }
}
