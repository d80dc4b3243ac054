import type { WatchEventOf } from '../api/objects.ts';

/** One open watch of the fake API: what is pushed comes out of `events`, until it ends or is aborted. */
export class FakeWatch {
  readonly #signal: AbortSignal | undefined;
  readonly #queue: WatchEventOf[] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  push(event: WatchEventOf): void {
    this.#queue.push(event);
    this.#wake?.();
  }

  end(error?: unknown): void {
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  async *events(): AsyncIterable<WatchEventOf> {
    const onAbort = () => this.#wake?.();
    this.#signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        this.#signal?.throwIfAborted();
        const event = this.#queue.shift();
        if (event) yield event;
        else if (this.#error !== undefined) throw this.#error;
        else if (this.#ended) return;
        else await new Promise<void>(resolve => (this.#wake = resolve));
      }
    } finally {
      this.#signal?.removeEventListener('abort', onAbort);
    }
  }
}
