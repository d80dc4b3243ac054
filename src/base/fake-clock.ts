import { type Cancel, type Clock, sleepOn } from './clock.ts';

interface Timer {
  due: number;
  sequence: number;
  period: number | undefined;
  callback: () => void;
}

/**
 * A clock that stands still until a test moves it. `advance` fires the timers in the order they fall due
 * and lets pending promise callbacks run between them, so that chains of awaits and timers unfold as they
 * would in real time.
 */
export class FakeClock implements Clock {
  #now: number;
  #sequence = 0;
  readonly #timers = new Set<Timer>();

  constructor(start = Date.parse('2030-01-01T00:00:00Z')) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Cancel {
    return this.#add(ms, undefined, callback);
  }

  every(ms: number, callback: () => void): Cancel {
    return this.#add(ms, Math.max(ms, 1), callback);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time forward by `ms` milliseconds, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#nextDue(end); timer; timer = this.#nextDue(end)) {
      this.#now = Math.max(this.#now, timer.due);
      if (timer.period === undefined) this.#timers.delete(timer);
      else timer.due += timer.period;
      timer.callback();
      await settle();
    }
    this.#now = end;
  }

  #add(ms: number, period: number | undefined, callback: () => void): Cancel {
    const timer = { due: this.#now + Math.max(ms, 0), sequence: this.#sequence++, period, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #nextDue(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (!next || timer.due < next.due || (timer.due === next.due && timer.sequence < next.sequence)) {
        next = timer;
      }
    }
    return next;
  }
}

/** Lets promise callbacks and immediates that are ready run, several rounds deep. */
async function settle(): Promise<void> {
  for (let round = 0; round < 8; round++) await new Promise(resolve => setImmediate(resolve));
}
