import type { Job, JobStatus, Pod } from '../../api/generated/types.ts';
import { selectorFromLabelSelector } from '../../api/label-selector.ts';
import { objectKey, type Stored, splitKey } from '../../api/objects.ts';
import { formatTime } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNamespaceTerminating, isNotFound, orNotFound } from '../api-failures.ts';
import { findCondition, setCondition } from '../conditions.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { OwnWrites } from '../own-writes.ts';
import { applyClaims, planClaims } from '../ownership/claims.ts';
import { controllerOf } from '../ownership/controller-ref.ts';
import { followPods, ownerKeys, type PodOwners } from '../pods/pod-owners.ts';
import { PodOwnersIndex } from '../pods/pod-owners-index.ts';
import { isActive } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { sameStatus } from '../same-status.ts';
import { slowStart } from '../slow-start.ts';
import { type Account, accountOf, countsOf } from './job-accounting.ts';
import { deadlineOf, isJobFinished, jobCondition, type Outcome, outcomeOf } from './job-outcome.ts';
import { planJob } from './job-plan.ts';
import { isTracked, jobPod, trackingFinalizer } from './job-pod.ts';

export interface JobControllerOptions {
  workers?: number;
  /** First and longest delay before a failed pod is replaced, milliseconds. */
  backoff?: { initial: number; max: number };
}

const ownName = 'kubernetes.io/job-controller';

/** Runs the pods of Jobs until as many have succeeded as are wanted, or too many have failed. */
export class JobController implements Component {
  readonly name = 'job-controller';
  readonly #deps: ControllerDeps;
  readonly #backoff: { initial: number; max: number };
  readonly #loop: ControllerLoop;
  readonly #jobs: Informer<Job>;
  readonly #owners: PodOwners<Job>;
  readonly #podInformer: Informer<Pod>;
  readonly #pods: PodOwnersIndex;
  readonly #jobClient: ResourceClient<Job>;
  readonly #podClient: ResourceClient<Pod>;
  readonly #writes: OwnWrites<Pod>;
  /** By key, the failures since the last success and when the last one was. */
  readonly #failures = new Map<string, { uid: string; count: number; last: number }>();
  #detach: (() => void) | undefined;

