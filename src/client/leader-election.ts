import type { Lease, LeaseSpec } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { builtinByKind } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';
import { formatMicroTime } from '../api/time.ts';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { Logger } from '../base/log.ts';
import { ResourceClient } from './client.ts';
import type { Transport } from './transport.ts';

const leases = builtinByKind({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' })!;

export interface LeaderElectionOptions {
  /** The Lease's name: `kube-scheduler`. */
  lease: string;
  /** `kube-system` where not given. */
  namespace?: string;
  /** Who this candidate is: unique among them. */
  identity: string;
  /** Others may take over a Lease not renewed for this long; milliseconds, as all below. */
  leaseDuration?: number;
  /** A leader that could not renew for this long gives up. Shorter than `leaseDuration`. */
  renewDeadline?: number;
  /** Pause between tries. */
  retryPeriod?: number;
  /**
   * There can be no other candidate: the Lease is taken from whoever is written in it, and a leader that
   * cannot renew it goes on.
   */
  sole?: boolean;
}

/**
 * Runs a component on one of several candidates at a time: on the one that holds a Lease. Timed as client-go's
 * tools/leaderelection (15 s, 10 s, 2 s). The expiry of another's Lease is judged by when this candidate saw
 * it change last, never by the timestamps in it, so that clocks need not agree. A candidate that loses the
 * Lease stops the component and stands again.
 */
export class LeaderElection implements Component {
  readonly name: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #client: ResourceClient<Lease>;
  readonly #led: Component;
  readonly #lost: ((reason: Error) => void) | undefined;
  readonly #options: Required<LeaderElectionOptions>;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #observed: { lease: Stored<Lease>; at: number } | undefined;
  #leading = false;
  #gaveUp = false;

  constructor(
    deps: {
      clock: Clock;
      log: Logger;
      transport: Transport;
      led: Component;
      /** For a component that cannot be started twice: told in place of standing again. */
      lost?: (reason: Error) => void;
    },
    options: LeaderElectionOptions,
  ) {
    this.name = `leader-election/${options.lease}`;
    this.#clock = deps.clock;
    this.#log = deps.log.child(this.name);
    this.#client = new ResourceClient(deps.transport, leases);
    this.#led = deps.led;
    this.#lost = deps.lost;
    this.#options = {
      namespace: 'kube-system',
      leaseDuration: 15_000,
      renewDeadline: 10_000,
      retryPeriod: 2_000,
      sole: false,
      ...options,
    };
  }

  /** True while this candidate holds the Lease. */
  get leading(): boolean {
    return this.#leading;
  }

  /** Stands as a candidate; does not wait to be elected. */
  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#stopping.signal]));
  }

  /** Stops the component and gives the Lease back, so that another need not wait for it to expire. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the election is over'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.#try(signal)) await this.#lead(signal);
      if (this.#gaveUp) return;
      await this.#pause(signal);
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const term = new AbortController();
    this.#leading = true;
    this.#log.info('became leader', { lease: this.#options.lease });
    try {
      await this.#led.start(AbortSignal.any([signal, term.signal]));
      await this.#renew(signal);
    } catch (error) {
      this.#log.error('the led component did not start', { error });
    }
    this.#leading = false;
    term.abort(new Error('no longer the leader'));
    // Told before the component has stopped: that may take longer than others wait.
    if (!signal.aborted) this.#giveUp();
    await this.#led.stop().catch(error => this.#log.error('the led component did not stop', { error }));
    if (signal.aborted) await this.#release();
  }

  #giveUp(): void {
    const { lease } = this.#options;
    this.#log.warn('lost the lease', { lease });
    this.#gaveUp = this.#lost !== undefined;
    this.#lost?.(new Error(`the lease ${lease} was lost`));
  }

  /** Returns when the Lease is lost or `signal` aborts. */
  async #renew(signal: AbortSignal): Promise<void> {
    let renewed = this.#clock.monotonic();
    while (!signal.aborted) {
      await this.#clock.sleep(this.#options.retryPeriod, signal).catch(() => undefined);
      if (signal.aborted) return;
      const { renewDeadline, sole } = this.#options;
      const deadline = (sole ? this.#clock.monotonic() : renewed) + renewDeadline;
      if (await this.#tryUntil(deadline, signal)) renewed = this.#clock.monotonic();
      else if (!sole && (this.#clock.monotonic() >= deadline || this.#heldByOther())) return;
    }
  }

  /** A try that hangs must not carry a leader past its deadline. */
  async #tryUntil(deadline: number, signal: AbortSignal): Promise<boolean> {
    const left = Math.max(deadline - this.#clock.monotonic(), 0);
    return this.#within(left, late => this.#try(AbortSignal.any([signal, late])));
  }

  async #within<T>(ms: number, act: (late: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const cancel = this.#clock.after(ms, () => late.abort(new Error('too late')));
    try {
      return await act(late.signal);
    } finally {
      cancel();
    }
  }

  /** Takes or renews the Lease; false where another holds it or the API gave no leave. */
  async #try(signal: AbortSignal): Promise<boolean> {
    try {
      const present = await this.#read(signal);
      if (!present) {
        this.#observe(await this.#client.create(this.#fresh(), signal));
        return true;
      }
      this.#observe(present);
      if (this.#heldByOther() && !this.#options.sole && !this.#expired()) return false;
      this.#observe(await this.#client.update({ ...present, spec: this.#specAfter(present) }, signal));
      return true;
    } catch (error) {
      this.#log.debug('could not take the lease', { error });
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<Stored<Lease> | undefined> {
    try {
      return await this.#client.get(this.#options.namespace, this.#options.lease, signal);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  #observe(lease: Stored<Lease>): void {
    if (this.#observed?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#observed = { lease, at: this.#clock.monotonic() };
  }

  #heldByOther(): boolean {
    const holder = this.#observed?.lease.spec?.holderIdentity;
    return holder !== undefined && holder !== '' && holder !== this.#options.identity;
  }

  #expired(): boolean {
    const { at, lease } = this.#observed!;
    const duration = (lease.spec?.leaseDurationSeconds ?? this.#options.leaseDuration / 1000) * 1000;
    return this.#clock.monotonic() >= at + duration;
  }

  #fresh(): Lease {
    const { lease: name, namespace } = this.#options;
    return { metadata: { name, namespace }, spec: this.#term(formatMicroTime(this.#clock.now()), 0) };
  }

  #specAfter({ spec = {} }: Lease): LeaseSpec {
    const mine = spec.holderIdentity === this.#options.identity;
    const now = formatMicroTime(this.#clock.now());
    const transitions = (spec.leaseTransitions ?? 0) + (mine ? 0 : 1);
    return { ...spec, ...this.#term(mine ? (spec.acquireTime ?? now) : now, transitions) };
  }

  #term(acquireTime: string, leaseTransitions: number): LeaseSpec {
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#options.leaseDuration / 1000),
      acquireTime,
      renewTime: formatMicroTime(this.#clock.now()),
      leaseTransitions,
    };
  }

  async #release(): Promise<void> {
    const lease = this.#observed?.lease;
    if (!lease || this.#heldByOther()) return;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    const given = this.#within(this.#options.retryPeriod, late =>
      this.#client.update({ ...lease, spec }, late),
    );
    await given.catch(error => this.#log.debug('could not give the lease back', { error }));
  }

  /** With a fifth added at random, so that candidates do not try in step. */
  async #pause(signal: AbortSignal): Promise<void> {
    const period = this.#options.retryPeriod * (1 + Math.random() * 0.2);
    await this.#clock.sleep(period, signal).catch(() => undefined);
  }
}
