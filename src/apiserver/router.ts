import { ApiError, methodNotAllowed } from '../api/status.ts';
import type { Clock } from '../base/clock.ts';
import type { RemoteProxy } from './aggregation/remote-proxy.ts';
import type { Call } from './call.ts';
import type { DiscoveryHandler } from './discovery/discovery-handler.ts';
import type { PathHandler } from './discovery/path-handler.ts';
import { type ServerResponse, textResponse } from './exchange.ts';
import type { ProxyHandler } from './proxy/proxy-handler.ts';
import { componentStatuses } from './registry/core/component-status.ts';
import type { CustomFacts, ResourceEndpoint } from './registry/resource-endpoint.ts';
import type { ResourceHandler } from './registry/resource-handler.ts';
import { answerReview, isReview, type ReviewDeps } from './registry/reviews.ts';
import type { SubresourceHandler } from './registry/subresource-handler.ts';
import type { MetricsApi } from './resource-metrics/metrics-api.ts';

export interface RouterDeps {
  clock: Clock;
  /** By `group/version/plural`. */
  endpoints: ReadonlyMap<string, ResourceEndpoint>;
  handler: ResourceHandler;
  subresources: SubresourceHandler;
  proxies: ProxyHandler;
  reviews: ReviewDeps;
  discovery: DiscoveryHandler;
  paths: PathHandler;
  /** Answers for the APIs of other servers. */
  remotes: RemoteProxy;
  /** What is served beside stored objects. */
  resourceMetrics: Pick<MetricsApi, 'handle'>;
}

/** Brings a call to what answers it. */
export class Router {
  readonly #deps: RouterDeps;

  constructor(deps: RouterDeps) {
    this.#deps = deps;
  }

  /** @throws ApiError 404 where nothing is served. */
  route(call: Call): ServerResponse | Promise<ServerResponse> {
    const { info } = call;
    const remote = this.#deps.remotes.handle(call);
    if (remote) return remote;
    if (info.isResource && info.resource !== '') {
      const endpoint = this.#deps.endpoints.get(`${info.group}/${info.version}/${info.resource}`);
      if (endpoint) return this.#routeResource(call, endpoint);
      const metrics = this.#deps.resourceMetrics.handle(call);
      if (metrics) return metrics;
      throw noSuchResource();
    }
    const response = this.#deps.discovery.handle(call) ?? this.#deps.paths.handle(call);
    if (response) return response;
    if (info.isResource || info.path.startsWith('/api')) throw noSuchResource();
    return textResponse(404, '404 page not found\n');
  }

  #routeResource(call: Call, endpoint: ResourceEndpoint): ServerResponse | Promise<ServerResponse> {
    const { resource } = endpoint;
    const { subresource, verb, namespace, pathName } = call.info;
    if (subresource !== '') {
      if (!resource.subresources.includes(subresource)) throw noSuchResource();
      const { proxies, subresources } = this.#deps;
      return proxies.serves(subresource) ? proxies.handle(call) : subresources.handle(call, endpoint);
    }
    if (endpoint.custom) checkCustom(call, endpoint.custom);
    checkVerb(endpoint, verb, pathName, call.request.method);
    if (namespace !== '' && !resource.namespaced && resource.kind !== 'Namespace') throw noSuchResource();
    if (verb === 'create' && resource.namespaced && namespace === '') throw noSuchResource();
    if (isReview(endpoint)) return answerReview(this.#deps.reviews, call, endpoint);
    if (resource.kind === 'ComponentStatus') return componentStatuses(call, endpoint, this.#deps.clock.now());
    if (resource.kind === 'Binding') {
      return this.#deps.subresources.bind(call, this.#deps.endpoints.get('/v1/pods')!, '');
    }
    return this.#deps.handler.handle(call, endpoint);
  }
}

/** Objects are not POSTed to, collections neither PUT nor PATCHed. @throws ApiError 405 */
function checkVerb({ resource, custom }: ResourceEndpoint, verb: string, name: string, method: string): void {
  const onObject = name !== '';
  const needsObject = verb === 'update' || verb === 'patch';
  const misplaced = (needsObject && !onObject) || (verb === 'create' && onObject && method === 'POST');
  // What discovery leaves out while a definition goes is still done, so that finalizers can be worked off.
  if (!misplaced && (custom || (resource.verbs as readonly string[]).includes(verb))) return;
  throw methodNotAllowed('the server does not allow this method on the requested resource');
}

/** @throws ApiError 405 for a creation while the definition goes */
function checkCustom(call: Call, { warning, terminating }: CustomFacts): void {
  if (warning !== undefined) call.warnings.push(warning);
  if (!terminating || call.info.verb !== 'create') return;
  throw methodNotAllowed('create not allowed while custom resource definition is terminating');
}

export function noSuchResource(): ApiError {
  const message = 'the server could not find the requested resource';
  return new ApiError({ message, reason: 'NotFound', code: 404, details: {} });
}
