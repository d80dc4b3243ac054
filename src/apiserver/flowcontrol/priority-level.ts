import type { PriorityLevelConfiguration } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { dealHand } from './shuffle-sharding.ts';

/** A request that waits for its turn. */
export interface Waiting {
  seats: number;
  /** Whether it is work for more than one turn of the event loop. */
  long: boolean;
  start(): void;
  /** Where it waits, so that it can be taken out. */
  queue?: Queue;
}

interface Queue {
  requests: Set<Waiting>;
  /** The virtual time at which the queue's next request begins: the work it was given so far. */
  start: number;
}

/** What a request is thought to take until it is known, milliseconds of work per seat. */
const guessedWork = 2;
/** What a request counts at least: a flow of many small ones moves on, too. */
const leastWork = 0.1;

/**
 * One PriorityLevelConfiguration at work: how many seats are taken, and who waits for one. Among the queues the
 * one goes first that got the least work, counted in milliseconds times seats (start-time fair queuing).
 */
export class PriorityLevel {
  readonly name: string;
  uid = '';
  exempt = false;
  shares = 0;
  lendablePercent = 0;
  borrowingLimitPercent: number | undefined;
  /** Seats of its own. */
  nominal = 0;
  /** Seats taken now. */
  used = 0;
  waiting = 0;
  dispatched = 0;
  rejected = 0;
  #queues: Queue[] = [];
  #handSize = 0;
  #queueLengthLimit = 0;
  #virtual = 0;

  constructor(name: string) {
    this.name = name;
  }

  configure({ metadata, spec }: Stored<PriorityLevelConfiguration>): void {
    this.uid = metadata.uid;
    this.exempt = spec?.type === 'Exempt';
    const shares = (this.exempt ? spec?.exempt : spec?.limited) ?? {};
    this.shares = shares.nominalConcurrencyShares ?? (this.exempt ? 0 : 30);
    this.lendablePercent = shares.lendablePercent ?? 0;
    this.borrowingLimitPercent = spec?.limited?.borrowingLimitPercent;
    const queuing =
      spec?.limited?.limitResponse?.type === 'Queue' ? spec.limited.limitResponse.queuing : undefined;
    this.#queueLengthLimit = queuing?.queueLengthLimit ?? 0;
    this.#handSize = queuing?.handSize ?? 0;
    this.#resize(queuing?.queues ?? 0);
  }

  /** Seats that nobody else may use. */
  get guaranteed(): number {
    return this.nominal - Math.round((this.nominal * this.lendablePercent) / 100);
  }

  /** Seats it may use at most, with what others lend. */
  get limit(): number {
    if (this.borrowingLimitPercent === undefined) return Number.POSITIVE_INFINITY;
    return this.nominal + Math.round((this.nominal * this.borrowingLimitPercent) / 100);
  }

  /** Whether the request was taken in; false: the level does not queue, or the flow's queues are full. */
  enqueue(request: Waiting, flow: number): boolean {
    let shortest: Queue | undefined;
    for (const at of dealHand(flow, this.#queues.length, this.#handSize)) {
      const queue = this.#queues[at]!;
      if (!shortest || queue.requests.size < shortest.requests.size) shortest = queue;
    }
    if (!shortest || shortest.requests.size >= this.#queueLengthLimit) return false;
    if (shortest.requests.size === 0) shortest.start = Math.max(shortest.start, this.#virtual);
    shortest.requests.add(request);
    request.queue = shortest;
    this.waiting++;
    return true;
  }

  /** The request whose turn it is, of those that can start; it stays where it is. */
  next(canStart: (request: Waiting) => boolean): Waiting | undefined {
    let first: Queue | undefined;
    let found: Waiting | undefined;
    for (const queue of this.#queues) {
      if (queue.requests.size === 0 || (first && queue.start >= first.start)) continue;
      const request = queue.requests.values().next().value!;
      if (canStart(request)) [first, found] = [queue, request];
    }
    return found;
  }

  /** Takes the request out of its queue. False where it is in none any more. */
  remove(request: Waiting): boolean {
    if (!request.queue?.requests.delete(request)) return false;
    this.waiting--;
    return true;
  }

  /** The request begins: its queue has had what it will probably take. */
  begun({ queue, seats }: Waiting): void {
    if (!queue) return;
    this.#virtual = Math.max(this.#virtual, queue.start);
    queue.start += guessedWork * seats;
  }

  /** The request has ended: what it took is known. */
  ended({ queue, seats }: Waiting, work: number): void {
    if (queue) queue.start += (Math.max(work, leastWork) - guessedWork) * seats;
  }

  #resize(asked: number): void {
    // Who waits keeps waiting, whatever the new number of queues; without any, nobody new is taken in.
    const count = asked === 0 && this.waiting > 0 ? 1 : asked;
    if (count === this.#queues.length) return;
    const before = this.#queues;
    this.#queues = Array.from({ length: count }, () => ({ requests: new Set(), start: this.#virtual }));
    before.forEach((queue, at) => {
      const target = this.#queues[at % count]!;
      for (const request of queue.requests) {
        target.requests.add(request);
        request.queue = target;
      }
    });
  }
}
