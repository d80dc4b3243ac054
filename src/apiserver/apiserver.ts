import type { Socket } from 'node:net';
import { builtinResources } from '../api/resources.ts';
import { ApiError, methodNotAllowed } from '../api/status.ts';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import type { Store } from '../store/store.ts';
import { AdmissionChain } from './admission/admission.ts';
import type { Call } from './call.ts';
import { Discovery } from './discovery/discovery.ts';
import { DiscoveryHandler } from './discovery/discovery-handler.ts';
import { type ApiUser, type ServerRequest, type ServerResponse, textResponse } from './exchange.ts';
import { withAuthenticated } from './filters/authentication.ts';
import { AuthorizerChain, privilegedGroup } from './filters/authorization.ts';
import { Listener } from './http/listener.ts';
import { type LocalTransport, localTransport } from './local-transport.ts';
import { type Random, systemRandom } from './random.ts';
import { Registry } from './registry/registry.ts';
import { endpointOf, type ResourceEndpoint } from './registry/resource-endpoint.ts';
import { ResourceHandler } from './registry/resource-handler.ts';
import { statusRules } from './registry/update.ts';
import { RequestPipeline } from './request-pipeline.ts';
import { ResourceHubs } from './watch/resource-hub.ts';

export interface ApiServerDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  /** Started and stopped by the one who made it. */
  store: Store;
  random?: Random;
}

export interface ApiServerOptions {
  /** Where it listens; without it, it serves in process only. PEM throughout. */
  listen?: {
    addresses: readonly string[];
    /** 0 takes a free one. */
    port: number;
    tls: { cert: string; key: string; clientCa: string };
  };
}

/** The Kubernetes API on a store. */
export class ApiServer implements Component {
  readonly name = 'apiserver';
  readonly #log: Logger;
  readonly #pipeline: RequestPipeline;
  readonly #handler: ResourceHandler;
  readonly #discovery: DiscoveryHandler;
  readonly #endpoints = new Map<string, ResourceEndpoint>();
  readonly #hubs: ResourceHubs;
  readonly #watches = new Set<{ end(): void }>();
  readonly #listener: Listener | undefined;

  constructor(deps: ApiServerDeps, options: ApiServerOptions) {
    const { clock, store, random = systemRandom } = deps;
    this.#log = deps.log.child('apiserver');
    this.#hubs = new ResourceHubs(store);
    const registry = new Registry({ clock, store, random, admission: new AdmissionChain([]) });
    this.#handler = new ResourceHandler(registry, { clock, store, hubs: this.#hubs, open: this.#watches });
    this.#discovery = new DiscoveryHandler(new Discovery(builtinResources, '127.0.0.1:6443'));
    for (const resource of builtinResources) {
      this.#endpoints.set(`${resource.group}/${resource.version}/${resource.plural}`, endpointOf(resource));
    }
    this.#pipeline = new RequestPipeline({
      clock,
      log: this.#log,
      random,
      authorizer: new AuthorizerChain([privilegedGroup]),
      tokens: [],
      route: call => this.#route(call),
    });
    if (options.listen) {
      const handle = (request: ServerRequest) => this.#pipeline.handle(request);
      const upgrade = async (_request: ServerRequest, socket: Socket) => void socket.destroy();
      this.#listener = new Listener({ log: this.#log, handle, upgrade }, options.listen);
    }
  }

  /** The port it listens on, once started. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  async start(_signal: AbortSignal): Promise<void> {
    await this.#listener?.start();
  }

  async stop(): Promise<void> {
    for (const watch of [...this.#watches]) watch.end();
    await this.#listener?.stop();
    this.#hubs.close();
  }

  /** In-process access; the objects it hands out are frozen and shared. */
  transport(user: ApiUser): LocalTransport {
    return localTransport(request => this.#pipeline.handle(request), withAuthenticated(user));
  }

  #route(call: Call): ServerResponse | Promise<ServerResponse> {
    const { info } = call;
    if (info.isResource) {
      const endpoint = this.#endpoints.get(`${info.group}/${info.version}/${info.resource}`);
      if (endpoint) return this.#routeResource(call, endpoint);
    }
    return this.#discovery.handle(call) ?? this.#routePath(call);
  }

  #routeResource(call: Call, endpoint: ResourceEndpoint): ServerResponse | Promise<ServerResponse> {
    const { subresource, verb } = call.info;
    if (subresource === '') return this.#handler.handle(call, endpoint);
    if (!endpoint.resource.subresources.includes(subresource)) throw noSuchResource();
    if (subresource === 'status') {
      const rules = statusRules(endpoint);
      if (verb === 'get') return this.#handler.handle(call, endpoint);
      if (verb === 'update') return this.#handler.update(call, endpoint, rules);
      if (verb === 'patch') return this.#handler.patch(call, endpoint, rules);
    }
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }

  #routePath(call: Call): ServerResponse {
    const { path } = call.request;
    if (path === '/healthz' || path === '/livez' || path === '/readyz') return textResponse(200, 'ok');
    if (call.info.isResource) throw noSuchResource();
    return textResponse(404, '404 page not found\n');
  }
}

function noSuchResource(): ApiError {
  const message = 'the server could not find the requested resource';
  return new ApiError({ message, reason: 'NotFound', code: 404, details: {} });
}
