import type { CoreEvent } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import { builtinByKind } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';
import { formatTime } from '../api/time.ts';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { Logger } from '../base/log.ts';
import { ResourceClient } from './client.ts';
import { EventCorrelator } from './event-correlator.ts';
import { eventName } from './event-name.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Transport } from './transport.ts';

const events = builtinByKind({ group: '', version: 'v1', kind: 'Event' })!;

/** How many events wait at most; further ones are dropped. client-go's broadcaster queues 1000. */
const queueLimit = 1000;
/** Tries and pause between them while the API server gives no answer; as client-go's. */
const maxTries = 12;
const retryPause = 10_000;

export interface ApiEventRecorderOptions {
  /** As in `source.component`: `kubelet`, `default-scheduler`. */
  component: string;
  /** The node's name, for what runs on a node. */
  host?: string;
  /** Milliseconds an event waits before it is written: what is told of goes before what tells of it. 0 where not given. */
  leisure?: number;
}

/** Writes core/v1 Events through the API, one at a time in the order they were recorded. */
export class ApiEventRecorder implements EventRecorder, Component {
  readonly name = 'event-recorder';
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #client: ResourceClient<CoreEvent>;
  readonly #correlator: EventCorrelator;
  readonly #options: ApiEventRecorderOptions;
  readonly #queue: CoreEvent[] = [];
  readonly #stopping = new AbortController();
  #draining: Promise<void> | undefined;
  #dropped = 0;

  constructor(deps: { clock: Clock; log: Logger; transport: Transport }, options: ApiEventRecorderOptions) {
    this.#clock = deps.clock;
    this.#log = deps.log.child('events');
    this.#client = new ResourceClient(deps.transport, events);
    this.#correlator = new EventCorrelator(deps.clock);
    this.#options = options;
  }

  /** Nothing to begin: events recorded before are written all the same. */
  async start(): Promise<void> {}

  /** Drops what waits. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the event recorder is stopped'));
    this.#queue.length = 0;
    await this.#draining;
  }

  /** Resolves when everything recorded up to now is written or dropped. */
  async flush(): Promise<void> {
    await this.#draining;
  }

  event(
    object: KubeObject,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options: { fieldPath?: string; action?: string } = {},
  ): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#queue.length >= queueLimit) {
      this.#dropped += 1;
      if (this.#dropped === 1) this.#log.warn('too many events wait; dropping', { reason, message });
      return;
    }
    this.#queue.push(this.#make(object, type, reason, message, options));
    this.#draining ??= this.#drain();
  }

  #make(
    object: KubeObject,
    type: string,
    reason: string,
    message: string,
    { fieldPath, action }: { fieldPath?: string; action?: string },
  ): CoreEvent {
    const { name = '', namespace, uid, resourceVersion } = object.metadata ?? {};
    const { component, host } = this.#options;
    const time = formatTime(this.#clock.now());
    const { apiVersion, kind } = object;
    return {
      // Events about cluster-wide objects live in the default namespace.
      metadata: { name: eventName(name, this.#clock.now()), namespace: namespace || 'default' },
      involvedObject: { apiVersion, kind, namespace, name, uid, resourceVersion, fieldPath },
      type,
      reason,
      message,
      action,
      count: 1,
      firstTimestamp: time,
      lastTimestamp: time,
      source: { component, host },
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    const { leisure = 0 } = this.#options;
    if (leisure > 0) await this.#clock.sleep(leisure, this.#stopping.signal).catch(() => undefined);
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) {
      const correlated = this.#correlator.correlate(event);
      if (!correlated) continue;
      const written = await this.#write(correlated.event, correlated.repeated);
      if (!written) this.#correlator.forget(correlated.key);
    }
    this.#dropped = 0;
    this.#draining = undefined;
  }

  /** True when the Event stands; an answer that refuses it is final, no answer is tried again. */
  async #write(event: CoreEvent, repeated: boolean): Promise<boolean> {
    const { reason, message } = event;
    for (let tries = 1; tries <= maxTries && !this.#stopping.signal.aborted; tries++) {
      try {
        await this.#send(event, repeated);
        return true;
      } catch (error) {
        if (error instanceof ApiError) {
          if (error.reason === 'AlreadyExists') return true;
          this.#log.debug('an event was refused', { reason, message, error });
          return false;
        }
        const pause = tries === 1 ? Math.random() * retryPause : retryPause;
        await this.#clock.sleep(pause, this.#stopping.signal).catch(() => undefined);
      }
    }
    this.#log.warn('an event could not be written', { reason, message });
    return false;
  }

  async #send(event: CoreEvent, repeated: boolean): Promise<void> {
    const { signal } = this.#stopping;
    const { name = '', namespace = '' } = event.metadata;
    const { count, message, lastTimestamp } = event;
    if (repeated) {
      try {
        await this.#client.patch(namespace, name, { count, message, lastTimestamp }, { signal });
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.code === 404)) throw error;
        // The Event was deleted or has expired: the same one is written anew.
      }
    }
    await this.#client.create(event, signal);
  }
}
