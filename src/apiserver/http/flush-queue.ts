/** Watchers written to before the event loop gets its turn. */
const perTurn = 250;

/**
 * Collects what has to be written and writes it in the next turns of the event loop, a bounded number of
 * receivers a turn: an event for ten thousand watchers must not hold up the requests of others.
 */
export class FlushQueue {
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /** Calls `flush` once, soon. */
  add(flush: () => void): void {
    this.#waiting.push(flush);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    const now = this.#waiting.splice(0, perTurn);
    if (this.#waiting.length > 0) this.#schedule();
    for (const flush of now) flush();
  }
}
