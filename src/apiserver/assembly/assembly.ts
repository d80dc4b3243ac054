import { once } from 'node:events';
import type { Socket } from 'node:net';
import { builtinResources } from '../../api/resources.ts';
import type { RemoteProxy } from '../aggregation/remote-proxy.ts';
import { CustomResources } from '../custom/custom-resources.ts';
import { backupResponse } from '../discovery/backup.ts';
import { Discovery } from '../discovery/discovery.ts';
import { DiscoveryHandler } from '../discovery/discovery-handler.ts';
import type { HealthCheck } from '../discovery/health.ts';
import { PathHandler } from '../discovery/path-handler.ts';
import type { ServerRequest } from '../exchange.ts';
import { attributesOf } from '../filters/authorization.ts';
import type { FlowControl } from '../flowcontrol/flow-control.ts';
import type { LocalTransport } from '../local-transport.ts';
import { RequestMetrics } from '../metrics.ts';
import type { ApiSurface } from '../openapi/openapi.ts';
import { OpenApiHandler } from '../openapi/openapi-handler.ts';
import type { ApiServerOptions } from '../options.ts';
import { admitConnection } from '../proxy/connect-admission.ts';
import { NodeClient } from '../proxy/node-client.ts';
import { PodTargets } from '../proxy/pod-targets.ts';
import { ProxyHandler, refuseUpgrade } from '../proxy/proxy-handler.ts';
import { ProxyTargets } from '../proxy/proxy-targets.ts';
import { endpointOf } from '../registry/resource-endpoint.ts';
import { RequestPipeline } from '../request-pipeline.ts';
import { Router } from '../router.ts';
import { type Access, assembleAccess } from './access.ts';
import { assembleAggregation } from './aggregation.ts';
import { assembleFlowControl } from './flow-control.ts';
import { type AssemblyDeps, type Foundation, layFoundation } from './foundation.ts';
import { assembleRegistry } from './registry.ts';
import { assembleMetrics } from './resource-metrics.ts';

/** The parts of an API server, put together. */
export interface ApiParts {
  pipeline: RequestPipeline;
  /** Answers a request for another protocol. */
  upgrade(request: ServerRequest, socket: Socket, head: Buffer): Promise<void>;
  /** Indexes what is stored. */
  start(): Promise<void>;
  /** What every cluster has is there: from now on webhooks are asked, and `/readyz` says so. `transport` is the server's own. */
  ready(transport: LocalTransport): void;
  /** Signs claims with the key of service-account tokens. */
  signToken(claims: Record<string, unknown>): string;
  endWatches(): void;
  stop(): Promise<void>;
}

/** Plain wiring: every part with what it uses. `signingKey` is PEM. */
export function assembleApi(deps: AssemblyDeps, options: ApiServerOptions, signingKey: string): ApiParts {
  const foundation = layFoundation(deps);
  const { clock, log, random, reader, hubs, endpoints, watches } = foundation;
  const access = assembleAccess(foundation, options, signingKey);
  const registry = assembleRegistry(foundation, access, options);
  const nodes = new NodeClient(reader, options.kubelet);
  const proxies = new ProxyHandler(
    new PodTargets(reader, nodes),
    new ProxyTargets({ reader, nodes, random }),
    call => admitConnection(registry.admission, endpoints.get(`/v1/${call.info.resource}`)!, call),
  );
  const state = { ready: false };
  const metrics = new RequestMetrics();
  const custom = new CustomResources(foundation);
  const aggregation = assembleAggregation({ ...foundation, registry: registry.registry }, options);
  const resourceMetrics = assembleMetrics(foundation, nodes, aggregation.services);
  const surface = () => ({
    resources: builtinResources,
    customKinds: [...custom.kinds, ...resourceMetrics.kinds()],
    remotes: aggregation.documents.openApi(),
  });
  const paths = assemblePaths(foundation, access, state, surface, () =>
    metricsText(foundation, metrics, pipeline, flows.control),
  );
  const { authorizer, rbac, tokens, authenticators } = access;
  const discoveryNow = () =>
    new Discovery(
      [...builtinResources, ...custom.resources, ...resourceMetrics.kinds().map(each => each.resource)],
      serverAddress(options),
      aggregation.documents.versions(),
    );
  const discovery = new DiscoveryHandler(discoveryNow());
  aggregation.documents.changed = () => discovery.replace(discoveryNow());
  const router = new Router({
    clock,
    endpoints,
    ...registry,
    proxies,
    reviews: { authorizer, rbac, tokens },
    discovery,
    paths,
    remotes: aggregation.proxy,
    resourceMetrics,
  });
  const route: Router['route'] = call => router.route(call);
  const flows = assembleFlowControl(foundation, options);
  const pipeline: RequestPipeline = new RequestPipeline({
    flowControl: flows.control,
    audit: options.audit,
    clock,
    log,
    random,
    authorizer,
    metrics,
    shared: deps.store.shared,
    tokens: authenticators,
    route,
  });
  return {
    pipeline,
    upgrade: (request, socket, head) =>
      upgrade(pipeline, { proxies, remotes: aggregation.proxy }, random.uuid(), request, socket, head),
    async start() {
      access.start();
      flows.start();
      custom.start(() => {
        discovery.replace(discoveryNow());
        aggregation.controller.setCustom(custom.resources);
      });
      await registry.start();
    },
    ready(transport) {
      registry.askWebhooks();
      aggregation.controller.start();
      state.ready = true;
      flows.maintain(transport);
    },
    signToken: claims => access.signer.sign(claims),
    endWatches() {
      state.ready = false;
      for (const watch of [...watches]) watch.end();
    },
    async stop() {
      await aggregation.controller.stop();
      await flows.stop();
      await registry.stop();
      hubs.close();
      nodes.close();
      foundation.webhooks.close();
      aggregation.client.close();
    },
  };
}

