import type { DeleteOptions } from '../api/generated/types.ts';
import type { KubeList, KubeObject, Stored } from '../api/objects.ts';
import { type ResourceInfo, resourcePath } from '../api/resources.ts';
import type { Transport } from './transport.ts';

export interface Selection {
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
}

export type PatchType = 'json' | 'merge' | 'strategic-merge' | 'apply';

const patchContentType: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  'strategic-merge': 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** The verbs on one resource. All reject with `ApiError` when the server refuses. */
export class ResourceClient<T extends KubeObject> {
  readonly #transport: Transport;
  readonly #resource: ResourceInfo;

  constructor(transport: Transport, resource: ResourceInfo) {
    this.#transport = transport;
    this.#resource = resource;
  }

  get(namespace: string, name: string, signal?: AbortSignal): Promise<Stored<T>> {
    return this.#send('GET', { namespace, name }, { signal });
  }

  list(namespace: string, selection: Selection = {}, signal?: AbortSignal): Promise<KubeList<Stored<T>>> {
    return this.#send('GET', { namespace }, { query: { ...selection }, signal });
  }

  create(object: T, signal?: AbortSignal): Promise<Stored<T>> {
    const namespace = object.metadata?.namespace;
    return this.#send('POST', { namespace }, { body: this.#typed(object), signal });
  }

  update(object: T, signal?: AbortSignal): Promise<Stored<T>> {
    return this.#send('PUT', at(object), { body: this.#typed(object), signal });
  }

  updateStatus(object: T, signal?: AbortSignal): Promise<Stored<T>> {
    const where = { ...at(object), subresource: 'status' };
    return this.#send('PUT', where, { body: this.#typed(object), signal });
  }

  patch(
    namespace: string,
    name: string,
    patch: unknown,
    options: {
      type?: PatchType;
      subresource?: string;
      query?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ): Promise<Stored<T>> {
    const { type = 'merge', subresource, query, signal } = options;
    const contentType = patchContentType[type];
    return this.#send('PATCH', { namespace, name, subresource }, { body: patch, contentType, query, signal });
  }

  delete(
    namespace: string,
    name: string,
    options: DeleteOptions = {},
    signal?: AbortSignal,
  ): Promise<unknown> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
    return this.#send('DELETE', { namespace, name }, { body, signal });
  }

  /** POSTs to a subresource: `binding`, `eviction`, `token`. */
  createSubresource<R>(namespace: string, name: string, subresource: string, body: unknown): Promise<R> {
    return this.#send('POST', { namespace, name, subresource }, { body });
  }

  #typed(object: T): T {
    const { group, version, kind } = this.#resource;
    return { apiVersion: group ? `${group}/${version}` : version, kind, ...object };
  }

  #send<R>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    where: { namespace?: string; name?: string; subresource?: string },
    options: {
      body?: unknown;
      contentType?: string;
      query?: Record<string, string | number | undefined>;
      signal?: AbortSignal;
    },
  ): Promise<R> {
    const { query, ...rest } = options;
    const path = resourcePath(this.#resource, where) + queryString(query);
    return this.#transport.request<R>({ method, path, ...rest });
  }
}

function at(object: KubeObject): { namespace?: string; name: string } {
  return { namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' };
}

/** `{a: '1', b: undefined}` → `?a=1`; '' where nothing is set. */
export function queryString(query: Record<string, string | number | undefined> = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}
