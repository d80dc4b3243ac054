import type { EndpointSlice, Endpoints, ObjectMeta, Service } from '../../api/generated/types.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import type { Component } from '../../base/component.ts';
import type { IpFamily } from '../../base/ip-address.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNamespaceTerminating, isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { OwnWrites } from '../own-writes.ts';
import { controllerReference } from '../ownership/controller-ref.ts';
import { resources } from '../resources.ts';
import { triggerTimeAnnotation } from '../services/trigger-times.ts';
import { planSlices } from '../slices/slice-plan.ts';
import { managedByLabel, SliceWriter, serviceNameLabel } from '../slices/slice-writer.ts';
import { mirroredGroups } from './mirrored-groups.ts';

export interface EndpointSliceMirroringOptions {
  workers?: number;
}

const managedBy = 'endpointslicemirroring-controller.k8s.io';
const slicesByEndpoints = 'endpoint-slice-mirroring/endpoints';
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const families: readonly IpFamily[] = ['IPv4', 'IPv6'];

/** Mirrors Endpoints that somebody keeps by hand, for Services without a selector, to EndpointSlices. */
export class EndpointSliceMirroringController implements Component {
  readonly name = 'endpointslicemirroring-controller';
  readonly #loop: ControllerLoop;
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #writes: OwnWrites<EndpointSlice>;
  readonly #writer: SliceWriter;
  #detach: (() => void) | undefined;

  constructor(deps: ControllerDeps, options: EndpointSliceMirroringOptions = {}) {
    const { workers = 2 } = options;
    this.#services = deps.informers.informer<Service>(resources.services);
    this.#endpoints = deps.informers.informer<Endpoints>(resources.endpoints);
    this.#slices = deps.informers.informer<EndpointSlice>(resources.endpointSlices);
    this.#slices.addIndex(slicesByEndpoints, slice => (isOurs(slice) ? [endpointsKeyOf(slice)] : []));
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
    this.#loop.followAll(this.#endpoints, endpoints => this.#loop.add(objectKey(endpoints)));
    const wakeOwner = (slice: Stored<EndpointSlice>) => {
      if (isOurs(slice)) this.#loop.add(endpointsKeyOf(slice));
    };
    this.#loop.follow(this.#slices, { updated: wakeOwner, deleted: wakeOwner });
  }

  start(signal: AbortSignal): Promise<void> {
    this.#detach = this.#writes.attach();
    return this.#loop.start(signal);
  }

  async stop(): Promise<void> {
    this.#detach?.();
    await this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    await this.#writes.verify();
    const endpoints = this.#endpoints.getByKey(key);
    const service = this.#services.getByKey(key);
    const mirrors = endpoints && service && !service.spec?.selector && isMirrored(endpoints);
    const belongs = (slice: Stored<EndpointSlice>) => endpointsKeyOf(slice) === key;
    const joined = this.#writes.join(this.#slices.byIndex(slicesByEndpoints, key), belongs);
    const slices = joined.filter(slice => !this.#writes.isDeleting(slice));
    try {
      for (const family of families) {
        const own = slices.filter(({ addressType }) => addressType === family);
        const groups = mirrors ? mirroredGroups(endpoints, family) : [];
        if (groups.length === 0) for (const slice of own) await this.#writes.delete(slice);
        else if (endpoints)
          await this.#writer.apply(
            planSlices(own, groups, { maxEndpoints: 1000 }),
            shapeOf(endpoints, family),
          );
      }
    } catch (error) {
      if (!isNotFound(error) && !isNamespaceTerminating(error)) throw error;
    }
  }
}

function isMirrored({ metadata }: Stored<Endpoints>): boolean {
  if (metadata.labels?.[skipLabel] === 'true' || metadata.deletionTimestamp) return false;
  return metadata.annotations?.[leaderAnnotation] === undefined;
}

function isOurs({ metadata }: EndpointSlice): boolean {
  return metadata?.labels?.[managedByLabel] === managedBy;
}

function endpointsKeyOf({ metadata }: EndpointSlice): string {
  return `${metadata?.namespace}/${metadata?.labels?.[serviceNameLabel]}`;
}

function shapeOf(endpoints: Stored<Endpoints>, addressType: IpFamily) {
  const { namespace = '', name, labels } = endpoints.metadata;
  return {
    owner: name,
    namespace,
    addressType,
    metadata: {
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: managedBy },
      annotations: mirroredAnnotations(endpoints.metadata),
      ownerReferences: [controllerReference(endpoints, resources.endpoints)],
    },
  };
}

function mirroredAnnotations({ annotations = {} }: ObjectMeta): Record<string, string> {
  const { [lastApplied]: _, [triggerTimeAnnotation]: __, ...mirrored } = annotations;
  return mirrored;
}
