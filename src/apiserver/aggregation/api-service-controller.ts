import type { APIService, EndpointSlice, Service } from '../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { WorkQueue } from '../../base/work-queue.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import { cloneJson } from '../objects/decoded.ts';
import { followResource } from '../objects/resource-follower.ts';
import { createObject } from '../registry/create.ts';
import { type DeleteRequest, deleteObject } from '../registry/delete.ts';
import type { Registry } from '../registry/registry.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';
import type { ResourceHubs } from '../watch/resource-hub.ts';
import { type ApiServices, remoteOf } from './api-services.ts';
import {
  type Availability,
  failedDiscovery,
  locallyAvailable,
  passed,
  serviceFault,
  withAvailability,
} from './availability.ts';
import { automanagedLabel, builtinApiServices, customApiService, metricsApiService } from './priorities.ts';
import { type RemoteClient, urlOf } from './remote-client.ts';
import type { RemoteDocuments } from './remote-documents.ts';

export interface ApiServiceControllerDeps {
  clock: Clock;
  log: Logger;
  registry: Registry;
  reader: ObjectReader;
  hubs: ResourceHubs;
  endpoints: ReadonlyMap<string, ResourceEndpoint>;
  services: ApiServices;
  client: RemoteClient;
  documents: RemoteDocuments;
}

/** Milliseconds after which a server that answered is asked again. */
const resyncTime = 30_000;
/** Milliseconds a server has to answer the check. */
const checkTime = 5000;
const slicesResource = 'discovery.k8s.io/v1/endpointslices';
const serviceLabel = 'kubernetes.io/service-name';

const asServer: DeleteRequest = {
  user: { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] },
  dryRun: false,
  warnings: [],
  manager: 'kube-apiserver',
  options: {},
};

/**
 * Keeps an APIService for each group version this server serves, and says of each whether it is available. Part
 * of the server, as upstream's kube-aggregator.
 */
export class ApiServiceController {
  readonly #deps: ApiServiceControllerDeps;
  readonly #endpoint: ResourceEndpoint;
  readonly #queue: WorkQueue<string>;
  readonly #builtin = new Map(builtinApiServices().map(each => [each.metadata!.name!, each]));
  /** Those that other servers may be installed for: once deleted by somebody, they do not come back by themselves. */
  readonly #replaceable = new Map([metricsApiService()].map(each => [each.metadata!.name!, each]));
  readonly #declined = new Set<string>();
  #custom = new Map<string, APIService>();
  #stopping: Cancel[] = [];

  constructor(deps: ApiServiceControllerDeps) {
    this.#deps = deps;
    this.#endpoint = deps.endpoints.get('apiregistration.k8s.io/v1/apiservices')!;
    const retry = { initial: 50, max: resyncTime };
    this.#queue = new WorkQueue(deps, { name: 'api-services', workers: 4, retry });
  }

