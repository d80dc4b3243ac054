import type { Pod } from '../api/generated/types.ts';
import type { KubeObject, Stored } from '../api/objects.ts';
import type { ResourceInfo } from '../api/resources.ts';
import { formatTime } from '../api/time.ts';
import type { Component } from '../base/component.ts';
import { DecisionLog } from '../base/decisions.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { FakeEventRecorder } from '../client/fake-event-recorder.ts';
import { FakeTransport } from '../client/fake-transport.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import type { ControllerDeps } from './controller.ts';
import { resources } from './resources.ts';

let addresses = 0;

function readyPod(pod: Stored<Pod>, now: number): Pod {
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(now) }];
  const podIP = `10.244.0.${++addresses}`;
  return {
    ...pod,
    spec: { ...pod.spec!, nodeName: pod.spec?.nodeName ?? 'causeway-1' },
    status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions, startTime: formatTime(now) },
  };
}

/** A fake API server with controllers on it, for the flow tests of controllers. */
export class TestCluster {
  readonly clock = new FakeClock();
  readonly transport: FakeTransport;
  readonly informers: InformerFactory;
  readonly recorder = new FakeEventRecorder();
  readonly decisions: DecisionLog;
  readonly #controllers: Component[] = [];

  constructor(options: { resources?: readonly ResourceInfo[] } = {}) {
    const { clock } = this;
    this.transport = new FakeTransport({ clock }, options);
    this.informers = new InformerFactory({ clock, log: silentLogger, transport: this.transport });
    this.decisions = new DecisionLog(clock, 'server');
  }

  get deps(): ControllerDeps {
    const { clock, transport, informers, recorder, decisions } = this;
    return { clock, log: silentLogger, decisions, transport, informers, recorder };
  }

  /** Starts the controllers and the informers and lets everything come to rest. */
  async run(...controllers: Component[]): Promise<void> {
    const { signal } = new AbortController();
    this.#controllers.push(...controllers);
    const started = controllers.map(controller => controller.start(signal));
    await this.informers.start(signal);
    await this.rest();
    await Promise.all(started);
    await this.rest();
  }

  /** Lets everything that is ready happen, also what comes back within milliseconds (retries). */
  async rest(): Promise<void> {
    for (let round = 0; round < 6; round++) await this.clock.advance(20);
  }

  seed<T extends KubeObject>(object: T): Stored<T> {
    return this.transport.seed(object);
  }

  /** Changes the status (or whatever `change` returns) of a stored object as a node agent would. */
  async change<T extends KubeObject>(
    resource: ResourceInfo,
    namespace: string,
    name: string,
    change: (object: Stored<T>) => T,
  ): Promise<void> {
    const present = this.get<T>(resource, namespace, name);
    if (!present) throw new Error(`there is no ${resource.kind} ${namespace}/${name}`);
    this.seed({ ...present, ...change(present) });
    await this.rest();
  }

  /**
   * Plays the node agents once: pods that are being deleted end, the others (those `starts` says yes to) run
   * and are ready.
   */
  async playAgents(starts: (pod: Stored<Pod>) => boolean = () => true): Promise<void> {
    for (const pod of this.list<Pod>(resources.pods)) {
      if (pod.metadata.deletionTimestamp) this.transport.unseed(pod);
      else if (pod.status?.phase === 'Pending' && starts(pod)) this.seed(readyPod(pod, this.clock.now()));
    }
    await this.rest();
  }

  get<T extends KubeObject>(resource: ResourceInfo, namespace: string, name: string): Stored<T> | undefined {
    return this.transport.object<T>(resource, namespace, name);
  }

  list<T extends KubeObject>(resource: ResourceInfo, namespace = ''): Stored<T>[] {
    return this.transport.objects<T>(resource, namespace);
  }

  async stop(): Promise<void> {
    for (const controller of this.#controllers.splice(0).reverse()) await controller.stop();
    await this.informers.stop();
  }
}