  constructor(deps: ControllerDeps, options: JobControllerOptions = {}) {
    const { workers = 4, backoff = { initial: 10_000, max: 10 * 60_000 } } = options;
    this.#deps = deps;
    this.#backoff = backoff;
    this.#jobs = deps.informers.informer<Job>(resources.jobs);
    const selector = ({ spec }: Stored<Job>) => selectorFromLabelSelector(spec?.selector);
    this.#owners = { resource: resources.jobs, informer: this.#jobs, selector };
    const pods = deps.informers.informer<Pod>(resources.pods);
    this.#podInformer = pods;
    this.#pods = new PodOwnersIndex(pods);
    this.#jobClient = new ResourceClient(deps.transport, resources.jobs);
    this.#podClient = new ResourceClient(deps.transport, resources.pods);
    this.#writes = new OwnWrites({ clock: deps.clock, informer: pods, client: this.#podClient });
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#jobs, job => this.#loop.add(objectKey(job)));
    followPods(this.#loop, pods, pod => this.#keysOf(pod));
  }

  start(signal: AbortSignal): Promise<void> {
    this.#detach = this.#writes.attach();
    return this.#loop.start(signal);
  }

  async stop(): Promise<void> {
    this.#detach?.();
    await this.#loop.stop();
  }

  #keysOf(pod: Stored<Pod>): string[] {
    const keys = ownerKeys(pod, this.#owners);
    // Every key of the namespace looks after its orphans.
    return keys.length === 0 && !controllerOf(pod) && isTracked(pod) ? [objectKey(pod)] : keys;
  }

  async #reconcile(key: string): Promise<void> {
    const job = this.#jobs.getByKey(key);
    await this.#releaseOrphans(key, job);
    if (!job) {
      this.#failures.delete(key);
      return;
    }
    if ((job.spec?.managedBy ?? ownName) !== ownName) return;
    await this.#writes.verify();
    const pods = await this.#claim(job);
    if (isJobFinished(job) || job.metadata.deletionTimestamp) {
      await Promise.all(pods.filter(isTracked).map(pod => this.#release(pod)));
      return;
    }
    await this.#track(pods);
    await this.#advance(job, pods, key);
  }

  /** Pods of a Job that is gone, and those that no Job owns or would adopt, are held by their finalizers only. */
  async #releaseOrphans(key: string, job: Stored<Job> | undefined): Promise<void> {
    const isOrphan = (pod: Stored<Pod>) => {
      const controller = controllerOf(pod);
      const keys = ownerKeys(pod, this.#owners);
      return controller ? keys.includes(key) && controller.uid !== job?.metadata.uid : keys.length === 0;
    };
    const tracked = this.#podInformer.list(splitKey(key).namespace).filter(isTracked);
    for (const pod of tracked.filter(isOrphan)) await this.#release(pod);
  }

  /** Pods that were adopted are to be counted like those made here. */
  async #track(pods: readonly Stored<Pod>[]): Promise<void> {
    for (const pod of pods) {
      if (isTracked(pod) || !isActive(pod) || this.#writes.isDeleting(pod)) continue;
      const { namespace = '', name, uid, resourceVersion, finalizers = [] } = pod.metadata;
      const metadata = { uid, resourceVersion, finalizers: [...finalizers, trackingFinalizer] };
      await orNotFound(this.#podClient.patch(namespace, name, { metadata }));
    }
  }

  async #claim(job: Stored<Job>): Promise<Stored<Pod>[]> {
    const { namespace = '', name, uid } = job.metadata;
    const owned = this.#writes.join(this.#pods.ownedBy(uid), pod => controllerOf(pod)?.uid === uid);
    const candidates = [...owned, ...this.#pods.strays(namespace)];
    const plan = planClaims(candidates, job, selectorFromLabelSelector(job.spec?.selector));
    const freshOwner = () => this.#jobClient.get(namespace, name);
    const finalizer = trackingFinalizer;
    const deps = { client: this.#podClient, freshOwner, ownerResource: resources.jobs, finalizer };
    return applyClaims(deps, plan, job);
  }

  async #advance(job: Stored<Job>, pods: readonly Stored<Pod>[], key: string): Promise<void> {
    const now = this.#deps.clock.now();
    const live = pods.filter(pod => pod.metadata.deletionTimestamp || !this.#writes.isDeleting(pod));
    const account = accountOf(job, live);
    this.#remember(key, job, account);
    const outcome = outcomeOf(job, account, now);
    let failure: unknown;
    let { active } = account;
    if (outcome) active = await this.#deleteActive(job, account, 'the Job is over');
    else if (!job.metadata.deletionTimestamp)
      ({ active, failure } = await this.#scale(job, account, pods, key));
    await this.#writeStatus(job, { ...account, active }, outcome);
    await Promise.all(account.release.map(pod => this.#release(pod)));
    const deadline = deadlineOf(job);
    if (deadline !== undefined && !outcome) this.#loop.addAfter(key, Math.max(0, deadline - now));
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
  }

  #remember(key: string, job: Stored<Job>, { news }: Account): void {
    const { uid } = job.metadata;
    let known = this.#failures.get(key);
    if (known?.uid !== uid) known = { uid, count: 0, last: 0 };
    for (const { failed, at } of news) {
      known = failed
        ? { uid, count: known.count + 1, last: Math.max(known.last, at) }
        : { uid, count: 0, last: 0 };
    }
    this.#failures.set(key, known);
  }

  async #scale(
    job: Stored<Job>,
    account: Account,
    pods: readonly Stored<Pod>[],
    key: string,
  ): Promise<{ active: Stored<Pod>[]; failure?: unknown }> {
    const now = this.#deps.clock.now();
    const plan = planJob(job, account, pods, now);
    for (const pod of plan.delete) await this.#deleteUncounted(job, pod);
    let active = account.active.filter(pod => !plan.delete.includes(pod));
    const wait = this.#backoffLeft(key, now);
    if (plan.create.length === 0) return { active };
    if (wait > 0 && job.spec?.backoffLimitPerIndex === undefined) {
      this.#loop.addAfter(key, wait);
      return { active };
    }
    const { failure } = await slowStart(plan.create.length, async index => {
      active = [...active, await this.#create(job, plan.create[index])];
    });
    return { active, failure };
  }

  #backoffLeft(key: string, now: number): number {
    const { count = 0, last = 0 } = this.#failures.get(key) ?? {};
    if (count === 0) return 0;
    const delay = Math.min(this.#backoff.initial * 2 ** (count - 1), this.#backoff.max);
    return last + delay - now;
  }

  async #create(job: Stored<Job>, at: { index: number; failures: number } | undefined): Promise<Stored<Pod>> {
    const { recorder, decisions } = this.#deps;
    try {
      const pod = await this.#writes.create(jobPod(job, at));
      recorder.event(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
      const why = `Job ${job.metadata.name} has work left`;
      decisions.record('controller.created', decisionObject(pod), { by: this.name, why });
      return pod;
    } catch (error) {
      if (!isNamespaceTerminating(error)) {
        recorder.event(job, 'Warning', 'FailedCreate', `Error creating: ${errorChain(error)}`);
      }
      throw error;
    }
  }

  /** Deletes what still runs; the pods count as failed when they have ended. */
  async #deleteActive(job: Stored<Job>, account: Account, why: string): Promise<Stored<Pod>[]> {
    for (const pod of account.active) await this.#delete(job, pod, why);
    account.terminating.push(...account.active);
    return [];
  }

  /** Deletes a pod that is to count neither as succeeded nor as failed. */
  async #deleteUncounted(job: Stored<Job>, pod: Stored<Pod>): Promise<void> {
    await this.#release(pod);
    await this.#delete(job, pod, job.spec?.suspend ? 'the Job is suspended' : 'the Job wants fewer pods');
  }

  async #delete(job: Stored<Job>, pod: Stored<Pod>, why: string): Promise<void> {
    await this.#writes.delete(pod);
    this.#deps.recorder.event(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    this.#deps.decisions.record('controller.deleted', decisionObject(pod), { by: this.name, why });
  }

  async #release(pod: Stored<Pod>): Promise<void> {
    const finalizers = (pod.metadata.finalizers ?? []).filter(name => name !== trackingFinalizer);
    if (!isTracked(pod)) return;
    const { namespace = '', name, uid, resourceVersion } = pod.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers } };
    await orNotFound(this.#podClient.patch(namespace, name, patch));
  }

  async #writeStatus(job: Stored<Job>, account: Account, outcome: Outcome | undefined): Promise<void> {
    const status = this.#statusOf(job, account, outcome);
    if (sameStatus(plainCounts(status), plainCounts(job.status))) return;
    try {
      await this.#jobClient.updateStatus({ ...job, status });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return;
    }
    this.#tell(job, status);
  }

