import type { KubeObject } from '../api/objects.ts';
import { objectKey } from '../api/objects.ts';
import type { ResourceInfo } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { Logger } from '../base/log.ts';
import type { Informer } from './informer.ts';
import { InformerState } from './informer-state.ts';
import { Reflector } from './reflector.ts';
import type { Transport } from './transport.ts';

export interface InformerSelection {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

interface Shared {
  informer: Informer<KubeObject>;
  run: (signal: AbortSignal) => Promise<void>;
  /** Nobody waits for its first list any more. */
  close(): void;
  stopping: AbortController;
}

/**
 * The informers of one process, one for each collection however many ask for it. `start` begins to list and
 * watch and does not wait for the API, which may not be there yet: wait with `whenSynced`.
 */
export class InformerFactory implements Component {
  readonly name = 'informers';
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #transport: Transport;
  readonly #shared = new Map<string, Shared>();
  readonly #runs = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #signal: AbortSignal | undefined;

  constructor(deps: { clock: Clock; log: Logger; transport: Transport }) {
    this.#clock = deps.clock;
    this.#log = deps.log.child('informer');
    this.#transport = deps.transport;
  }

  /** The same arguments give the same informer. One asked for after `start` is started at once. */
  informer<T extends KubeObject>(resource: ResourceInfo, selection: InformerSelection = {}): Informer<T> {
    const { namespace = '', labelSelector = '', fieldSelector = '' } = selection;
    const parts = [
      resource.group,
      resource.version,
      resource.plural,
      namespace,
      labelSelector,
      fieldSelector,
    ];
    const key = parts.join('\0');
    let shared = this.#shared.get(key);
    if (!shared) {
      shared = this.#make<T>(resource, selection);
      this.#shared.set(key, shared);
      this.#begin(shared);
    }
    return shared.informer as unknown as Informer<T>;
  }

  /**
   * Stops the informers of a resource that is served no more. They keep what they have and tell nothing of it; one
   * that is asked for again is a new one.
   */
  release(resource: ResourceInfo): void {
    for (const [key, shared] of this.#shared) {
      const { group, version, plural } = shared.informer.resource;
      if (group !== resource.group || version !== resource.version || plural !== resource.plural) continue;
      this.#shared.delete(key);
      shared.stopping.abort(new Error(`${plural} are served no more`));
      shared.close();
    }
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#signal = AbortSignal.any([signal, this.#stopping.signal]);
    for (const shared of this.#shared.values()) this.#begin(shared);
  }

  /** Resolves when every informer asked for up to now has its first list. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#shared.values()].map(({ informer }) => informer.whenSynced(signal)));
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the informers are stopped'));
    await Promise.all(this.#runs);
  }

  #make<T extends KubeObject>(resource: ResourceInfo, selection: InformerSelection): Shared {
    const state = new InformerState<T>(resource, this.#log);
    const target = {
      replace: state.replace.bind(state),
      put: state.put.bind(state),
      reached: state.reached.bind(state),
      remove: (object: Parameters<typeof state.put>[0]) => state.remove(objectKey(object), object),
    };
    const deps = { clock: this.#clock, log: this.#log, transport: this.#transport, target };
    const reflector = new Reflector<T>(deps, { resource, ...selection });
    return {
      informer: state as unknown as Informer<KubeObject>,
      run: signal => reflector.run(signal),
      close: () => state.close(),
      stopping: new AbortController(),
    };
  }

  #begin(shared: Shared): void {
    if (!this.#signal) return;
    const run = shared.run(AbortSignal.any([this.#signal, shared.stopping.signal]));
    this.#runs.add(run);
    void run.finally(() => this.#runs.delete(run));
  }
}
