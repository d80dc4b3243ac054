import type { Clock } from './clock.ts';

/**
 * Every decision that changes something (a pod is bound, an image pulled, a container started or killed, a
 * rule changed, an address given) is recorded as one typed `Decision` on the process's one `DecisionLog`.
 * Timelines, path explanations and fault drills read it; `causeway events` prints it.
 *
 * The folder that takes a decision declares its shape, so that the list of types is complete and typed:
 *
 *     declare module '../base/decisions.ts' {
 *       interface DecisionTypes {
 *         'pod.bound': { node: string; score: number };
 *       }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by declaration merging in the folders that decide
export interface DecisionTypes {}

export type DecisionType = keyof DecisionTypes & string;

/** The Kubernetes object a decision is about, at the version the decision was taken on. */
export interface DecisionObject {
  kind: string;
  namespace?: string;
  name: string;
  uid?: string;
  resourceVersion?: string;
}

export interface Decision<T extends DecisionType = DecisionType> {
  /** Grows by one with every decision of the process, from 1. */
  sequence: number;
  /** Wall-clock milliseconds since the Unix epoch. */
  time: number;
  /** The process: `server`, or the node's name. */
  source: string;
  type: T;
  object?: DecisionObject;
  detail: DecisionTypes[T];
}

/** Keeps the last decisions of this process in a ring and tells subscribers of new ones. */
export class DecisionLog {
  readonly #clock: Clock;
  readonly #source: string;
  readonly #capacity: number;
  readonly #ring: Decision[] = [];
  readonly #subscribers = new Set<(decision: Decision) => void>();
  #sequence = 0;

  /** @param capacity how many decisions are kept; older ones are forgotten. */
  constructor(clock: Clock, source: string, capacity = 4096) {
    this.#clock = clock;
    this.#source = source;
    this.#capacity = capacity;
  }

  record<T extends DecisionType>(
    type: T,
    object: DecisionObject | undefined,
    detail: DecisionTypes[T],
  ): void {
    const decision: Decision<T> = {
      sequence: ++this.#sequence,
      time: this.#clock.now(),
      source: this.#source,
      type,
      ...(object && { object }),
      detail,
    };
    this.#ring[(decision.sequence - 1) % this.#capacity] = decision;
    for (const subscriber of this.#subscribers) subscriber(decision);
  }

  /** The decisions still kept with a sequence above `after`, oldest first. */
  since(after = 0): Decision[] {
    const first = Math.max(after + 1, this.#sequence - this.#capacity + 1, 1);
    const found: Decision[] = [];
    for (let sequence = first; sequence <= this.#sequence; sequence++) {
      found.push(this.#ring[(sequence - 1) % this.#capacity]!);
    }
    return found;
  }

  /** Calls `subscriber` for each decision from now on; the returned function ends that. */
  subscribe(subscriber: (decision: Decision) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }
}

/** The reference of a Kubernetes object for `DecisionLog.record`. */
export function decisionObject(object: {
  kind?: string;
  metadata?: { namespace?: string; name?: string; uid?: string; resourceVersion?: string };
}): DecisionObject {
  const { namespace, name = '', uid, resourceVersion } = object.metadata ?? {};
  return { kind: object.kind ?? '', ...(namespace && { namespace }), name, uid, resourceVersion };
}
