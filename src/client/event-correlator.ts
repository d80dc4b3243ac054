import type { CoreEvent } from '../api/generated/types.ts';
import { formatTime } from '../api/time.ts';
import type { Clock } from '../base/clock.ts';
import { eventName } from './event-name.ts';
import { LruMap } from './lru-map.ts';

/** What is to be done about one event: create it, or count up the one that stands under its name. */
export interface Correlated {
  event: CoreEvent;
  /** True where an Event of this name was written before. */
  repeated: boolean;
  /** Under which `forget` drops what is known of it. */
  key: string;
}

/** The limits of client-go's EventCorrelator. */
const rememberedKeys = 4096;
const spamBurst = 25;
const spamRefillMs = 300_000;
const similarMessages = 10;
const similarForMs = 600_000;

/**
 * Keeps the number of Events bounded, with the rules of client-go's tools/record: equal events are counted up
 * on one; the tenth message within ten minutes that differs in nothing but its text becomes a combined event;
 * an object gets 25 events in a burst, then one every five minutes.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #budgets = new LruMap<string, { tokens: number; at: number }>(rememberedKeys);
  readonly #similar = new LruMap<string, { messages: Set<string>; at: number }>(rememberedKeys);
  readonly #written = new LruMap<string, { name: string; count: number; first: string }>(rememberedKeys);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined where the object has used up its budget. */
  correlate(event: CoreEvent): Correlated | undefined {
    const { candidate, key } = this.#combineSimilar(event);
    if (!this.#takeToken(subjectKey(candidate))) return undefined;
    const present = this.#written.get(key);
    const metadata = { ...candidate.metadata, name: present?.name ?? candidate.metadata.name };
    const count = (present?.count ?? 0) + 1;
    const firstTimestamp = present?.first ?? candidate.firstTimestamp;
    this.#written.set(key, { name: metadata.name ?? '', count, first: firstTimestamp ?? '' });
    return {
      event: { ...candidate, metadata, count, firstTimestamp },
      repeated: present !== undefined,
      key,
    };
  }

  /** Forgets that an event was written: its Event is gone, or never came to be. */
  forget(key: string): void {
    this.#written.delete(key);
  }

  #takeToken(key: string): boolean {
    const now = this.#clock.monotonic();
    const budget = this.#budgets.get(key) ?? { tokens: spamBurst, at: now };
    const tokens = Math.min(spamBurst, budget.tokens + (now - budget.at) / spamRefillMs);
    const taken = tokens >= 1;
    this.#budgets.set(key, { tokens: taken ? tokens - 1 : tokens, at: now });
    return taken;
  }

  #combineSimilar(event: CoreEvent): { candidate: CoreEvent; key: string } {
    const now = this.#clock.now();
    const groupKey = similarKey(event);
    const group = this.#similar.get(groupKey);
    const fresh = !group || now - group.at > similarForMs;
    const messages = fresh ? new Set<string>() : group.messages;
    messages.add(event.message ?? '');
    this.#similar.set(groupKey, { messages, at: now });
    if (messages.size < similarMessages) return { candidate: event, key: equalKey(event) };
    // The set never grows past the limit: only its size counts.
    messages.delete(messages.values().next().value as string);
    const time = formatTime(now);
    const candidate: CoreEvent = {
      ...event,
      metadata: { ...event.metadata, name: eventName(event.involvedObject.name ?? '', now) },
      message: `(combined from similar events): ${event.message}`,
      firstTimestamp: time,
      lastTimestamp: time,
    };
    return { candidate, key: groupKey };
  }
}

function subjectKey({ source, involvedObject: object }: CoreEvent): string {
  const { kind, namespace, name, uid, apiVersion } = object;
  return [source?.component, source?.host, kind, namespace, name, uid, apiVersion].join('\0');
}

function similarKey(event: CoreEvent): string {
  return [subjectKey(event), event.type, event.reason, event.reportingComponent].join('\0');
}

function equalKey(event: CoreEvent): string {
  return [similarKey(event), event.involvedObject.fieldPath, event.message].join('\0');
}
