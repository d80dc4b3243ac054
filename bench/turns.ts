/**
 * How long the event loop of this process was held by one turn: the processor time its thread used between
 * two looks, one a millisecond where nothing holds it. Unlike a wall clock, it does not count what other
 * processes take from the machine.
 */
export class Turns {
  #longest = 0;
  #last = process.threadCpuUsage();

  start(): void {
    setInterval(() => this.#look(), 1).unref();
  }

  /** Milliseconds of the longest turn since the last call. */
  take(): number {
    this.#look();
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  #look(): void {
    const now = process.threadCpuUsage();
    const used = (now.user + now.system - this.#last.user - this.#last.system) / 1000;
    this.#last = now;
    this.#longest = Math.max(this.#longest, used);
  }
}
