import type { CoreEvent } from '../../api/generated/types.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { type Entry, RevisionMismatch, type Store } from '../../store/store.ts';
import { decodeStored } from '../objects/decoded.ts';
import { restamped } from '../objects/encoding.ts';

/** Milliseconds an Event stays after it was written last (upstream's --event-ttl). */
const timeToLive = 60 * 60 * 1000;
const sweepInterval = 60 * 1000;
/** Deleted at a time; the rest waits for the next round of the event loop. */
const batch = 200;

/** Events go an hour after they were last seen. */
export class EventExpiry {
  readonly #deps: { clock: Clock; log: Logger; store: Store };
  readonly #prefix: string;
  #cancel: Cancel | undefined;

  constructor(deps: { clock: Clock; log: Logger; store: Store }, prefix: string) {
    this.#deps = deps;
    this.#prefix = prefix;
  }

  start(): void {
    this.#cancel = this.#deps.clock.every(sweepInterval, () => {
      this.sweep().catch(error => this.#deps.log.warn('events could not be expired', { error }));
    });
  }

  stop(): void {
    this.#cancel?.();
  }

  /** Deletes what is too old. */
  async sweep(): Promise<void> {
    const { clock, store } = this.#deps;
    const limit = clock.now() - timeToLive;
    const { entries } = store.list(this.#prefix);
    const old = entries.filter(entry => lastSeen(decodeStored<CoreEvent>(entry)) < limit);
    for (let at = 0; at < old.length; at += batch) {
      await Promise.all(old.slice(at, at + batch).map(entry => this.#remove(entry)));
    }
  }

  async #remove({ key, value, revision }: Entry): Promise<void> {
    try {
      await this.#deps.store.delete(key, revision, restamped(value));
    } catch (error) {
      // It was seen again, or someone else deleted it.
      if (!(error instanceof RevisionMismatch)) throw error;
    }
  }
}

function lastSeen(event: CoreEvent): number {
  const times = [
    event.series?.lastObservedTime,
    event.lastTimestamp,
    event.eventTime,
    event.metadata?.creationTimestamp,
  ];
  return Math.max(0, ...times.map(time => (time ? Date.parse(time) : 0)).filter(Number.isFinite));
}
