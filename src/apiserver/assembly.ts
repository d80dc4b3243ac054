import type { Socket } from 'node:net';
import type { ClusterRole, ClusterRoleBinding, Pod, Role, RoleBinding } from '../api/generated/types.ts';
import { builtinByResource, builtinResources } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import type { Store } from '../store/store.ts';
import { AdmissionChain } from './admission/admission.ts';
import { CertificateAdmission } from './admission/certificate-approval.ts';
import { NamespaceLifecycle } from './admission/namespace-lifecycle.ts';
import { NodeRestriction } from './admission/node-restriction.ts';
import { defaultTolerations, taintNewNodes } from './admission/node-taints.ts';
import { ObjectReader } from './admission/object-reader.ts';
import { PriorityAdmission } from './admission/priority.ts';
import { RbacEscalation } from './admission/rbac-escalation.ts';
import { ServiceAccountAdmission } from './admission/service-account.ts';
import { Discovery } from './discovery/discovery.ts';
import { DiscoveryHandler } from './discovery/discovery-handler.ts';
import type { HealthCheck } from './discovery/health.ts';
import { PathHandler } from './discovery/path-handler.ts';
import type { ServerRequest } from './exchange.ts';
import { StaticTokens } from './filters/authentication.ts';
import { AuthorizerChain, attributesOf, privilegedGroup } from './filters/authorization.ts';
import { TokenSigner } from './filters/jwt.ts';
import { NodeAuthorizer, NodeReferences } from './filters/node-authorizer.ts';
import { type FindObject, ServiceAccountTokens } from './filters/service-account-token.ts';
import { RequestMetrics } from './metrics.ts';
import { followResource } from './objects/resource-follower.ts';
import { OpenApiHandler } from './openapi/openapi-handler.ts';
import { type ApiServerOptions, defaultIssuer } from './options.ts';
import { NodeClient } from './proxy/node-client.ts';
import { PodTargets } from './proxy/pod-targets.ts';
import { ProxyHandler, refuseUpgrade } from './proxy/proxy-handler.ts';
import { ProxyTargets } from './proxy/proxy-targets.ts';
import type { Random } from './random.ts';
import { PolicyIndex } from './rbac/policy-index.ts';
import { RbacAuthorizer } from './rbac/rbac-authorizer.ts';
import { signingRequestStrategy } from './registry/certificates.ts';
import { namespaceStrategy } from './registry/core/namespace.ts';
import { podStrategy } from './registry/core/pod.ts';
import { assembleServices } from './registry/core/services/assembly.ts';
import { EventExpiry } from './registry/event-expiry.ts';
import { Registry } from './registry/registry.ts';
import { endpointOf } from './registry/resource-endpoint.ts';
import { ResourceHandler } from './registry/resource-handler.ts';
import type { Strategy } from './registry/strategies.ts';
import { SubresourceHandler } from './registry/subresource-handler.ts';
import { RequestPipeline } from './request-pipeline.ts';
import { Router } from './router.ts';
import { ResourceHubs } from './watch/resource-hub.ts';

export interface AssemblyDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  store: Store;
  random: Random;
}

/** The parts of an API server, put together. */
export interface ApiParts {
  pipeline: RequestPipeline;
  upgrades(request: ServerRequest, socket: Socket, head: Buffer): Promise<void>;
  /** Indexes what is stored. */
  start(): Promise<void>;
  /** From now on `/readyz` says so. */
  ready(): void;
  endWatches(): void;
  stop(): void;
}

