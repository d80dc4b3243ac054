import type { CronJob, CronJobStatus, Job, ObjectReference } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { formatTime, timeOf } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isAlreadyExists, isNamespaceTerminating, orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { OwnWrites } from '../own-writes.ts';
import { controllerKey, controllerReference, isControlledBy } from '../ownership/controller-ref.ts';
import { resources } from '../resources.ts';
import { sameContent } from '../template-hash.ts';
import { dueTime, expiredJobs, isFinishedJob, jobName } from './cron-job-plan.ts';
import { type DueTimes, dueTimes } from './due-times.ts';

export interface CronJobControllerOptions {
  workers?: number;
}

/** Starts Jobs when they are due. */
export class CronJobController implements Component {
  readonly name = 'cronjob-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #cronJobs: Informer<CronJob>;
  readonly #jobs: Informer<Job>;
  readonly #client: ResourceClient<CronJob>;
  readonly #writes: OwnWrites<Job>;
  #detach: (() => void) | undefined;

  constructor(deps: ControllerDeps, options: CronJobControllerOptions = {}) {
    const { workers = 2 } = options;
    this.#deps = deps;
    this.#cronJobs = deps.informers.informer<CronJob>(resources.cronJobs);
    this.#jobs = deps.informers.informer<Job>(resources.jobs);
    this.#client = new ResourceClient(deps.transport, resources.cronJobs);
    const client = new ResourceClient<Job>(deps.transport, resources.jobs);
    this.#writes = new OwnWrites({ clock: deps.clock, informer: this.#jobs, client });
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#cronJobs, cronJob => this.#loop.add(objectKey(cronJob)));
    this.#loop.followAll(this.#jobs, job => {
      const key = controllerKey(job, resources.cronJobs);
      if (key) this.#loop.add(key);
    });
  }

  start(signal: AbortSignal): Promise<void> {
    this.#detach = this.#writes.attach();
    return this.#loop.start(signal);
  }

  async stop(): Promise<void> {
    this.#detach?.();
    await this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const cronJob = this.#cronJobs.getByKey(key);
    if (!cronJob) return;
    await this.#writes.verify();
    const owned = this.#jobs.list(cronJob.metadata.namespace).filter(job => isControlledBy(job, cronJob));
    const jobs = this.#writes.join(owned, job => isControlledBy(job, cronJob));
    const status: CronJobStatus = { ...cronJob.status, active: this.#activeOf(cronJob, jobs) };
    await this.#dropExpired(cronJob, jobs);
    const failure = cronJob.metadata.deletionTimestamp
      ? undefined
      : await this.#startDue(cronJob, jobs, status);
    if (!sameContent(withoutEmpty(status), withoutEmpty(cronJob.status))) {
      await orNotFound(this.#client.updateStatus({ ...cronJob, status }));
    }
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
  }

  /** The Jobs that run, and news of those that ran; `lastSuccessfulTime` follows. */
  #activeOf(cronJob: Stored<CronJob>, jobs: readonly Stored<Job>[]): ObjectReference[] {
    const { recorder } = this.#deps;
    const listed = cronJob.status?.active ?? [];
    for (const { uid, name } of listed) {
      const job = jobs.find(({ metadata }) => metadata.uid === uid);
      const finished = job && isFinishedJob(job);
      if (!job) recorder.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
      else if (finished) {
        const message = `Saw completed job: ${name}, condition: ${finished}`;
        recorder.event(cronJob, 'Normal', 'SawCompletedJob', message);
      }
    }
    const running = jobs.filter(job => !isFinishedJob(job) && !this.#writes.isDeleting(job));
    return running.map(referenceTo).sort((a, b) => (a.name! < b.name! ? -1 : 1));
  }

  async #dropExpired(cronJob: Stored<CronJob>, jobs: readonly Stored<Job>[]): Promise<void> {
    const present = jobs.filter(job => !this.#writes.isDeleting(job));
    for (const job of expiredJobs(cronJob, present))
      await this.#delete(cronJob, job, 'beyond the history limit');
  }

  /** Starts what is due and writes it into `status`. Resolves with what went wrong. */
  async #startDue(
    cronJob: Stored<CronJob>,
    jobs: readonly Stored<Job>[],
    status: CronJobStatus,
  ): Promise<unknown> {
    const succeeded = jobs.filter(job => isFinishedJob(job) === 'Complete');
    const last = Math.max(0, ...succeeded.map(job => timeOf(job.status?.completionTime)));
    if (last > timeOf(status.lastSuccessfulTime)) status.lastSuccessfulTime = formatTime(last);
    const schedule = this.#scheduleOf(cronJob);
    if (!schedule || cronJob.spec?.suspend) return undefined;
    const now = this.#deps.clock.now();
    const { due, tooMany, next } = dueTime(cronJob, schedule, now);
    if (next !== undefined) this.#loop.addAfter(objectKey(cronJob), next - now + 100);
    if (tooMany) this.#tellTooMany(cronJob);
    if (due === undefined) return undefined;
    const name = jobName(cronJob, due);
    if (jobs.some(({ metadata }) => metadata.name === name)) {
      status.lastScheduleTime = formatTime(due);
      return undefined;
    }
    if (!(await this.#makeRoom(cronJob, jobs, status))) return undefined;
    return this.#start(cronJob, name, due, status);
  }

  #scheduleOf(cronJob: Stored<CronJob>): DueTimes | undefined {
    const { schedule, timeZone } = cronJob.spec!;
    try {
      return dueTimes(schedule, timeZone);
    } catch (error) {
      const message = `unparseable schedule "${schedule}" : ${errorChain(error)}`;
      this.#deps.recorder.event(cronJob, 'Warning', 'UnparseableSchedule', message);
      return undefined;
    }
  }

  #tellTooMany(cronJob: Stored<CronJob>): void {
    const message =
      'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    this.#deps.recorder.event(cronJob, 'Warning', 'TooManyMissedTimes', message);
  }

  /** Whether a Job may start beside those that run; ends them where it is to replace them. */
  async #makeRoom(
    cronJob: Stored<CronJob>,
    jobs: readonly Stored<Job>[],
    status: CronJobStatus,
  ): Promise<boolean> {
    const running = jobs.filter(job => !isFinishedJob(job) && !this.#writes.isDeleting(job));
    if (running.length === 0) return true;
    switch (cronJob.spec?.concurrencyPolicy) {
      case 'Forbid': {
        const message =
          'Not starting job because prior execution is running and concurrency policy is Forbid';
        this.#deps.recorder.event(cronJob, 'Normal', 'JobAlreadyActive', message);
        return false;
      }
      case 'Replace':
        for (const job of running) await this.#delete(cronJob, job, 'replaced by the next run');
        status.active = [];
        return true;
      default:
        return true;
    }
  }

  async #start(cronJob: Stored<CronJob>, name: string, due: number, status: CronJobStatus): Promise<unknown> {
    const { recorder, decisions } = this.#deps;
    try {
      const job = await this.#writes.create(jobOf(cronJob, name, due));
      recorder.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${name}`);
      const why = `due at ${formatTime(due)}`;
      decisions.record('controller.created', decisionObject(job), { by: this.name, why });
      status.active = [...(status.active ?? []), referenceTo(job)];
    } catch (error) {
      if (!isAlreadyExists(error)) {
        recorder.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${errorChain(error)}`);
        return error;
      }
    }
    status.lastScheduleTime = formatTime(due);
    return undefined;
  }

  async #delete(cronJob: Stored<CronJob>, job: Stored<Job>, why: string): Promise<void> {
    await this.#writes.delete(job);
    this.#deps.recorder.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
    this.#deps.decisions.record('controller.deleted', decisionObject(job), { by: this.name, why });
  }
}

function jobOf(cronJob: Stored<CronJob>, name: string, due: number): Job {
  const { metadata, spec } = cronJob.spec!.jobTemplate;
  return {
    metadata: {
      namespace: cronJob.metadata.namespace,
      name,
      labels: { ...metadata?.labels },
      annotations: {
        ...metadata?.annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': formatTime(due),
      },
      ownerReferences: [controllerReference(cronJob, resources.cronJobs)],
    },
    spec: structuredClone(spec),
  };
}

function referenceTo({ metadata }: Stored<Job>): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { apiVersion: 'batch/v1', kind: 'Job', namespace, name, uid, resourceVersion };
}

/** The versions in `active` are those of when the Job was first seen; a newer one is no news. */
function withoutEmpty(status: CronJobStatus | undefined): object {
  const { active = [], ...rest } = status ?? {};
  return { ...rest, active: active.map(({ uid }) => uid) };
}
