import { isDeepStrictEqual } from 'node:util';
import type { EndpointSlice, Node, Pod, Service } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { formatTime } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import type { IpFamily } from '../../base/ip-address.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isConflict, isNamespaceTerminating, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { OwnWrites } from '../own-writes.ts';
import { controllerReference } from '../ownership/controller-ref.ts';
import { PodLabelIndex } from '../pods/pod-label-index.ts';
import { isReady } from '../pods/pod-state.ts';
import { resources } from '../resources.ts';
import { isHeadless } from '../services/service-ports.ts';
import { ServiceSelectorIndex } from '../services/service-selector-index.ts';
import { TriggerTimes, triggerTimeAnnotation } from '../services/trigger-times.ts';
import { type PortGroup, planSlices, type SlicePlan } from '../slices/slice-plan.ts';
import { managedByLabel, type SliceShape, SliceWriter, serviceNameLabel } from '../slices/slice-writer.ts';
import { HintEvents } from './hint-events.ts';
import { podEndpoints } from './pod-endpoints.ts';
import { followsZones, withZoneHints } from './zone-hints.ts';
import { nodeShare, zoneLabel, zoneShares } from './zone-shares.ts';

export interface EndpointSliceControllerOptions {
  workers?: number;
  maxEndpointsPerSlice?: number;
}

const managedBy = 'endpointslice-controller.k8s.io';
const slicesByService = 'endpoint-slice/service';

/** Keeps the EndpointSlices of Services with a selector. */
export class EndpointSliceController implements Component {
  readonly name = 'endpointslice-controller';
  readonly #deps: ControllerDeps;
  readonly #max: number;
  readonly #loop: ControllerLoop;
  readonly #services: Informer<Service>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #selecting: ServiceSelectorIndex;
  readonly #selected: PodLabelIndex;
  readonly #writes: OwnWrites<EndpointSlice>;
  readonly #writer: SliceWriter;
  readonly #triggers = new TriggerTimes();
  readonly #hintEvents: HintEvents;
  #detach: (() => void) | undefined;

