import { isDeepStrictEqual } from 'node:util';
import type { DaemonSet, Node, Pod } from '../../api/generated/types.ts';
import { selectorFromLabelSelector } from '../../api/label-selector.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { Backoff } from '../../base/backoff.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNamespaceTerminating, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { OwnWrites } from '../own-writes.ts';
import { applyClaims, planClaims } from '../ownership/claims.ts';
import { controllerOf } from '../ownership/controller-ref.ts';
import { followPods, ownerKeys } from '../pods/pod-owners.ts';
import { PodOwnersIndex } from '../pods/pod-owners-index.ts';
import { availableIn } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { RevisionHistory, revisionHashLabel } from '../revisions/revision-history.ts';
import { sameStatus } from '../same-status.ts';
import { slowStart } from '../slow-start.ts';
import { daemonPod } from './daemon-pod.ts';
import {
  type DaemonInput,
  type DaemonPlan,
  daemonCounts,
  nodeOfDaemon,
  planDaemonSet,
} from './daemon-set-plan.ts';

export interface DaemonSetControllerOptions {
  workers?: number;
}

/** Keeps a pod on every node a DaemonSet is for. */
export class DaemonSetController implements Component {
  readonly name = 'daemonset-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #sets: Informer<DaemonSet>;
  readonly #nodes: Informer<Node>;
  readonly #pods: PodOwnersIndex;
  readonly #setClient: ResourceClient<DaemonSet>;
  readonly #podClient: ResourceClient<Pod>;
  readonly #writes: OwnWrites<Pod>;
  readonly #history: RevisionHistory;
  /** Of daemons that fail again and again, by set and node. */
  readonly #failing = new Backoff<string>({ initial: 1000, max: 15 * 60_000 });
  /** When the failed daemon of a set and node may be replaced, on the monotonic clock. */
  readonly #retryAt = new Map<string, number>();
  #detach: (() => void) | undefined;

