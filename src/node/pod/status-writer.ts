import type { Pod, PodStatus } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { ApiError } from '../../api/status.ts';
import type { Clock } from '../../base/clock.ts';
import { type DecisionLog, decisionObject } from '../../base/decisions.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { NodeApi } from '../node-api.ts';
import { ownConditions, statusPatch } from './status-patch.ts';

interface Slot {
  pod: Stored<Pod>;
  wanted: PodStatus;
  /** What the API is known to have; newer than the informer's copy right after a write. */
  known: PodStatus | undefined;
  busy: boolean;
  /** Lets a write that waits for better news go on. */
  hurry: () => void;
  waiters: (() => void)[];
}

const retryDelay = 1000;
/** Milliseconds. */
const attachGrace = 600;
const startGrace = 250;

/**
 * Writes the statuses of pods to the API: the newest one only, one request at a time for each pod, again
 * until it has arrived. The pods themselves do not wait.
 */
export class StatusWriter {
  readonly #api: NodeApi;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #decisions: DecisionLog;
  readonly #slots = new Map<string, Slot>();
  readonly #stopping = new AbortController();

  constructor(deps: { api: NodeApi; clock: Clock; log: Logger; decisions: DecisionLog }) {
    this.#api = deps.api;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#decisions = deps.decisions;
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** The pod as the API has it with the newest status this writer knows to be there. */
  latest(pod: Stored<Pod>): Stored<Pod> {
    const known = this.#slots.get(pod.metadata.uid)?.known;
    return known ? { ...pod, status: merged(pod.status, known) } : pod;
  }

  /** Has `status` written in the background. */
  set(pod: Stored<Pod>, status: PodStatus): void {
    const { uid } = pod.metadata;
    let slot = this.#slots.get(uid);
    if (!slot) {
      slot = { pod, wanted: status, known: undefined, busy: false, hurry: () => {}, waiters: [] };
      this.#slots.set(uid, slot);
    }
    slot.pod = pod;
    slot.wanted = status;
    if (!isQuietStart(status)) slot.hurry();
    if (!slot.busy) void this.#write(uid, slot);
  }

  /** Resolves when the newest status of a pod has been written, or can no longer be. */
  flushed(uid: string): Promise<void> {
    const slot = this.#slots.get(uid);
    if (!slot?.busy) return Promise.resolve();
    return new Promise(resolve => slot.waiters.push(resolve));
  }

  forget(uid: string): void {
    this.#slots.delete(uid);
  }

  async #write(uid: string, slot: Slot): Promise<void> {
    slot.busy = true;
    // Several changes of one turn become one request.
    await Promise.resolve();
    await this.#letStartsPass(slot);
    while (!this.#stopping.signal.aborted && this.#slots.get(uid) === slot) {
      await this.#letShortCommandsEnd(slot);
      const { wanted, pod } = slot;
      const patch = statusPatch(uid, slot.known ?? pod.status, wanted);
      if (!patch) break;
      const gone = await this.#send(slot, pod, patch);
      if (gone) break;
      const left = slot.wanted === wanted && slot.known ? statusPatch(uid, slot.known, wanted) : undefined;
      if (left) {
        // Written, and yet not there: somebody else changes it. Not again and again at once.
        this.#log.debug('a status does not stay', { pod: pod.metadata.name, patch: JSON.stringify(left) });
        await this.#pause(retryDelay);
      }
    }
    slot.busy = false;
    for (const resolve of slot.waiters.splice(0)) resolve();
  }

  /**
   * The first news of a pod is that its containers are being made. Mostly they run a moment later: that news
   * carries the first, which saves everybody who watches pods half of what a start costs.
   */
  async #letStartsPass(slot: Slot): Promise<void> {
    if ((slot.known ?? slot.pod.status)?.startTime || !isQuietStart(slot.wanted)) return;
    const told = new AbortController();
    slot.hurry = () => told.abort();
    const signal = AbortSignal.any([told.signal, this.#stopping.signal]);
    await this.#clock.sleep(startGrace, signal).catch(() => {});
    slot.hurry = () => {};
  }

  /**
   * `kubectl run -it` attaches once it sees the pod run, and what a short command said until then is lost to
   * it; of a pod that has ended by then it prints the log. So the first "running" of a pod whose standard
   * input is for one client waits a little for the end. Interactive programs show no difference: kubelet's
   * own report comes later than this.
   */
  async #letShortCommandsEnd(slot: Slot): Promise<void> {
    if (!awaitsOneClient(slot.pod) || slot.wanted.phase !== 'Running') return;
    if ((slot.known ?? slot.pod.status)?.phase === 'Running') return;
    const until = this.#clock.monotonic() + attachGrace;
    while (slot.wanted.phase === 'Running' && this.#clock.monotonic() < until) {
      if (this.#stopping.signal.aborted) return;
      await this.#pause(attachGrace / 20);
    }
  }

  /** True where there is nobody to write to any more. */
  async #send(slot: Slot, pod: Stored<Pod>, patch: unknown): Promise<boolean> {
    const { namespace = '', name, uid } = pod.metadata;
    try {
      const options = { type: 'strategic-merge', subresource: 'status' } as const;
      const written = await this.#api.pods.patch(namespace, name, patch, options);
      this.#note(slot, written);
      return false;
    } catch (error) {
      if (error instanceof ApiError && (error.code === 404 || error.code === 409)) {
        if (error.code === 404) return true;
        // A conflict: either the uid is another pod's, or somebody was faster.
        const current = await this.#api.pods.get(namespace, name).catch(() => undefined);
        if (current && current.metadata.uid !== uid) return true;
        if (current) slot.known = current.status;
      } else if (error instanceof ApiError && error.code >= 400 && error.code < 500 && error.code !== 429) {
        this.#log.error('the API refuses a status', { pod: `${namespace}/${name}`, error });
        await this.#pause(10 * retryDelay);
        return false;
      }
      this.#log.debug('a status was not written', { pod: `${namespace}/${name}`, error: errorChain(error) });
      await this.#pause(retryDelay);
      return this.#stopping.signal.aborted;
    }
  }

  #note(slot: Slot, written: Stored<Pod>): void {
    const isReady = (status: PodStatus | undefined) =>
      status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    const before = slot.known ?? slot.pod.status;
    const now = written.status;
    if (before?.phase !== now?.phase || isReady(before) !== isReady(now)) {
      const detail = { phase: now?.phase ?? '', ready: isReady(now) };
      this.#decisions.record('pod.status', decisionObject(written), detail);
    }
    slot.known = now;
  }

  async #pause(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#stopping.signal).catch(() => {});
  }
}

/** Nothing of the pod has run, failed or is waited for but its making. */
function isQuietStart({ phase, containerStatuses = [], initContainerStatuses = [] }: PodStatus): boolean {
  const making = new Set(['ContainerCreating', 'PodInitializing']);
  const all = [...initContainerStatuses, ...containerStatuses];
  return phase === 'Pending' && all.every(({ state }) => making.has(state?.waiting?.reason ?? ''));
}

/** The node's own fields as last written, the conditions of others as the informer has them. */
function merged(informed: PodStatus | undefined, known: PodStatus): PodStatus {
  const own = (known.conditions ?? []).filter(({ type }) => ownConditions.has(type));
  const others = (informed?.conditions ?? []).filter(({ type }) => !ownConditions.has(type));
  return { ...informed, ...known, conditions: [...own, ...others] };
}

function awaitsOneClient({ spec }: Stored<Pod>): boolean {
  return (
    spec?.restartPolicy === 'Never' &&
    spec.containers.some(container => container.stdin === true && container.stdinOnce === true)
  );
}
