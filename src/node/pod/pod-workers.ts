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

type NodeView = Pick<Node, 'metadata' | 'status'>;

/** How many pods are worked on at a time; each waits for the runtime most of that. */
const parallel = 32;

/**
 * The pods of the node: those the API binds to it, and those the runtime still has of earlier times. Begins
 * when the API's list is there, so that nothing is killed for want of knowledge.
 */
export class PodWorkers {
  readonly #context: PodContext;
  readonly #pods: Informer<Pod>;
  readonly #node: () => NodeView;
  readonly #freshNode: () => Promise<NodeView>;
  /** Pods that are not worked on before it is known whether the node takes them. */
  readonly #undecided = new Map<string, Promise<void>>();
  readonly #workers = new Map<string, PodWorker>();
  readonly #queue: WorkQueue<string>;
  #removeHandler: () => void = () => {};

  constructor(deps: {
    context: PodContext;
    pods: Informer<Pod>;
    /** The node as it describes itself. */
    node: () => NodeView;
    /** The same, with what others have written to it up to now. */
    freshNode: () => Promise<NodeView>;
    queue: WorkQueue<string>;
  }) {
    this.#context = deps.context;
    this.#pods = deps.pods;
    this.#node = deps.node;
    this.#freshNode = deps.freshNode;
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

  /** Those that take up resources. */
  active(): NodePod[] {
    return [...this.#workers.values()].filter(({ active }) => active).map(({ pod }) => pod);
  }

  /** @param message why, for its owner */
  evict(uid: string, message: string): void {
    this.#workers.get(uid)?.evict(message);
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
    // Why a pod of the node cannot be as large as it asks to be by now.
    const room = (asked: Pod) => resizeRejection(asked, this.#others(worker), this.#node());
    const worker = new PodWorker(this.#context, pod, { room });
    return worker;
  }

  /** A pod that is new to the node is checked; one that ran here before an agent's restart is not. */
  #admit(worker: PodWorker): PodWorker {
    const { pod } = worker;
    const known = this.#context.cache.get(worker.uid);
    const isNew = known.sandboxes.length === 0 && !pod.metadata.deletionTimestamp && worker.active;
    if (!isNew || pod.status?.containerStatuses?.some(({ containerID }) => containerID)) return worker;
    const rejection = admitPod(pod, this.#others(worker), this.#node());
    // The scheduler may know labels of the node that have not come here yet.
    if (rejection?.reason === 'NodeAffinity') this.#undecided.set(worker.uid, this.#admitAgain(worker));
    else this.#decide(worker, rejection);
    return worker;
  }

  async #admitAgain(worker: PodWorker): Promise<void> {
    const node = await this.#freshNode();
    this.#decide(worker, admitPod(worker.pod, this.#others(worker), node));
    this.#undecided.delete(worker.uid);
  }

  #decide(worker: PodWorker, rejection: Rejection | undefined): void {
    if (rejection) worker.reject(rejection);
    else this.#context.decisions.record('pod.admitted', decisionObject(worker.pod), {});
  }

  /** The other pods that take up room on the node. */
  #others({ uid }: PodWorker): Pod[] {
    return [...this.#workers.values()]
      .filter(other => other.active && other.uid !== uid)
      .map(({ pod }) => pod);
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
    await this.#undecided.get(uid);
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
