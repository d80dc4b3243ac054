import type { KubeObject, Stored } from '../api/objects.ts';
import type { Logger } from '../base/log.ts';
import type { InformerHandler } from './informer.ts';

/** The handlers of one informer. One that throws is logged and does not keep the others from being told. */
export class InformerHandlers<T extends KubeObject> {
  readonly #log: Logger;
  readonly #handlers = new Set<InformerHandler<T>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a handler and tells it `added` of `present`. The returned function removes it. */
  add(handler: InformerHandler<T>, present: Stored<T>[]): () => void {
    this.#handlers.add(handler);
    for (const object of present) this.#call(handler, h => h.added?.(object));
    return () => this.#handlers.delete(handler);
  }

  added(object: Stored<T>): void {
    this.#tell(handler => handler.added?.(object));
  }

  updated(object: Stored<T>, previous: Stored<T>): void {
    this.#tell(handler => handler.updated?.(object, previous));
  }

  deleted(object: Stored<T>): void {
    this.#tell(handler => handler.deleted?.(object));
  }

  /** Over a copy: a handler added meanwhile has been told of this object by `add`. */
  #tell(call: (handler: InformerHandler<T>) => void): void {
    for (const handler of [...this.#handlers]) this.#call(handler, call);
  }

  #call(handler: InformerHandler<T>, call: (handler: InformerHandler<T>) => void): void {
    try {
      call(handler);
    } catch (error) {
      this.#log.error('an informer handler failed', { error });
    }
  }
}