  /** The group versions of custom resource definitions, whenever they have changed. */
  setCustom(served: Iterable<{ group: string; version: string }>): void {
    const before = this.#custom;
    const made = [...served].map(({ group, version }) => customApiService(group, version));
    this.#custom = new Map(made.map(each => [each.metadata!.name!, each]));
    for (const name of new Set([...before.keys(), ...this.#custom.keys()])) this.#queue.add(name);
  }

  start(): void {
    const { services, endpoints, clock } = this.#deps;
    const deps = { store: this.#deps.registry.store, hubs: this.#deps.hubs };
    const changed = (service: Stored<APIService>) => {
      this.#queue.add(service.metadata.name);
      this.#deps.documents.changed();
    };
    const ofService = (namespace: string | undefined, name: string | undefined) => {
      for (const remote of services.remotes()) {
        if (remote.service.namespace === namespace && remote.service.name === name) {
          this.#queue.add(remote.name);
        }
      }
    };
    const onService = (_key: string, { metadata }: KubeObject) =>
      ofService(metadata?.namespace, metadata?.name);
    const onSlice = (_key: string, { metadata }: KubeObject) =>
      ofService(metadata?.namespace, metadata?.labels?.[serviceLabel]);
    this.#stopping = [
      followResource<APIService>(deps, this.#endpoint, {
        set(_key, service) {
          services.set(service);
          changed(service);
        },
        removed: (_key, service) => {
          this.#noteRemoved(service);
          services.remove(service);
          changed(service);
        },
      }),
      followResource<Service>(deps, endpoints.get('/v1/services')!, { set: onService, removed: onService }),
      followResource<EndpointSlice>(deps, endpoints.get(slicesResource)!, { set: onSlice, removed: onSlice }),
      clock.every(resyncTime, () => {
        for (const remote of services.remotes()) this.#queue.add(remote.name);
      }),
    ];
    for (const name of [...this.#builtin.keys(), ...this.#replaceable.keys()]) this.#queue.add(name);
    this.#queue.start(name => this.#reconcile(name));
  }

  async stop(): Promise<void> {
    for (const stop of this.#stopping) stop();
    await this.#queue.stop();
  }

  /** Where that of another server goes, this one answers again; not where somebody does away with this one's. */
  #noteRemoved({ metadata: { name }, spec }: Stored<APIService>): void {
    if (spec?.service) this.#declined.delete(name);
    else if (this.#replaceable.has(name)) this.#declined.add(name);
  }

  async #reconcile(name: string): Promise<void> {
    const { services, registry, documents } = this.#deps;
    const present = services.get(name);
    const wanted = this.#wanted(name);
    if (!present) {
      documents.forget(name);
      if (wanted)
        await createObject(registry, this.#endpoint, '', cloneJson(wanted), asServer).catch(ignoreTaken);
      return;
    }
    const managed = present.metadata.labels?.[automanagedLabel];
    if (!wanted && managed && !present.spec?.service) {
      await deleteObject(registry, this.#endpoint, '', name, asServer).catch(ignoreGone);
      return;
    }
    await this.#check(present);
  }

  #wanted(name: string): APIService | undefined {
    if (this.#declined.has(name)) return undefined;
    return this.#builtin.get(name) ?? this.#replaceable.get(name) ?? this.#custom.get(name);
  }

  async #check(service: Stored<APIService>): Promise<void> {
    const remote = remoteOf(service);
    const { documents } = this.#deps;
    if (!remote) {
      documents.forget(service.metadata.name);
      await this.#setAvailable(service, locallyAvailable);
      return;
    }
    const { namespace, name } = remote.service;
    const { reader, client } = this.#deps;
    const slices = reader
      .list<EndpointSlice>(slicesResource, namespace)
      .filter(each => each.metadata.labels?.[serviceLabel] === name);
    const fault = serviceFault(remote, reader.get<Service>('services', namespace, name), slices);
    if (fault) {
      await this.#setAvailable(service, fault);
      return;
    }
    const path = `/apis/${remote.group}/${remote.version}`;
    try {
      const { status } = await client.get(remote, path, { timeout: checkTime, insecure: true });
      if (status < 200 || status >= 300) {
        throw new Error(`bad status from ${urlOf(client.target(remote), path)}: ${status}`);
      }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const url = /https:[^" ]*\/v[^":]*/.exec(why)?.[0] ?? path;
      const message = `failing or missing response from ${url}: ${why}`;
      await this.#setAvailable(service, failedDiscovery(message));
      throw new Error(message, { cause });
    }
    await documents.refresh(remote);
    await this.#setAvailable(service, passed);
  }

  async #setAvailable(service: Stored<APIService>, availability: Availability): Promise<void> {
    const { registry } = this.#deps;
    await registry
      .change(this.#endpoint, '', service.metadata.name, current => {
        if (current?.metadata.uid !== service.metadata.uid) return { kind: 'keep' };
        const before = (current as Stored<APIService>).status?.conditions ?? [];
        const conditions = withAvailability(before, availability, registry.timestamp());
        if (conditions === before) return { kind: 'keep' };
        return { kind: 'write', object: { ...current, status: { conditions } } as KubeObject };
      })
      .catch(ignoreGone);
  }
}

function ignoreTaken(error: { reason?: string }): void {
  if (error.reason !== 'AlreadyExists') throw error;
}

function ignoreGone(error: { reason?: string }): void {
  if (error.reason !== 'NotFound') throw error;
}
