import { isDeepStrictEqual } from 'node:util';
import type { Cancel, Clock } from '../base/clock.ts';
import type { ClusterEvent, SchedulingPlugin } from './framework.ts';
import { Heap } from './pod-heap.ts';
import type { PodInfo } from './pod-info.ts';

/** A pod that waits for a node. */
export interface QueuedPod {
  info: PodInfo;
  /** When it became pending or was last refused, milliseconds since the epoch. */
  since: number;
  attempts: number;
  /** The plugins that refused it last. */
  refusedBy: ReadonlySet<string>;
}

type Where = 'active' | 'backoff' | 'unschedulable' | 'gated' | 'popped';

interface Entry extends QueuedPod {
  where: Where;
  sequence: number;
  cancel?: Cancel;
}

export interface SchedulingQueueOptions {
  /** Milliseconds a refused pod waits at least before the next try; doubles up to `maxBackoff`. */
  initialBackoff?: number;
  maxBackoff?: number;
  /** A pod that no event has brought back is tried again after this many milliseconds. */
  unschedulableTimeout?: number;
}

/**
 * The pods without a node: those to try now (by priority, then by age), those in back-off, those that wait
 * for an event which a plugin that refused them cares about, and those behind scheduling gates.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #onReady: () => void;
  readonly #options: Required<SchedulingQueueOptions>;
  readonly #interest: ReadonlyMap<string, ReadonlySet<ClusterEvent>>;
  readonly #entries = new Map<string, Entry>();
  readonly #active = new Heap<{ entry: Entry; sequence: number }>(
    (a, b) =>
      b.entry.info.priority - a.entry.info.priority ||
      a.entry.since - b.entry.since ||
      a.sequence - b.sequence,
  );
  #sequence = 0;

  /** @param deps.onReady called when there is something to `pop`. */
  constructor(
    deps: { clock: Clock; plugins: readonly SchedulingPlugin[]; onReady: () => void },
    options: SchedulingQueueOptions = {},
  ) {
    this.#clock = deps.clock;
    this.#onReady = deps.onReady;
    this.#options = {
      initialBackoff: 1000,
      maxBackoff: 10_000,
      unschedulableTimeout: 5 * 60_000,
      ...options,
    };
    this.#interest = new Map(deps.plugins.map(({ name, requeueOn }) => [name, new Set(requeueOn)]));
  }

  get size(): number {
    return this.#entries.size;
  }

  whereIs(key: string): Where | undefined {
    return this.#entries.get(key)?.where;
  }

  /** Takes in a pod without a node, or a change of one that waits: a change is worth another try. */
  set(info: PodInfo): void {
    const entry = this.#entries.get(info.key);
    const gated = (info.pod.spec?.schedulingGates ?? []).length > 0;
    if (!entry || entry.info.uid !== info.uid) {
      this.remove(info.key);
      this.#insert(info, gated);
      return;
    }
    const retry = relevantChange(entry.info, info);
    entry.info = info;
    if (entry.where === 'gated' && !gated) this.#activate(entry);
    else if (entry.where === 'unschedulable' && retry) this.#backOffOrActivate(entry);
  }

  /** Drops a pod; with `uid` only where the key has not gone to another pod meanwhile. */
  remove(key: string, uid?: string): void {
    const entry = this.#entries.get(key);
    if (!entry || (uid && entry.info.uid !== uid)) return;
    this.#leave(entry);
    this.#entries.delete(key);
  }

  /** The next pod to try. It stays with the queue until `remove`, `refused` or `failed` is told of it. */
  pop(): QueuedPod | undefined {
    for (;;) {
      const next = this.#active.pop();
      if (!next) return undefined;
      const { entry, sequence } = next;
      // One that left and came back stands in the heap twice; the older one is void.
      if (entry.where !== 'active' || entry.sequence !== sequence) continue;
      entry.where = 'popped';
      entry.attempts++;
      return entry;
    }
  }

  /** No node takes the popped pod: it waits for an event that one of `plugins` cares about. */
  refused(key: string, plugins: ReadonlySet<string>): void {
    const entry = this.#entries.get(key);
    if (entry?.where !== 'popped') return;
    entry.refusedBy = plugins;
    entry.since = this.#clock.now();
    entry.where = 'unschedulable';
    entry.cancel = this.#clock.after(this.#options.unschedulableTimeout, () => this.#activate(entry));
  }

  /** Something went wrong with the popped pod: it is tried again after its back-off. */
  failed(key: string, uid: string): void {
    const entry = this.#entries.get(key);
    if (entry?.where !== 'popped' || entry.info.uid !== uid) return;
    entry.since = this.#clock.now();
    this.#backOffOrActivate(entry);
  }

  /** Brings back the pods that `event` may help. */
  event(event: ClusterEvent): void {
    for (const entry of this.#entries.values()) {
      if (entry.where !== 'unschedulable') continue;
      const helps = [...entry.refusedBy].some(plugin => this.#interest.get(plugin)?.has(event) ?? false);
      if (helps || entry.refusedBy.size === 0) this.#backOffOrActivate(entry);
    }
  }

  stop(): void {
    for (const key of [...this.#entries.keys()]) this.remove(key);
  }

  #insert(info: PodInfo, gated: boolean): void {
    const entry: Entry = {
      info,
      since: this.#clock.now(),
      attempts: 0,
      refusedBy: new Set(),
      where: 'gated',
      sequence: 0,
    };
    this.#entries.set(info.key, entry);
    if (!gated) this.#activate(entry);
  }

  #activate(entry: Entry): void {
    this.#leave(entry);
    entry.where = 'active';
    entry.sequence = ++this.#sequence;
    this.#active.push({ entry, sequence: entry.sequence });
    this.#onReady();
  }

  #backOffOrActivate(entry: Entry): void {
    const { initialBackoff, maxBackoff } = this.#options;
    const backoff = Math.min(initialBackoff * 2 ** Math.max(0, entry.attempts - 1), maxBackoff);
    const wait = entry.since + backoff - this.#clock.now();
    if (wait <= 0) {
      this.#activate(entry);
      return;
    }
    this.#leave(entry);
    entry.where = 'backoff';
    entry.cancel = this.#clock.after(wait, () => this.#activate(entry));
  }

  #leave(entry: Entry): void {
    entry.cancel?.();
    entry.cancel = undefined;
    entry.where = 'popped';
  }
}

/** Whether a pod changed in a way that can make it fit; its status alone can't. */
function relevantChange(before: PodInfo, after: PodInfo): boolean {
  return (
    !isDeepStrictEqual(before.pod.spec, after.pod.spec) || !isDeepStrictEqual(before.labels, after.labels)
  );
}
