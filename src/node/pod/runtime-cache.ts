import type { Cancel, Clock } from '../../base/clock.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import {
  type Container,
  type ContainerStatus,
  type Cri,
  isNotFound,
  type PodSandbox,
  type PodSandboxStatus,
} from '../../cri/cri.ts';
import { runtimeLabels } from './pod-identity.ts';
import { emptyRuntime, type PodRuntime, type RuntimeContainer } from './pod-runtime.ts';

interface Entry {
  runtime: PodRuntime;
  /** Grows with every change; a list that began before a change does not undo it. */
  version: number;
}

/** While the event stream works, listing everything is a safety net; without it, it is what notices exits. */
const calmInterval = 10_000;
const blindInterval = 1_000;
/** containerd may still be starting beside the agent. */
const startRetry = 25;
/** The CRI plugin learns of an exit from the same events as we do, perhaps a moment later. */
const recheckDelays = [0, 20, 100, 500];
const maxEarly = 1000;

/**
 * What the runtime has, pod by pod, kept fresh by the runtime's events, by a periodic list and by the agent's
 * own actions. `onChange` is told the uid of every pod whose sandboxes or containers changed from outside.
 */
export class RuntimeCache {
  readonly #cri: Cri;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onChange: (uid: string) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #pods = new Map<string, string>();
  /** Said to have ended before the agent knew of them: ends can be faster than starts are noted. */
  readonly #early = new Set<string>();
  /** Whose end the agent itself brings about and notes. */
  readonly #expected = new Set<string>();
  /** Of which the runtime knows more since: why they ended. */
  readonly #outdated = new Set<string>();
  #versions = 0;
  #eventsWork = false;
  #stopTimer: Cancel = () => {};
  #stopping = new AbortController();
  #running: Promise<void>[] = [];
  /** When the last full list succeeded, by the monotonic clock; undefined before the first. */
  lastList: number | undefined;

  constructor(deps: { cri: Cri; clock: Clock; log: Logger; onChange: (uid: string) => void }) {
    this.#cri = deps.cri;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#onChange = deps.onChange;
  }

  /** Lists everything once, then follows. Resolves when the runtime has answered, however long that takes. */
  async start(): Promise<void> {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    for (let tries = 0; !signal.aborted; tries++) {
      const failure = await this.relist().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) break;
      if (tries === 20)
        this.#log.warn('the container runtime does not answer', { error: errorChain(failure) });
      await this.#clock.sleep(tries < 20 ? startRetry : blindInterval, signal).catch(() => {});
    }
    this.#running = [this.#followEvents()];
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopTimer();
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  get(uid: string): PodRuntime {
    return this.#entries.get(uid)?.runtime ?? emptyRuntime(uid);
  }

