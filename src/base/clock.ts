/**
 * The one source of time. Every timer and every timestamp of the project goes through a `Clock` that is
 * handed in, so that tests run on a fake one and timelines of several components can be compared.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the Unix epoch. */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary start; for durations only. */
  monotonic(): number;
  /** Calls `callback` once, `ms` milliseconds from now. The returned function cancels it. */
  after(ms: number, callback: () => void): Cancel;
  /** Calls `callback` every `ms` milliseconds. The returned function ends it. */
  every(ms: number, callback: () => void): Cancel;
  /** Resolves `ms` milliseconds from now; rejects with `signal.reason` when that aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Ends what it was returned for; calling it again does nothing. */
export type Cancel = () => void;

/** Resolves after `ms` on `clock`, or rejects with the signal's reason. Shared by all clocks. */
export function sleepOn(clock: Pick<Clock, 'after'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
  sleep: (ms, signal) => sleepOn(systemClock, ms, signal),
};