/** Subresources whose WebSocket form, opened with GET, does what takes the right to create. */
const creating = new Set(['exec', 'attach', 'portforward']);

async function upgrade(
  pipeline: RequestPipeline,
  { proxies, remotes }: { proxies: ProxyHandler; remotes: RemoteProxy },
  auditId: string,
  request: ServerRequest,
  socket: Socket,
  head: Buffer,
): Promise<void> {
  try {
    const trail = pipeline.trailOf(request, auditId);
    const call = await pipeline.admit(request, auditId, [], trail);
    trail?.upgraded(once(socket, 'close'));
    if (call.info.verb === 'get' && creating.has(call.info.subresource)) {
      pipeline.authorize({ ...attributesOf(call.user, call.info, request.query), verb: 'create' });
    }
    const remote = remotes.remoteOf(call);
    if (remote) await remotes.upgrade(call, remote, socket, head);
    else await proxies.upgrade(call, socket, head);
  } catch (error) {
    refuseUpgrade(socket, request, error);
  }
}

function assemblePaths(
  { decisions, store }: Foundation,
  { signer, issuer }: Access,
  state: { readonly ready: boolean },
  surface: () => ApiSurface,
  metrics: () => string,
): PathHandler {
  const openApi = new OpenApiHandler(surface);
  const checks: HealthCheck[] = [
    { name: 'ping', live: true, check: () => undefined },
    { name: 'etcd', live: true, check: () => (store.revision > 0 ? undefined : 'the store has no revision') },
    {
      name: 'etcd-readiness',
      live: false,
      // A store of its own that cannot write can still be read; of a shared one nobody knows what is in it.
      check: () => (store.shared ? store.failure?.message : undefined),
    },
    {
      name: 'poststarthook/rbac/bootstrap-roles',
      live: false,
      check: () => (state.ready ? undefined : 'not finished'),
    },
  ];
  return new PathHandler({
    decisions,
    signer,
    issuer,
    checks,
    metrics,
    backup: () => backupResponse(store),
    openApi: call => openApi.handle(call.request),
  });
}

/** The stored resources by name, with the prefix of their keys. */
const counted = builtinResources
  .filter(each => each.verbs.includes('list') && each.group === each.storageGroup)
  .map(each => {
    const name = each.group ? `${each.plural}.${each.group}` : each.plural;
    return [name, endpointOf(each).storage.prefix] as [string, string];
  });

function metricsText(
  { store, watches }: Foundation,
  metrics: RequestMetrics,
  { inFlight }: RequestPipeline,
  { levels }: FlowControl,
): string {
  return metrics.text({ inFlight, levels, store, watches: watches.size, resources: counted });
}

function serverAddress({ advertise, listen }: ApiServerOptions): string {
  const port = advertise?.port ?? listen?.port ?? 6443;
  return `${advertise?.addresses[0] ?? '127.0.0.1'}:${port}`;
}
