import type { Job } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { timeOf } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { orNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';

/** Deletes finished Jobs after the time they ask for, their pods first. */
export class TtlAfterFinishedController implements Component {
  readonly name = 'ttl-after-finished-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #jobs: Informer<Job>;
  readonly #client: ResourceClient<Job>;

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#jobs = deps.informers.informer<Job>(resources.jobs);
    this.#client = new ResourceClient(deps.transport, resources.jobs);
    this.#loop = new ControllerLoop(deps, { name: this.name, reconcile: key => this.#reconcile(key) });
    const add = (job: Stored<Job>) => {
      if (expiryOf(job) !== undefined) this.#loop.add(objectKey(job));
    };
    this.#loop.follow(this.#jobs, { added: add, updated: add });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const job = this.#jobs.getByKey(key);
    const expiry = job && expiryOf(job);
    if (!job || expiry === undefined || job.metadata.deletionTimestamp) return;
    const wait = expiry - this.#deps.clock.now();
    if (wait > 0) {
      this.#loop.addAfter(key, wait);
      return;
    }
    const { namespace = '', name, uid } = job.metadata;
    // The time may have been prolonged since: ask once more before it is too late.
    const fresh = await orNotFound(this.#client.get(namespace, name));
    if (
      fresh?.metadata.uid !== uid ||
      (expiryOf(fresh) ?? Number.POSITIVE_INFINITY) > this.#deps.clock.now()
    ) {
      return;
    }
    const options = { propagationPolicy: 'Foreground', preconditions: { uid } };
    await orNotFound(this.#client.delete(namespace, name, options));
    const why = `finished ${job.spec?.ttlSecondsAfterFinished} s ago`;
    this.#deps.decisions.record('controller.deleted', decisionObject(job), { by: this.name, why });
  }
}

/** When the Job is to go, milliseconds since the epoch; undefined: it stays. */
function expiryOf({ spec, status }: Job): number | undefined {
  const ended = status?.conditions?.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  if (spec?.ttlSecondsAfterFinished === undefined || !ended) return undefined;
  return timeOf(ended.lastTransitionTime) + spec.ttlSecondsAfterFinished * 1000;
}