  /** The pods of which the runtime has anything. */
  uids(): string[] {
    return [...this.#entries.keys()];
  }

  /** Every container the runtime has. */
  *containers(): Iterable<RuntimeContainer> {
    for (const { runtime } of this.#entries.values()) yield* runtime.containers;
  }

  /** Asks anew for one pod after an action of the agent; `onChange` is not told. */
  async refresh(uid: string): Promise<PodRuntime> {
    const labelSelector = { [runtimeLabels.podUid]: uid };
    const version = ++this.#versions;
    const [sandboxes, containers] = await Promise.all([
      this.#cri.listPodSandbox({ labelSelector }),
      this.#cri.listContainers({ labelSelector }),
    ]);
    const runtime = await this.#detail(uid, sandboxes, containers);
    const present = this.#entries.get(uid);
    if (!present || present.version < version) this.#store(uid, runtime);
    return this.get(uid);
  }

  /** Takes over the state of one sandbox the agent has just made or stopped. */
  async noteSandbox(uid: string, sandboxId: string): Promise<PodSandboxStatus> {
    const status = await this.#cri.podSandboxStatus(sandboxId);
    const { runtime } = this.#entries.get(uid) ?? { runtime: emptyRuntime(uid) };
    const others = runtime.sandboxes.filter(({ id }) => id !== sandboxId);
    this.#pods.set(sandboxId, uid);
    this.#store(uid, { ...named(runtime, status.labels), sandboxes: newestFirst([status, ...others]) });
    return status;
  }

  /** Takes over the state of one container the agent has just made, started or stopped. */
  async noteContainer(uid: string, sandboxId: string, id: string): Promise<ContainerStatus> {
    const status = await this.#cri.containerStatus(id);
    const { runtime } = this.#entries.get(uid) ?? { runtime: emptyRuntime(uid) };
    const others = runtime.containers.filter(container => container.status.id !== id);
    const containers = [{ sandboxId, status }, ...others].sort(byCreation);
    this.#pods.set(id, uid);
    this.#store(uid, { ...named(runtime, status.labels), containers });
    if (this.#early.delete(id)) this.#recheck(id);
    return status;
  }

  /**
   * Runs `stop`, which ends a container or sandbox and notes its state itself: the runtime is not asked for it
   * when it tells of that end.
   */
  async whileStopping<T>(id: string, stop: () => Promise<T>): Promise<T> {
    this.#expected.add(id);
    try {
      return await stop();
    } finally {
      this.#expected.delete(id);
    }
  }

  /** Lists all sandboxes and containers; asks for the details of those whose state changed. */
  async relist(): Promise<void> {
    const version = ++this.#versions;
    const [sandboxes, containers] = await Promise.all([
      this.#cri.listPodSandbox(),
      this.#cri.listContainers(),
    ]);
    const byPod = groupByPod(sandboxes, containers);
    for (const uid of this.#entries.keys()) {
      if (!byPod.has(uid)) byPod.set(uid, { sandboxes: [], containers: [] });
    }
    for (const [uid, group] of byPod) await this.#compare(uid, group, version);
    this.lastList = this.#clock.monotonic();
  }

  async #compare(uid: string, group: Group, version: number): Promise<void> {
    const present = this.#entries.get(uid);
    if (present && present.version > version) return;
    if (present && sameStates(present.runtime, group)) return;
    const runtime = await this.#detail(uid, group.sandboxes, group.containers);
    const now = this.#entries.get(uid);
    if (now && now.version > version) return;
    this.#store(uid, runtime);
    this.#onChange(uid);
  }

  /** The statuses of what was listed; unchanged ones are kept, what is gone meanwhile is left out. */
  async #detail(uid: string, sandboxes: PodSandbox[], containers: Container[]): Promise<PodRuntime> {
    const { runtime: known } = this.#entries.get(uid) ?? { runtime: emptyRuntime(uid) };
    const sandboxDetails = sandboxes.map(({ id, state }) => {
      const same = known.sandboxes.find(s => s.id === id && s.state === state);
      return same ?? present(this.#cri.podSandboxStatus(id));
    });
    const containerDetails = containers.map(async ({ id, state, podSandboxId: sandboxId }) => {
      const same = known.containers.find(({ status }) => status.id === id && status.state === state);
      const outdated = state === 'CONTAINER_EXITED' && this.#outdated.delete(id);
      if (same && !outdated) return same;
      const status = await present(this.#cri.containerStatus(id));
      return status && { sandboxId, status };
    });
    const foundSandboxes = (await Promise.all(sandboxDetails)).filter(found => found !== undefined);
    const foundContainers = (await Promise.all(containerDetails)).filter(found => found !== undefined);
    const labels = sandboxes[0]?.labels ?? containers[0]?.labels ?? {};
    return {
      ...named(known, labels),
      sandboxes: newestFirst(foundSandboxes),
      containers: foundContainers.sort(byCreation),
    };
  }

  #store(uid: string, runtime: PodRuntime): void {
    if (runtime.sandboxes.length === 0 && runtime.containers.length === 0) {
      this.#entries.delete(uid);
      for (const [id, owner] of this.#pods) if (owner === uid) this.#pods.delete(id);
      return;
    }
    this.#entries.set(uid, { runtime, version: ++this.#versions });
    for (const { id } of runtime.sandboxes) this.#pods.set(id, uid);
    for (const { status } of runtime.containers) this.#pods.set(status.id, uid);
  }

  #schedule(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopTimer = this.#clock.after(this.#eventsWork ? calmInterval : blindInterval, () => {
      this.#running[1] = this.relist()
        .catch(error => this.#log.warn('the runtime does not list', { error }))
        .then(() => this.#schedule());
    });
  }

  async #followEvents(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const events = this.#cri.events(signal);
        this.#eventsWork = true;
        for await (const { type, containerId } of events) {
          // It may have told of the end already, and tells now what for.
          if (type === 'oom') this.#outdated.add(containerId);
          if (type === 'exited' || type === 'oom') this.#recheck(containerId);
        }
      } catch (error) {
        if (!signal.aborted) this.#log.debug('the event stream broke', { error: errorChain(error) });
      }
      this.#eventsWork = false;
      await this.#clock.sleep(1000, signal).catch(() => {});
    }
  }

  /** Looks at the pod of a container that is said to have ended, until that shows or enough was tried. */
  #recheck(id: string, attempt = 0): void {
    if (this.#expected.has(id)) return;
    const uid = this.#pods.get(id);
    const delay = recheckDelays[attempt];
    if (uid === undefined) this.#noteEarly(id);
    if (uid === undefined || delay === undefined || this.#stopping.signal.aborted) return;
    const look = async () => {
      const before = this.#entries.get(uid)?.version;
      await this.refresh(uid);
      if (this.#showsEnd(uid, id)) {
        if (this.#entries.get(uid)?.version !== before) this.#onChange(uid);
      } else {
        this.#recheck(id, attempt + 1);
      }
    };
    const run = () => void look().catch(error => this.#log.debug('recheck failed', { error }));
    if (delay === 0) run();
    else this.#clock.after(delay, run);
  }

  #noteEarly(id: string): void {
    this.#early.add(id);
    if (this.#early.size > maxEarly) this.#early.delete(this.#early.values().next().value!);
  }

  #showsEnd(uid: string, id: string): boolean {
    const { sandboxes, containers } = this.get(uid);
    const container = containers.find(({ status }) => status.id === id);
    if (container) return container.status.state === 'CONTAINER_EXITED';
    return sandboxes.find(sandbox => sandbox.id === id)?.state !== 'SANDBOX_READY';
  }
}

interface Group {
  sandboxes: PodSandbox[];
  containers: Container[];
}

function groupByPod(sandboxes: PodSandbox[], containers: Container[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  const group = (uid: string) => {
    const found = groups.get(uid) ?? { sandboxes: [], containers: [] };
    groups.set(uid, found);
    return found;
  };
  for (const sandbox of sandboxes) {
    const uid = sandbox.labels[runtimeLabels.podUid];
    if (uid) group(uid).sandboxes.push(sandbox);
  }
  for (const container of containers) {
    const uid = container.labels[runtimeLabels.podUid];
    if (uid) group(uid).containers.push(container);
  }
  return groups;
}

function sameStates(runtime: PodRuntime, group: Group): boolean {
  return (
    runtime.sandboxes.length === group.sandboxes.length &&
    runtime.containers.length === group.containers.length &&
    group.sandboxes.every(({ id, state }) => runtime.sandboxes.some(s => s.id === id && s.state === state)) &&
    group.containers.every(({ id, state }) =>
      runtime.containers.some(({ status }) => status.id === id && status.state === state),
    )
  );
}

function named(runtime: PodRuntime, labels: Record<string, string>): PodRuntime {
  return {
    ...runtime,
    name: labels[runtimeLabels.podName] ?? runtime.name,
    namespace: labels[runtimeLabels.podNamespace] ?? runtime.namespace,
  };
}

function newestFirst(sandboxes: PodSandboxStatus[]): PodSandboxStatus[] {
  return sandboxes.sort((a, b) => b.createdAt - a.createdAt);
}

function byCreation(a: RuntimeContainer, b: RuntimeContainer): number {
  return b.status.createdAt - a.status.createdAt;
}

async function present<T>(status: Promise<T>): Promise<T | undefined> {
  try {
    return await status;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
