import type { KubeObject } from '../api/objects.ts';
import type { ResourceInfo } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import { WorkQueue } from '../base/work-queue.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Informer, InformerHandler } from '../client/informer.ts';
import type { Transport } from '../client/transport.ts';

declare module '../base/decisions.ts' {
  interface DecisionTypes {
    'controller.created': { by: string; why: string };
    'controller.updated': { by: string; why: string };
    'controller.deleted': { by: string; why: string };
  }
}

/** Where controllers get their informers: an `InformerFactory`, or a test's stand-in. */
export interface InformerSource {
  informer<T extends KubeObject>(
    resource: ResourceInfo,
    selection?: { namespace?: string; labelSelector?: string; fieldSelector?: string },
  ): Informer<T>;
  /** Stops the informers of a resource that is served no more. */
  release(resource: ResourceInfo): void;
}

/** What every controller is constructed with. */
export interface ControllerDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  transport: Transport;
  informers: InformerSource;
  recorder: EventRecorder;
}

export interface ControllerLoopOptions {
  name: string;
  /** How many keys are reconciled at a time. */
  workers?: number;
  /** Brings one object closer to what is wanted. A rejection has the key tried again with back-off. */
  reconcile: (key: string) => Promise<void>;
}

type Followed = (signal: AbortSignal) => { detach: () => void; synced: Promise<void> };

/**
 * What drives a level-based controller: informers whose changes add keys to a queue, and workers that
 * reconcile keys. Nothing is reconciled before all informers are synced.
 */
export class ControllerLoop {
  readonly #options: ControllerLoopOptions;
  readonly #queue: WorkQueue<string>;
  readonly #followed: Followed[] = [];
  #detach: (() => void)[] = [];

  constructor(deps: { clock: Clock; log: Logger }, options: ControllerLoopOptions) {
    const { name, workers = 4 } = options;
    this.#options = options;
    // client-go's rate limiter reaches 1000 s; half a minute keeps a repaired cause from going unnoticed.
    const retry = { initial: 5, max: 30_000 };
    this.#queue = new WorkQueue({ clock: deps.clock, log: deps.log.child(name) }, { name, workers, retry });
  }

  /** Has `handler` told of the informer's changes once the loop runs. Before `start` only. */
  follow<T extends KubeObject>(informer: Informer<T>, handler: InformerHandler<T> = {}): void {
    this.#followed.push(signal => ({
      detach: informer.addHandler(handler),
      synced: informer.whenSynced(signal),
    }));
  }

  /** Follows an informer with one function for whatever happens to an object. */
  followAll<T extends KubeObject>(informer: Informer<T>, changed: InformerHandler<T>['added'] & {}): void {
    this.follow(informer, {
      added: changed,
      updated: (object, previous) => {
        if (object.metadata.uid !== previous.metadata.uid) changed(previous);
        changed(object);
      },
      deleted: changed,
    });
  }

  add(key: string): void {
    this.#queue.add(key);
  }

  /** Adds `key` after `ms` milliseconds. */
  addAfter(key: string, ms: number): void {
    this.#queue.addAfter(key, ms);
  }

  async start(signal: AbortSignal): Promise<void> {
    const attached = this.#followed.map(attach => attach(signal));
    this.#detach = attached.map(({ detach }) => detach);
    await Promise.all(attached.map(({ synced }) => synced));
    this.#queue.start(key => this.#options.reconcile(key));
  }

  async stop(): Promise<void> {
    for (const detach of this.#detach.splice(0)) detach();
    await this.#queue.stop();
  }

  /** Resolves when no key waits and none is worked on. For tests. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }
}
