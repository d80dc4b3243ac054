import type { Lease } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { builtinByKind } from '../../api/resources.ts';
import { ApiError } from '../../api/status.ts';
import { formatMicroTime } from '../../api/time.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Transport } from '../../client/transport.ts';

export const leaseResource = builtinByKind({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' })!;
export const speakerNamespace = 'kube-system';
export const speakerLabel = 'causeway.io/load-balancer-speaker';

/** Milliseconds between two signs of life, and after how much silence a node counts as gone. */
export const renewInterval = 1000;
export const goneAfter = 2300;

const leaseName = (node: string) => `load-balancer-speaker-${node}`;

/** The node's sign of life for the other nodes: a Lease renewed every second while there is anything to announce. */
export class SpeakerLease {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #client: ResourceClient<Lease>;
  readonly #node: string;
  #cancel: Cancel | undefined;
  #renewing = false;

  constructor(deps: { clock: Clock; log: Logger; transport: Transport }, node: string) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#client = new ResourceClient(deps.transport, leaseResource);
    this.#node = node;
  }

  start(): void {
    if (this.#cancel) return;
    this.#cancel = this.#clock.every(renewInterval, () => void this.#renew());
    void this.#renew();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    try {
      const renewTime = formatMicroTime(this.#clock.now());
      const patch = { spec: { renewTime } };
      await this.#client.patch(speakerNamespace, leaseName(this.#node), patch);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) await this.#create();
      else this.#log.debug('the sign of life was not written', { error: errorChain(error) });
    } finally {
      this.#renewing = false;
    }
  }

  async #create(): Promise<void> {
    const metadata = {
      namespace: speakerNamespace,
      name: leaseName(this.#node),
      labels: { [speakerLabel]: this.#node },
    };
    const spec = { holderIdentity: this.#node, leaseDurationSeconds: Math.ceil(goneAfter / 1000) };
    await this.#client.create({ metadata, spec }).catch(error => {
      this.#log.debug('the sign of life was not made', { error: errorChain(error) });
    });
  }
}

/** When each node was last heard of, by this node's own clock: the clocks of nodes need not agree. */
export class SpeakersHeard {
  readonly #clock: Clock;
  readonly #heard = new Map<string, { renewTime: string | undefined; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(lease: Stored<Lease>): void {
    const node = lease.metadata.labels?.[speakerLabel];
    if (!node) return;
    const renewTime = lease.spec?.renewTime;
    if (this.#heard.get(node)?.renewTime === renewTime) return;
    this.#heard.set(node, { renewTime, at: this.#clock.monotonic() });
  }

  forget(lease: Stored<Lease>): void {
    this.#heard.delete(lease.metadata.labels?.[speakerLabel] ?? '');
  }

  isAlive(node: string): boolean {
    const heard = this.#heard.get(node);
    return heard !== undefined && this.#clock.monotonic() - heard.at < goneAfter;
  }
}