  constructor(deps: ControllerDeps, options: EndpointSliceControllerOptions = {}) {
    const { workers = 8, maxEndpointsPerSlice = 100 } = options;
    this.#deps = deps;
    this.#hintEvents = new HintEvents(deps.recorder);
    this.#max = maxEndpointsPerSlice;
    this.#services = deps.informers.informer<Service>(resources.services);
    this.#nodes = deps.informers.informer<Node>(resources.nodes);
    this.#slices = deps.informers.informer<EndpointSlice>(resources.endpointSlices);
    this.#slices.addIndex(slicesByService, slice => (isOurs(slice) ? [serviceKeyOf(slice)] : []));
    const pods = deps.informers.informer<Pod>(resources.pods);
    this.#selecting = new ServiceSelectorIndex(this.#services);
    this.#selected = new PodLabelIndex(pods);
    const client = new ResourceClient<EndpointSlice>(deps.transport, resources.endpointSlices);
    this.#writes = new OwnWrites({ clock: deps.clock, informer: this.#slices, client });
    const { decisions } = deps;
    this.#writer = new SliceWriter({ client, writes: this.#writes, decisions, by: this.name });
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.followAll(this.#services, service => this.#loop.add(objectKey(service)));
    this.#loop.follow(pods, {
      added: pod => this.#wakeServices(pod),
      updated: (pod, before) => this.#podUpdated(pod, before),
      deleted: pod => this.#wakeServices(pod),
    });
    this.#loop.follow(this.#slices, {
      // One that somebody else changed or deleted is put right; our own writes find nothing to do.
      updated: slice => this.#wakeOwner(slice),
      deleted: slice => this.#wakeOwner(slice),
    });
    this.#loop.follow(this.#nodes, {
      added: () => this.#wakeAll(),
      updated: (node, before) => this.#nodeUpdated(node, before),
      deleted: () => this.#wakeAll(followsZones),
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

  #wakeServices({ metadata: { namespace = '', labels } }: Stored<Pod>): void {
    for (const service of this.#selecting.selecting(namespace, labels)) this.#loop.add(objectKey(service));
  }

  #podUpdated(pod: Stored<Pod>, before: Stored<Pod>): void {
    const relabelled = !isDeepStrictEqual(pod.metadata.labels, before.metadata.labels);
    if (relabelled) this.#wakeServices(before);
    if (relabelled || endpointChanged(pod, before)) this.#wakeServices(pod);
  }

  #wakeOwner(slice: Stored<EndpointSlice>): void {
    if (isOurs(slice)) this.#loop.add(serviceKeyOf(slice));
  }

  #nodeUpdated(node: Stored<Node>, before: Stored<Node>): void {
    if (node.metadata.labels?.[zoneLabel] !== before.metadata.labels?.[zoneLabel]) this.#wakeAll();
    else if (!isDeepStrictEqual(nodeShare(node), nodeShare(before))) this.#wakeAll(followsZones);
  }

  #wakeAll(concerned: (service: Service) => boolean = () => true): void {
    for (const service of this.#services.list())
      if (service.spec?.selector && concerned(service)) this.#loop.add(objectKey(service));
  }

  async #reconcile(key: string): Promise<void> {
    const service = this.#services.getByKey(key);
    if (!service) {
      this.#triggers.forget(key);
      this.#hintEvents.forget(key);
      return;
    }
    const { selector, type } = service.spec ?? {};
    if (!selector || type === 'ExternalName' || service.metadata.deletionTimestamp) return;
    try {
      await this.#sync(service, selector);
    } catch (error) {
      if (isNotFound(error) || isNamespaceTerminating(error)) return;
      if (!isConflict(error)) {
        const message = `Error updating Endpoint Slices for Service ${key}: ${errorChain(error)}`;
        this.#deps.recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message);
      }
      throw error;
    }
  }

  async #sync(service: Stored<Service>, selector: Record<string, string>): Promise<void> {
    await this.#writes.verify();
    const { namespace = '', name } = service.metadata;
    const pods = this.#selected.selected(namespace, selector);
    const present = this.#slices.byIndex(slicesByService, objectKey(service));
    const belongs = (slice: Stored<EndpointSlice>) => serviceKeyOf(slice) === objectKey(service);
    const slices = this.#writes.join(present, belongs).filter(slice => !this.#writes.isDeleting(slice));
    const trigger = this.#triggers.next(service, pods);
    const families = (service.spec?.ipFamilies ?? ['IPv4']) as IpFamily[];
    for (const family of families) {
      const { groups } = podEndpoints(service, pods, node => this.#nodes.getByKey(node), family);
      const own = slices.filter(({ addressType }) => addressType === family);
      const plan = this.#plan(service, family, own, groups);
      await this.#writer.apply(plan, shapeOf(service, family, trigger));
    }
    const others = slices.filter(({ addressType }) => !families.includes(addressType as IpFamily));
    for (const slice of others) await this.#writes.delete(slice);
    this.#deps.log.debug('endpoint slices are right', { service: `${namespace}/${name}` });
  }

  #plan(
    service: Stored<Service>,
    family: IpFamily,
    present: readonly Stored<EndpointSlice>[],
    groups: readonly PortGroup[],
  ): SlicePlan {
    const maxEndpoints = this.#max;
    const plain = () => planSlices(present, groups, { maxEndpoints });
    if (!followsZones(service)) {
      this.#hintEvents.unwanted(service, family);
      return plain();
    }
    const kept = planSlices(present, groups, { maxEndpoints, keepHints: true });
    const hinted = withZoneHints(kept, zoneShares(this.#nodes.list()));
    if (typeof hinted === 'string') {
      this.#hintEvents.disabled(service, family, hinted);
      return plain();
    }
    this.#hintEvents.enabled(service, family);
    return hinted;
  }
}

function isOurs({ metadata }: EndpointSlice): boolean {
  return metadata?.labels?.[managedByLabel] === managedBy;
}

function serviceKeyOf({ metadata }: EndpointSlice): string {
  return `${metadata?.namespace}/${metadata?.labels?.[serviceNameLabel]}`;
}

function shapeOf(service: Stored<Service>, addressType: IpFamily, trigger: number | undefined): SliceShape {
  const { namespace = '', name, labels } = service.metadata;
  return {
    owner: name,
    namespace,
    addressType,
    metadata: {
      labels: {
        ...labels,
        [serviceNameLabel]: name,
        [managedByLabel]: managedBy,
        ...(isHeadless(service) && { 'service.kubernetes.io/headless': '' }),
      },
      ownerReferences: [controllerReference(service, resources.services)],
    },
    ...(trigger !== undefined && { volatile: { [triggerTimeAnnotation]: formatTime(trigger) } }),
  };
}

function endpointChanged(pod: Stored<Pod>, before: Stored<Pod>): boolean {
  return (
    isReady(pod) !== isReady(before) ||
    pod.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
    pod.status?.phase !== before.status?.phase ||
    pod.spec?.nodeName !== before.spec?.nodeName ||
    pod.metadata.uid !== before.metadata.uid ||
    !isDeepStrictEqual(pod.status?.podIPs, before.status?.podIPs) ||
    pod.status?.podIP !== before.status?.podIP
  );
}