/** Plain wiring: every part with what it uses. `signingKey` is PEM. */
export function assembleApi(deps: AssemblyDeps, options: ApiServerOptions, signingKey: string): ApiParts {
  const { clock, log, decisions, store, random } = deps;
  const hubs = new ResourceHubs(store);
  const reader = new ObjectReader(store);
  const watches = new Set<{ end(): void }>();
  const signer = new TokenSigner(signingKey);
  const issuer = options.serviceAccountSigning?.issuer ?? defaultIssuer;
  const policies = new PolicyIndex();
  const references = new NodeReferences();
  const rbac = new RbacAuthorizer(policies);
  const authorizer = new AuthorizerChain([privilegedGroup, new NodeAuthorizer(references), rbac]);
  const tokens = new ServiceAccountTokens(
    { clock, signer, find: finder(reader) },
    { issuer, audiences: [issuer] },
  );
  const admission = new AdmissionChain([
    new NamespaceLifecycle(reader),
    new NodeRestriction(reader),
    taintNewNodes,
    new ServiceAccountAdmission({ clock, random, reader, hubs }),
    new PriorityAdmission(reader),
    defaultTolerations,
    new RbacEscalation({ authorizer, rbac, policies }),
    new CertificateAdmission(authorizer),
  ]);
  const endpoints = new Map(
    builtinResources.map(each => [`${each.group}/${each.version}/${each.plural}`, endpointOf(each)]),
  );
  const strategies: Record<string, Strategy> = {
    'core/Namespace': namespaceStrategy,
    'core/Pod': podStrategy,
    'certificates.k8s.io/CertificateSigningRequest': signingRequestStrategy,
  };
  const registry = new Registry({ clock, store, random, admission, strategies });
  const services = assembleServices(
    { registry, reader, store, hubs, random, decisions, log },
    options,
    endpoints,
  );
  strategies['core/Service'] = services.strategy;
  const handler = new ResourceHandler(registry, { clock, store, hubs, open: watches });
  const subresources = new SubresourceHandler({
    registry,
    handler,
    reader,
    decisions,
    tokens: { clock, random, reader, signer, issuer, audiences: [issuer] },
    budgets: endpoints.get('policy/v1/poddisruptionbudgets')!,
  });
  const expiry = new EventExpiry({ clock, log, store }, endpoints.get('/v1/events')!.storage.prefix);
  const metrics = new RequestMetrics();
  const openApi = new OpenApiHandler(() => ({ resources: builtinResources }));
  let isReady = false;
  const checks: HealthCheck[] = [
    { name: 'ping', live: true, check: () => undefined },
    { name: 'log', live: true, check: () => undefined },
    { name: 'etcd', live: true, check: () => (store.revision > 0 ? undefined : 'the store has no revision') },
    {
      name: 'poststarthook/rbac/bootstrap-roles',
      live: false,
      check: () => (isReady ? undefined : 'not finished'),
    },
  ];
  const counted = builtinResources
    .filter(each => each.verbs.includes('list') && each.group === each.storageGroup)
    .map(each => [
      each.group ? `${each.plural}.${each.group}` : each.plural,
      endpointOf(each).storage.prefix,
    ]);
  const paths = new PathHandler({
    decisions,
    signer,
    issuer,
    checks,
    metrics: () =>
      metrics.text({
        inFlight: pipeline.inFlight,
        store,
        watches: watches.size,
        resources: counted as [string, string][],
      }),
    openApi: call => openApi.handle(call.request),
  });
  const discovery = new DiscoveryHandler(new Discovery(builtinResources, serverAddress(options)));
  const nodes = new NodeClient(reader, options.kubelet);
  const proxies = new ProxyHandler(
    new PodTargets(reader, nodes),
    new ProxyTargets({ reader, nodes, random }),
  );
  const router = new Router({
    proxies,
    clock,
    endpoints,
    handler,
    subresources,
    reviews: { authorizer, rbac, tokens },
    discovery,
    paths,
  });
  const pipeline: RequestPipeline = new RequestPipeline({
    clock,
    log,
    random,
    authorizer,
    metrics,
    tokens: [new StaticTokens(options.tokens ?? new Map()), tokens],
    route: call => router.route(call),
  });
  return {
    pipeline,
    async upgrades(request, socket, head) {
      try {
        const call = await pipeline.admit(request, random.uuid());
        // A WebSocket is opened with GET; what it does takes the right to create all the same.
        if (call.info.verb === 'get') {
          pipeline.authorize({ ...attributesOf(call.user, call.info, request.query), verb: 'create' });
        }
        await proxies.upgrade(call, socket, head);
      } catch (error) {
        refuseUpgrade(socket, request, error);
      }
    },
    async start() {
      followPolicies({ store, hubs }, policies);
      await services.start();
      expiry.start();
      followResource<Pod>({ store, hubs }, endpoints.get('/v1/pods')!, {
        set: (key, pod) => references.setPod(key, pod),
        removed: key => references.removePod(key),
      });
    },
    ready: () => {
      isReady = true;
    },
    endWatches() {
      isReady = false;
      for (const watch of [...watches]) watch.end();
    },
    stop() {
      expiry.stop();
      hubs.close();
      nodes.close();
    },
  };
}

function serverAddress({ advertise, listen }: ApiServerOptions): string {
  const port = advertise?.port ?? listen?.port ?? 6443;
  return `${advertise?.addresses[0] ?? '127.0.0.1'}:${port}`;
}

function finder(reader: ObjectReader): FindObject {
  const resources: Record<string, string> = {
    Pod: 'pods',
    Secret: 'secrets',
    Node: 'nodes',
    ServiceAccount: 'serviceaccounts',
  };
  return (kind, namespace, name) => reader.get(resources[kind]!, namespace, name);
}

function followPolicies(deps: { store: Store; hubs: ResourceHubs }, index: PolicyIndex): void {
  const group = 'rbac.authorization.k8s.io';
  const of = (resource: string) => endpointOf(builtinByResource({ group, version: 'v1', resource })!);
  for (const resource of ['roles', 'clusterroles']) {
    followResource<Role | ClusterRole>(deps, of(resource), {
      set: (_key, role) => index.setRole(role),
      removed: (_key, role) => index.removeRole(role),
    });
  }
  for (const resource of ['rolebindings', 'clusterrolebindings']) {
    followResource<RoleBinding | ClusterRoleBinding>(deps, of(resource), {
      set: (_key, binding) => index.setBinding(binding),
      removed: (_key, binding) => index.removeBinding(binding),
    });
  }
}
