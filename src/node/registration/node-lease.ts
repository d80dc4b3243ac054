import type { Lease } from '../../api/generated/types.ts';
import { ApiError } from '../../api/status.ts';
import { formatMicroTime } from '../../api/time.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { NodeApi } from '../node-api.ts';

const namespace = 'kube-node-lease';
export const leaseDurationSeconds = 40;
const renewInterval = 10_000;
const retryInterval = 1_000;

/** The node's heartbeat: a Lease of 40 s, renewed every 10 s. */
export class NodeLease {
  readonly #api: NodeApi;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #nodeName: string;
  readonly #nodeUid: () => string | undefined;
  #lease: Lease | undefined;
  #cancel: Cancel = () => {};
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    deps: { api: NodeApi; clock: Clock; log: Logger; nodeUid: () => string | undefined },
    options: { nodeName: string },
  ) {
    this.#api = deps.api;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#nodeUid = deps.nodeUid;
    this.#nodeName = options.nodeName;
  }

  start(): void {
    this.#running = this.#renew()
      .then(
        () => renewInterval,
        error => {
          this.#lease = undefined;
          this.#log.debug('the lease is not renewed', { error: errorChain(error) });
          return retryInterval;
        },
      )
      .then(wait => {
        if (!this.#stopped) this.#cancel = this.#clock.after(wait, () => this.start());
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#running;
  }

  async #renew(): Promise<void> {
    const renewTime = formatMicroTime(this.#clock.now());
    this.#lease ??= await this.#find();
    if (!this.#lease) {
      this.#lease = await this.#api.leases.create(this.#fresh(renewTime));
      return;
    }
    const spec = { ...this.#lease.spec, renewTime };
    this.#lease = await this.#api.leases.update({ ...this.#lease, spec });
  }

  async #find(): Promise<Lease | undefined> {
    try {
      return await this.#api.leases.get(namespace, this.#nodeName);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  #fresh(renewTime: string): Lease {
    const uid = this.#nodeUid();
    const owner = uid && [{ apiVersion: 'v1', kind: 'Node', name: this.#nodeName, uid }];
    return {
      metadata: { name: this.#nodeName, namespace, ...(owner && { ownerReferences: owner }) },
      spec: { holderIdentity: this.#nodeName, leaseDurationSeconds, renewTime },
    };
  }
}
