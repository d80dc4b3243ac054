import { Backoff } from './backoff.ts';
import type { Cancel, Clock } from './clock.ts';
import type { Logger } from './log.ts';

export interface WorkQueueOptions {
  name: string;
  /** How many keys are worked on at a time. */
  workers?: number;
  /** Delays between tries of a key that fails, milliseconds. client-go: 5 ms doubling up to 1000 s. */
  retry?: { initial: number; max: number };
}

/**
 * The queue of a level-based controller. A key that is added while it waits is worked on once; one that is
 * added while it is worked on is worked on again afterwards, never by two workers at a time. A key whose
 * handler fails comes back after a growing delay.
 */
export class WorkQueue<K extends string | number> {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #options: Required<WorkQueueOptions>;
  readonly #backoff: Backoff<K>;
  readonly #waiting = new Set<K>();
  readonly #running = new Map<K, Promise<void>>();
  readonly #again = new Set<K>();
  readonly #delayed = new Map<K, { due: number; cancel: Cancel }>();
  readonly #idleWaiters: (() => void)[] = [];
  #handler: ((key: K) => Promise<void>) | undefined;
  #stopped = false;

  constructor(deps: { clock: Clock; log: Logger }, options: WorkQueueOptions) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = { workers: 1, retry: { initial: 5, max: 1_000_000 }, ...options };
    this.#backoff = new Backoff(this.#options.retry);
  }

  get length(): number {
    return this.#waiting.size;
  }

  add(key: K): void {
    if (this.#stopped) return;
    if (this.#running.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#pump();
  }

  /** Adds `key` after `ms`; an earlier due time of the same key wins. */
  addAfter(key: K, ms: number): void {
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.now() + ms;
    const present = this.#delayed.get(key);
    if (this.#stopped || (present && present.due <= due)) return;
    present?.cancel();
    const cancel = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, cancel });
  }

  /** Begins to hand keys to `handler`. A handler that rejects has its key retried with back-off. */
  start(handler: (key: K) => Promise<void>): void {
    this.#handler = handler;
    this.#pump();
  }

  /** Drops what waits and resolves when no handler runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    this.#again.clear();
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    await Promise.all(this.#running.values());
  }

  /** Resolves when nothing waits and nothing runs; delayed keys do not count. For tests. */
  idle(): Promise<void> {
    if (this.#waiting.size === 0 && this.#running.size === 0) return Promise.resolve();
    return new Promise(resolve => this.#idleWaiters.push(resolve));
  }

  #pump(): void {
    if (!this.#handler) return;
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#options.workers) return;
      this.#waiting.delete(key);
      this.#running.set(key, this.#work(key, this.#handler));
    }
    if (this.#waiting.size === 0 && this.#running.size === 0) {
      for (const resolve of this.#idleWaiters.splice(0)) resolve();
    }
  }

  async #work(key: K, handler: (key: K) => Promise<void>): Promise<void> {
    // The handler starts in a later microtask, so that `#running` holds the key before it can be re-added.
    await Promise.resolve();
    try {
      await handler(key);
      this.#backoff.forget(key);
    } catch (error) {
      const delay = this.#backoff.next(key);
      this.#log.debug('will retry', { queue: this.#options.name, key, delay, error });
      if (this.#backoff.failures(key) === 8) {
        this.#log.warn('keeps failing', { queue: this.#options.name, key, error });
      }
      this.addAfter(key, delay);
    } finally {
      this.#running.delete(key);
      if (this.#again.delete(key) && !this.#stopped) this.#waiting.add(key);
      this.#pump();
    }
  }
}
