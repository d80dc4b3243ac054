import { isDeepStrictEqual } from 'node:util';
import type { Node, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { decisionObject } from '../../base/decisions.ts';
import { WorkQueue } from '../../base/work-queue.ts';
import type { Informer } from '../../client/informer.ts';
import type { PodContext } from '../node-facts.ts';
import { admitPod, type Rejection, resizeRejection } from './admission.ts';
import { orphanPod } from './orphan-pod.ts';
import type { NodePod } from './pod-identity.ts';
import { PodWorker } from './pod-worker.ts';
import { ownConditions } from './status-patch.ts';

/** How many pods are worked on at a time; each waits for the runtime most of that. */
const parallel = 32;

/**
 * The pods of the node: those the API binds to it, and those the runtime still has of earlier times. Begins
 * when the API's list is there, so that nothing is killed for want of knowledge.
 */
export class PodWorkers {
  readonly #context: PodContext;
  readonly #pods: Informer<Pod>;
  readonly #node: () => Pick<Node, 'metadata' | 'status'>;
  readonly #workers = new Map<string, PodWorker>();
  readonly #queue: WorkQueue<string>;
  #removeHandler: () => void = () => {};

  constructor(deps: {
    context: PodContext;
    pods: Informer<Pod>;
    /** The node as it describes itself. */
    node: () => Pick<Node, 'metadata' | 'status'>;
    queue: WorkQueue<string>;
  }) {
    this.#context = deps.context;
    this.#pods = deps.pods;
    this.#node = deps.node;
    this.#queue = deps.queue;
  }

  static queue(deps: ConstructorParameters<typeof WorkQueue>[0]): WorkQueue<string> {
    return new WorkQueue(deps, { name: 'pods', workers: parallel, retry: { initial: 200, max: 30_000 } });
  }

  /** The pods are in the informer and what the runtime has is in the cache. */
  start(): void {
    this.#removeHandler = this.#pods.addHandler({
      added: pod => this.#set(pod),
      updated: (pod, before) => this.#set(pod, before),
      deleted: pod => this.#deleted(pod),
    });
    for (const uid of this.#context.cache.uids()) this.#adoptOrphan(uid);
    this.#queue.start(uid => this.#sync(uid));
  }

  async stop(): Promise<void> {
    this.#removeHandler();
    await this.#queue.stop();
    await Promise.all([...this.#workers.values()].map(({ left }) => left));
  }

  /** The pods on this node, as the API has them. */
  list(): NodePod[] {
    return [...this.#workers.values()].filter(({ inApi }) => inApi).map(({ pod }) => pod);
  }

  /** The pods the node still has anything of. */
  uids(): Set<string> {
    return new Set(this.#workers.keys());
  }

  #set(pod: Stored<Pod>, before?: Stored<Pod>): void {
    if (!pod.spec) return;
    const found = pod as NodePod;
    const { uid } = found.metadata;
    const worker = this.#workers.get(uid);
    if (worker) worker.update(found);
    else this.#workers.set(uid, this.#admit(this.#worker(found)));
    if (!worker || !before || concernsNode(pod, before)) this.#queue.add(uid);
  }

  #worker(pod: NodePod): PodWorker {
    return new PodWorker(this.#context, pod, { room: asked => this.#room(asked) });
  }

  /** Why a pod of the node cannot be as large as it asks to be by now. */
  #room(pod: Pod): Rejection | undefined {
    const others = [...this.#workers.values()].filter(
      ({ active, uid }) => active && uid !== pod.metadata?.uid,
    );
    return resizeRejection(
      pod,
      others.map(other => other.pod),
      this.#node(),
    );
  }

  /** A pod that is new to the node is checked; one that ran here before an agent's restart is not. */
  #admit(worker: PodWorker): PodWorker {
    const { pod } = worker;
    const known = this.#context.cache.get(worker.uid);
    const isNew = known.sandboxes.length === 0 && !pod.metadata.deletionTimestamp && worker.active;
    if (!isNew || pod.status?.containerStatuses?.some(({ containerID }) => containerID)) return worker;
    const others = [...this.#workers.values()].filter(({ active }) => active).map(other => other.pod);
    const rejection = admitPod(pod, others, this.#node());
    if (rejection) worker.reject(rejection);
    else this.#context.decisions.record('pod.admitted', decisionObject(pod), {});
    return worker;
  }

  #deleted(pod: Stored<Pod>): void {
    const worker = this.#workers.get(pod.metadata.uid);
    worker?.removedFromApi();
    if (worker) this.#queue.add(worker.uid);
  }

  /** A pod the runtime has and the API does not. */
  #adoptOrphan(uid: string): void {
    if (this.#workers.has(uid)) return;
    const worker = this.#worker(orphanPod(this.#context.cache.get(uid)));
    worker.removedFromApi();
    this.#workers.set(uid, worker);
    this.#queue.add(uid);
  }

  async #sync(uid: string): Promise<void> {
    const worker = this.#workers.get(uid);
    if (!worker) {
      if (this.#context.cache.uids().includes(uid)) this.#adoptOrphan(uid);
      return;
    }
    await worker.sync();
    if (worker.gone) this.#workers.delete(uid);
  }
}

/** What the node itself wrote into the status comes back as an update: nothing to do for it. */
function concernsNode(pod: Stored<Pod>, before: Stored<Pod>): boolean {
  return !isDeepStrictEqual(instructions(pod), instructions(before));
}

function instructions({ metadata, spec, status }: Stored<Pod>): unknown {
  const { labels, annotations, deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  const gates = (status?.conditions ?? []).filter(({ type }) => !ownConditions.has(type));
  return { labels, annotations, deletionTimestamp, deletionGracePeriodSeconds, spec, gates };
}