  constructor(deps: ControllerDeps, options: DaemonSetControllerOptions = {}) {
    this.#deps = deps;
    this.#sets = deps.informers.informer<DaemonSet>(resources.daemonSets);
    this.#nodes = deps.informers.informer<Node>(resources.nodes);
    const pods = deps.informers.informer<Pod>(resources.pods);
    this.#pods = new PodOwnersIndex(pods);
    this.#setClient = new ResourceClient(deps.transport, resources.daemonSets);
    this.#podClient = new ResourceClient(deps.transport, resources.pods);
    this.#writes = new OwnWrites({ clock: deps.clock, informer: pods, client: this.#podClient });
    this.#history = new RevisionHistory(deps, {
      ownerResource: resources.daemonSets,
      hashLabel: revisionHashLabel,
    });
    const { workers = 2 } = options;
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#sets, set => this.#loop.add(objectKey(set)));
    const owners = { resource: resources.daemonSets, informer: this.#sets, selector: selectorOf };
    followPods(this.#loop, pods, pod => ownerKeys(pod, owners));
    this.#loop.follow(this.#nodes, {
      added: () => this.#wakeAll(),
      deleted: () => this.#wakeAll(),
      updated: (node, before) => {
        const same =
          isDeepStrictEqual(node.metadata.labels, before.metadata.labels) &&
          isDeepStrictEqual(node.spec, before.spec);
        if (!same) this.#wakeAll();
      },
    });
    this.#loop.follow(this.#history.informer);
  }

  start(signal: AbortSignal): Promise<void> {
    this.#detach = this.#writes.attach();
    return this.#loop.start(signal);
  }

  async stop(): Promise<void> {
    this.#detach?.();
    await this.#loop.stop();
  }

  #wakeAll(): void {
    for (const set of this.#sets.list()) this.#loop.add(objectKey(set));
  }

  async #reconcile(key: string): Promise<void> {
    const set = this.#sets.getByKey(key);
    if (!set) return;
    await this.#writes.verify();
    const { namespace = '', name, deletionTimestamp } = set.metadata;
    const freshOwner = () => this.#setClient.get(namespace, name);
    const pods = await this.#claim(set, freshOwner);
    const { selector, template } = set.spec!;
    const { collisionCount } = set.status ?? {};
    const revisions = await this.#history.sync(set, { selector, template, collisionCount, freshOwner });
    const hash = revisions.update.metadata.labels?.[revisionHashLabel] ?? '';
    const input: DaemonInput = {
      set,
      nodes: this.#nodes.list(),
      pods,
      isDeleting: pod => this.#writes.isDeleting(pod),
      isCurrent: pod => pod.metadata?.labels?.[revisionHashLabel] === hash,
      now: this.#deps.clock.now(),
    };
    const failure = deletionTimestamp ? undefined : await this.#apply(set, planDaemonSet(input), hash);
    await this.#writeStatus(set, input, revisions.collisionCount);
    const live = new Set(
      revisions.all
        .filter(({ metadata }) => pods.some(pod => sameHash(pod, metadata.labels)))
        .map(({ metadata }) => metadata.name),
    );
    live.add(revisions.update.metadata.name);
    await this.#history.truncate(revisions.all, live, set.spec?.revisionHistoryLimit ?? 10);
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
  }

  async #claim(set: Stored<DaemonSet>, freshOwner: () => Promise<Stored>): Promise<Stored<Pod>[]> {
    const { namespace = '', uid } = set.metadata;
    const owned = this.#writes.join(this.#pods.ownedBy(uid), pod => controllerOf(pod)?.uid === uid);
    const selector = selectorOf(set);
    const plan = planClaims([...owned, ...this.#pods.strays(namespace)], set, selector);
    const deps = { client: this.#podClient, freshOwner, ownerResource: resources.daemonSets };
    return applyClaims(deps, plan, set);
  }

  async #apply(set: Stored<DaemonSet>, plan: DaemonPlan, hash: string): Promise<unknown> {
    const deletions = plan.delete.filter(one => one.why !== 'failed' || this.#mayReplace(set, one.pod));
    const results = await Promise.allSettled(deletions.map(one => this.#delete(set, one)));
    const { failure } = await slowStart(plan.create.length, index =>
      this.#create(set, plan.create[index]!, hash),
    );
    return failure ?? results.find(result => result.status === 'rejected')?.reason;
  }

  /** Failed daemons are replaced with growing delays, so that a broken one does not spin. */
  #mayReplace(set: Stored<DaemonSet>, pod: Stored<Pod>): boolean {
    const key = `${set.metadata.uid}/${nodeOfDaemon(pod)}`;
    const now = this.#deps.clock.monotonic();
    const at = this.#retryAt.get(key) ?? 0;
    if (now < at) {
      this.#loop.addAfter(objectKey(set), at - now);
      return false;
    }
    this.#retryAt.set(key, now + this.#failing.next(key));
    return true;
  }

  async #create(set: Stored<DaemonSet>, node: string, hash: string): Promise<void> {
    const { recorder, decisions } = this.#deps;
    try {
      const pod = await this.#writes.create(daemonPod(set, node, hash));
      recorder.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
      const why = `DaemonSet ${set.metadata.name} wants a pod on ${node}`;
      decisions.record('controller.created', decisionObject(pod), { by: this.name, why });
    } catch (error) {
      if (!isNamespaceTerminating(error)) {
        recorder.event(set, 'Warning', 'FailedCreate', `Error creating: ${errorChain(error)}`);
      }
      throw error;
    }
  }

  async #delete(set: Stored<DaemonSet>, { pod, why }: DaemonPlan['delete'][number]): Promise<void> {
    const { recorder, decisions } = this.#deps;
    const { namespace, name } = pod.metadata;
    if (why === 'failed') {
      const message = `Found failed daemon pod ${namespace}/${name} on node ${nodeOfDaemon(pod)}, will try to kill it`;
      recorder.event(set, 'Warning', 'FailedDaemonPod', message);
    }
    await this.#writes.delete(pod);
    recorder.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    decisions.record('controller.deleted', decisionObject(pod), { by: this.name, why });
  }

  async #writeStatus(set: Stored<DaemonSet>, input: DaemonInput, collisionCount: number): Promise<void> {
    const { uid, generation } = set.metadata;
    const owned = this.#writes.join(this.#pods.ownedBy(uid), pod => controllerOf(pod)?.uid === uid);
    for (const pod of owned) {
      const wait = availableIn(pod, set.spec?.minReadySeconds ?? 0, input.now) ?? 0;
      if (wait > 0) this.#loop.addAfter(objectKey(set), wait);
    }
    const status = {
      ...set.status,
      ...daemonCounts({ ...input, pods: owned }),
      observedGeneration: generation,
      ...(collisionCount > 0 && { collisionCount }),
    };
    if (sameStatus(status, set.status)) return;
    try {
      await this.#setClient.updateStatus({ ...set, status });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function sameHash(pod: Pod, labels: Record<string, string> | undefined): boolean {
  return pod.metadata?.labels?.[revisionHashLabel] === labels?.[revisionHashLabel];
}

function selectorOf({ spec }: Stored<DaemonSet>) {
  return selectorFromLabelSelector(spec?.selector);
}
