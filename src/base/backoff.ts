export interface BackoffOptions {
  /** First delay, milliseconds. */
  initial: number;
  /** Longest delay, milliseconds. */
  max: number;
  /** What each delay is multiplied by. */
  factor?: number;
}

/** Growing delays per key, as client-go's exponential failure rate limiter gives them. */
export class Backoff<K> {
  readonly #options: Required<BackoffOptions>;
  readonly #failures = new Map<K, number>();

  constructor(options: BackoffOptions) {
    this.#options = { factor: 2, ...options };
  }

  /** Counts one more failure of `key` and returns the delay to wait, in milliseconds. */
  next(key: K): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { initial, max, factor } = this.#options;
    return Math.min(initial * factor ** failures, max);
  }

  failures(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }
}
