import { isDeepStrictEqual } from 'node:util';
import type { Endpoints, Pod, Service } from '../../api/generated/types.ts';
import { objectKey, type Stored, splitKey } from '../../api/objects.ts';
import { formatTime } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isAlreadyExists, isConflict, isNamespaceTerminating, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { PodLabelIndex } from '../pods/pod-label-index.ts';
import { isReady } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { isHeadless } from '../services/service-ports.ts';
import { ServiceSelectorIndex } from '../services/service-selector-index.ts';
import { TriggerTimes, triggerTimeAnnotation } from '../services/trigger-times.ts';
import { sameContent } from '../template-hash.ts';
import '../slices/slice-writer.ts';
import { subsetsOf, truncateSubsets } from './subsets.ts';

export interface EndpointsControllerOptions {
  workers?: number;
}

const managedBy = 'endpoint-controller';
const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const headlessLabel = 'service.kubernetes.io/headless';
const capacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

/** Keeps the Endpoints of Services with a selector, which EndpointSlices replace but old clients still read. */
export class EndpointsController implements Component {
  readonly name = 'endpoints-controller';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #selecting: ServiceSelectorIndex;
  readonly #selected: PodLabelIndex;
  readonly #client: ResourceClient<Endpoints>;
  readonly #triggers = new TriggerTimes();

  constructor(deps: ControllerDeps, options: EndpointsControllerOptions = {}) {
    const { workers = 4 } = options;
    this.#deps = deps;
    this.#services = deps.informers.informer<Service>(resources.services);
    this.#endpoints = deps.informers.informer<Endpoints>(resources.endpoints);
    const pods = deps.informers.informer<Pod>(resources.pods);
    this.#selecting = new ServiceSelectorIndex(this.#services);
    this.#selected = new PodLabelIndex(pods);
    this.#client = new ResourceClient(deps.transport, resources.endpoints);
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#services, service => this.#loop.add(objectKey(service)));
    this.#loop.follow(this.#endpoints, {
      updated: endpoints => this.#loop.add(objectKey(endpoints)),
      deleted: endpoints => this.#loop.add(objectKey(endpoints)),
    });
    this.#loop.follow(pods, {
      added: pod => this.#wake(pod),
      updated: (pod, before) => this.#podUpdated(pod, before),
      deleted: pod => this.#wake(pod),
    });
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #wake({ metadata: { namespace = '', labels } }: Stored<Pod>): void {
    for (const service of this.#selecting.selecting(namespace, labels)) this.#loop.add(objectKey(service));
  }

  #podUpdated(pod: Stored<Pod>, before: Stored<Pod>): void {
    if (!isDeepStrictEqual(pod.metadata.labels, before.metadata.labels)) {
      this.#wake(before);
      this.#wake(pod);
    } else if (
      isReady(pod) !== isReady(before) ||
      pod.status?.phase !== before.status?.phase ||
      pod.status?.podIP !== before.status?.podIP ||
      pod.metadata.deletionTimestamp !== before.metadata.deletionTimestamp
    ) {
      this.#wake(pod);
    }
  }

  async #reconcile(key: string): Promise<void> {
    const service = this.#services.getByKey(key);
    try {
      if (!service) await this.#serviceGone(key);
      else if (service.spec?.selector && service.spec.type !== 'ExternalName') await this.#sync(service);
    } catch (error) {
      if (isNotFound(error) || isNamespaceTerminating(error)) return;
      if (service && !isConflict(error) && !isAlreadyExists(error)) {
        const message = `Failed to update endpoint ${key}: ${errorChain(error)}`;
        this.#deps.recorder.event(service, 'Warning', 'FailedToUpdateEndpoint', message);
      }
      throw error;
    }
  }

  /** Endpoints have no owner reference; those of a Service that had a selector are ours to remove. */
  async #serviceGone(key: string): Promise<void> {
    this.#triggers.forget(key);
    const present = this.#endpoints.getByKey(key);
    if (present?.metadata.labels?.[managedByLabel] !== managedBy) return;
    const { namespace, name } = splitKey(key);
    await this.#client.delete(namespace, name, { preconditions: { uid: present.metadata.uid } });
    const why = 'its Service is gone';
    this.#deps.decisions.record('controller.deleted', decisionObject(present), { by: this.name, why });
  }

  async #sync(service: Stored<Service>): Promise<void> {
    const { namespace = '', name } = service.metadata;
    const pods = this.#selected.selected(namespace, service.spec?.selector ?? {});
    const { subsets, truncated } = truncateSubsets(subsetsOf(service, pods));
    const present = this.#endpoints.get(namespace, name);
    const labels = {
      ...service.metadata.labels,
      [managedByLabel]: managedBy,
      ...(isHeadless(service) && { [headlessLabel]: '' }),
    };
    const trigger = this.#triggers.next(service, pods);
    const marked = present?.metadata.annotations?.[capacityAnnotation] !== undefined;
    if (present && sameContent(present.subsets ?? [], subsets) && marked === truncated) {
      if (sameContent(present.metadata.labels ?? {}, labels)) return;
    }
    const { [capacityAnnotation]: _, ...annotations } = present?.metadata.annotations ?? {};
    if (trigger !== undefined) annotations[triggerTimeAnnotation] = formatTime(trigger);
    if (truncated) annotations[capacityAnnotation] = 'truncated';
    const metadata = { ...present?.metadata, namespace, name, labels, annotations };
    const written = present
      ? await this.#client.update({ ...present, metadata, subsets })
      : await this.#client.create({ metadata, subsets });
    const count = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
    this.#deps.decisions.record('endpoints.changed', decisionObject(written), {
      by: this.name,
      endpoints: count,
    });
  }
}
