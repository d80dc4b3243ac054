import type { APIService, APIServiceSpec } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';

/** An APIService that another server answers for. */
export interface RemoteApi {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly spec: APIServiceSpec;
  readonly service: { namespace: string; name: string; port: number };
  readonly available: boolean;
}

/** The APIServices there are; which group versions other servers answer for. */
export class ApiServices {
  readonly #all = new Map<string, Stored<APIService>>();
  readonly #remotes = new Map<string, RemoteApi>();

  set(service: Stored<APIService>): void {
    this.#remove(this.#all.get(service.metadata.name));
    this.#all.set(service.metadata.name, service);
    const remote = remoteOf(service);
    if (remote) this.#remotes.set(`${remote.group}/${remote.version}`, remote);
  }

  remove(service: Stored<APIService>): void {
    this.#remove(service);
    this.#all.delete(service.metadata.name);
  }

  get(name: string): Stored<APIService> | undefined {
    return this.#all.get(name);
  }

  all(): Iterable<Stored<APIService>> {
    return this.#all.values();
  }

  remote(group: string, version: string): RemoteApi | undefined {
    return this.#remotes.size === 0 ? undefined : this.#remotes.get(`${group}/${version}`);
  }

  /** Whether there is one of that name and this server answers for it. */
  isLocal(name: string): boolean {
    const service = this.#all.get(name);
    return service !== undefined && !service.spec?.service;
  }

  remotes(): RemoteApi[] {
    return [...this.#remotes.values()];
  }

  #remove(service: APIService | undefined): void {
    if (service?.spec) this.#remotes.delete(`${service.spec.group ?? ''}/${service.spec.version ?? ''}`);
  }
}

export function remoteOf({ metadata, spec, status }: Stored<APIService>): RemoteApi | undefined {
  if (!spec?.service) return undefined;
  const { namespace = '', name = '', port = 443 } = spec.service;
  return {
    name: metadata.name,
    group: spec.group ?? '',
    version: spec.version ?? '',
    spec,
    service: { namespace, name, port },
    available: (status?.conditions ?? []).some(each => each.type === 'Available' && each.status === 'True'),
  };
}
