import type { ResourceInfo } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';

/** What a request path of the API names. */
export interface FakeRoute {
  resource: ResourceInfo;
  /** '' for cluster-wide resources and for all namespaces. */
  namespace: string;
  name: string | undefined;
  subresource: string | undefined;
  query: URLSearchParams;
}

/** Finds resources by request path and by kind. */
export class FakeRoutes {
  readonly #resources: readonly ResourceInfo[];

  constructor(resources: readonly ResourceInfo[]) {
    this.#resources = resources;
  }

  /** @throws ApiError NotFound for a path that names no resource. */
  parse(path: string): FakeRoute {
    const url = new URL(path, 'https://fake');
    const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
    const [group, rest] = parts[0] === 'api' ? ['', parts.slice(1)] : [parts[1] ?? '', parts.slice(2)];
    const [version = '', ...below] = rest;
    // /namespaces/NS/RESOURCE is in a namespace; /namespaces/NS and its subresources are the namespace itself.
    const inside = below[0] === 'namespaces' && this.#find(group, version, below[2] ?? '');
    const [namespace, [plural = '', name, subresource]] = inside
      ? [below[1] ?? '', below.slice(2)]
      : ['', below];
    const resource = this.#find(group, version, plural);
    if (!resource) throw noSuchPath();
    return { resource, namespace, name, subresource, query: url.searchParams };
  }

  byKind(group: string, version: string, kind: string): ResourceInfo | undefined {
    return this.#resources.find(r => r.group === group && r.version === version && r.kind === kind);
  }

  #find(group: string, version: string, plural: string): ResourceInfo | undefined {
    return this.#resources.find(r => r.group === group && r.version === version && r.plural === plural);
  }
}

function noSuchPath(): ApiError {
  const message = 'the server could not find the requested resource';
  return new ApiError({ message, reason: 'NotFound', code: 404 });
}