  #statusOf(job: Stored<Job>, account: Account, outcome: Outcome | undefined): JobStatus {
    const now = this.#deps.clock.now();
    const status: JobStatus = { ...job.status, ...countsOf(job, account) };
    let conditions = this.#suspension(job, now);
    const suspended = job.spec?.suspend ?? false;
    const resumed = findCondition(job.status?.conditions, 'Suspended')?.status === 'True' && !suspended;
    if (suspended) delete status.startTime;
    else if (!status.startTime || resumed) status.startTime = formatTime(now);
    if (outcome) {
      const { type, reason, message } = outcome;
      conditions = setCondition(conditions, jobCondition(type, 'True', reason, message, now));
      const { uncounted } = account;
      const settled = uncounted.succeeded.length + uncounted.failed.length === 0;
      if (settled && account.active.length + account.terminating.length === 0) {
        const final = type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed';
        conditions = setCondition(conditions, jobCondition(final, 'True', reason, message, now));
        if (final === 'Complete') status.completionTime = formatTime(now);
        // One that ends while it is suspended has had no time it began.
        status.startTime ??= formatTime(now);
      }
    }
    return { ...status, conditions };
  }

  #suspension(job: Stored<Job>, now: number) {
    const conditions = job.status?.conditions ?? [];
    const suspended = job.spec?.suspend ?? false;
    const present = findCondition(conditions, 'Suspended');
    if ((present?.status === 'True') === suspended) return conditions;
    const next = suspended
      ? jobCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', now)
      : jobCondition('Suspended', 'False', 'JobResumed', 'Job resumed', now);
    return setCondition(conditions, next);
  }

  #tell(job: Stored<Job>, status: JobStatus): void {
    const { recorder } = this.#deps;
    const isNew = (type: string, value: string) =>
      findCondition(status.conditions, type)?.status === value &&
      findCondition(job.status?.conditions, type)?.status !== value;
    if (isNew('Suspended', 'True')) recorder.event(job, 'Normal', 'Suspended', 'Job suspended');
    if (isNew('Suspended', 'False')) recorder.event(job, 'Normal', 'Resumed', 'Job resumed');
    if (isNew('Complete', 'True')) recorder.event(job, 'Normal', 'Completed', 'Job completed');
    if (!isNew('Failed', 'True')) return;
    const { reason = '', message = '' } = findCondition(status.conditions, 'Failed') ?? {};
    recorder.event(job, 'Warning', reason, message);
  }
}

/** With both lists of uncounted pods, which are left out where they are empty. */
function plainCounts(status: JobStatus | undefined): object {
  const { uncountedTerminatedPods, ...rest } = status ?? {};
  const { succeeded = [], failed = [] } = uncountedTerminatedPods ?? {};
  return { ...rest, uncountedTerminatedPods: { succeeded, failed } };
}
