import type { Clock } from '../../base/clock.ts';

const initial = 10_000;
const longest = 300_000;

/**
 * CrashLoopBackOff: the first restart of a container is immediate, the next ones wait 10 s after its end,
 * then 20 s, up to 5 min. Ten minutes without a restart forget it.
 */
export class RestartBackoff {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { delay: number; restarted: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The delay in force and what is left of it, in milliseconds, for a container that ended at `finishedAt`. */
  remaining(key: string, finishedAt: number): { delay: number; left: number } | undefined {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(entry)) return undefined;
    const left = finishedAt + entry.delay - this.#clock.now();
    return left > 0 ? { delay: entry.delay, left } : undefined;
  }

  /** Notes a restart; the next one has to wait longer. */
  restarted(key: string): void {
    const entry = this.#entries.get(key);
    const delay = entry && !this.#expired(entry) ? Math.min(entry.delay * 2, longest) : initial;
    this.#entries.set(key, { delay, restarted: this.#clock.now() });
  }

  /** Drops what begins with `prefix`: a pod that is gone. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: { restarted: number }): boolean {
    return this.#clock.now() - entry.restarted > 2 * longest;
  }
}
