import type { APIService } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { formatApiVersion } from '../api/objects.ts';
import { builtinResources, completeResource, type ResourceInfo } from '../api/resources.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import { errorChain, type Logger } from '../base/log.ts';
import type { Informer } from '../client/informer.ts';
import type { Transport } from '../client/transport.ts';
import type { CollectionHandler } from './listable-resources.ts';
import { builtin } from './resources.ts';

export const apiServices = builtin('apiregistration.k8s.io/v1', 'apiservices');

/** How often other servers are asked anew what they serve, milliseconds (the garbage collector's resync). */
const resyncInterval = 30_000;
const discoveryTimeout = 10_000;

export interface Discovered {
  resources: ResourceInfo[];
  /** Group versions whose server did not say, in client-go's words: `GROUP/VERSION: why`. */
  failures: string[];
}

/** What the servers behind APIServices keep: collections that can be listed and deleted from, one version each. */
export async function discoverAggregated(
  transport: Transport,
  services: readonly Stored<APIService>[],
): Promise<Discovered> {
  const found: Discovered = { resources: [], failures: [] };
  const known = new Set(builtinResources.map(({ group, plural }) => `${plural}.${group}`));
  const remote = services.filter(({ spec }) => spec?.service);
  remote.sort((a, b) => b.spec!.versionPriority - a.spec!.versionPriority);
  for (const service of remote) {
    const { group = '', version = '' } = service.spec ?? {};
    const groupVersion = formatApiVersion(group, version);
    if (!isAvailable(service)) {
      found.failures.push(`${groupVersion}: stale GroupVersion discovery: ${groupVersion}`);
      continue;
    }
    try {
      for (const resource of await discover(transport, group, version)) {
        const name = `${resource.plural}.${group}`;
        if (!known.has(name)) found.resources.push(resource);
        known.add(name);
      }
    } catch (error) {
      found.failures.push(`${groupVersion}: ${errorChain(error)}`);
    }
  }
  return found;
}

function isAvailable({ status }: APIService): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Available' && status === 'True') ?? false;
}

interface DiscoveredResource {
  name: string;
  kind: string;
  namespaced: boolean;
  verbs?: string[];
}

async function discover(transport: Transport, group: string, version: string): Promise<ResourceInfo[]> {
  const path = `/apis/${group}/${version}`;
  const signal = AbortSignal.timeout(discoveryTimeout);
  const list = await transport.request<{ resources?: DiscoveredResource[] }>({ method: 'GET', path, signal });
  return (list.resources ?? []).flatMap(({ name, kind, namespaced, verbs = [] }) => {
    if (name.includes('/') || !verbs.includes('list') || !verbs.includes('delete')) return [];
    return [
      completeResource({
        group,
        version,
        kind,
        plural: name,
        namespaced,
        verbs: verbs as ResourceInfo['verbs'],
      }),
    ];
  });
}

/** Tells of the collections of other servers that can be watched, as they come and go. */
export class AggregatedCollections {
  readonly services: Informer<APIService>;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #known = new Map<string, ResourceInfo>();
  #running: Promise<void> | undefined;
  #again = false;

  constructor(deps: {
    clock: Clock;
    log: Logger;
    transport: Transport;
    informers: { informer(resource: ResourceInfo): Informer };
  }) {
    this.services = deps.informers.informer(apiServices) as unknown as Informer<APIService>;
    this.#transport = deps.transport;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** Until the returned function is called. */
  subscribe(handler: CollectionHandler): Cancel {
    let stopped = false;
    const refresh = () => {
      if (this.#running) this.#again = true;
      else this.#running = this.#refresh(handler, () => stopped);
    };
    const detach = this.services.addHandler({ added: refresh, updated: refresh, deleted: refresh });
    const end = this.#clock.every(resyncInterval, refresh);
    return () => {
      stopped = true;
      detach();
      end();
    };
  }

  async #refresh(handler: CollectionHandler, stopped: () => boolean): Promise<void> {
    do {
      this.#again = false;
      const services = this.services.list();
      const { resources, failures } = await discoverAggregated(this.#transport, services);
      if (failures.length > 0) this.#log.debug('not every server says what it serves', { failures });
      if (!stopped()) this.#tell(handler, resources, services);
    } while (this.#again && !stopped());
    this.#running = undefined;
  }

  #tell(
    handler: CollectionHandler,
    resources: readonly ResourceInfo[],
    services: readonly Stored<APIService>[],
  ): void {
    const watched = resources.filter(({ verbs }) => verbs.includes('watch'));
    const now = new Map(watched.map(resource => [nameOf(resource), resource]));
    // A server that is away for a while keeps its objects; what it had goes when its APIService does.
    const registered = new Set(services.map(({ spec }) => `${spec?.group}/${spec?.version}`));
    for (const [name, resource] of this.#known) {
      if (now.has(name)) continue;
      const answered = resources.some(
        ({ group, version }) => group === resource.group && version === resource.version,
      );
      if (!answered && registered.has(`${resource.group}/${resource.version}`)) continue;
      this.#known.delete(name);
      handler.removed(resource, 'unserved');
    }
    for (const [name, resource] of now) {
      if (this.#known.has(name)) continue;
      this.#known.set(name, resource);
      handler.added(resource);
    }
  }
}

function nameOf({ plural, group, version }: ResourceInfo): string {
  return `${plural}.${version}.${group}`;
}
