import type { ResourceQuota } from '../../api/generated/types.ts';
import { notFound } from '../../api/status.ts';
import { AdmissionChain } from '../admission/admission.ts';
import { CertificateAdmission } from '../admission/certificate-approval.ts';
import { ClaimResizeAdmission } from '../admission/claim-resize.ts';
import { DefaultIngressClassAdmission } from '../admission/default-ingress-class.ts';
import { DefaultStorageClassAdmission } from '../admission/default-storage-class.ts';
import { LimitRanger } from '../admission/limit-ranger.ts';
import { NamespaceLifecycle } from '../admission/namespace-lifecycle.ts';
import { NodeRestriction } from '../admission/node-restriction.ts';
import { defaultTolerations, taintNewNodes } from '../admission/node-taints.ts';
import { PodSecurity } from '../admission/pod-security.ts';
import { assemblePolicies, type PolicyParts } from '../admission/policy/assembly.ts';
import { PriorityAdmission } from '../admission/priority.ts';
import { QuotaAdmission } from '../admission/quota/quota-admission.ts';
import { QuotaIndex } from '../admission/quota/quota-index.ts';
import { RbacEscalation } from '../admission/rbac-escalation.ts';
import { RuntimeClassAdmission } from '../admission/runtime-class.ts';
import { ServiceAccountAdmission } from '../admission/service-account.ts';
import { ServiceWarnings } from '../admission/service-warnings.ts';
import { StorageObjectInUseAdmission } from '../admission/storage-object-in-use.ts';
import { MutatingWebhooks } from '../admission/webhooks/mutating-webhooks.ts';
import { ValidatingWebhooks } from '../admission/webhooks/validating-webhooks.ts';
import { type WebhookConfiguration, WebhookIndex } from '../admission/webhooks/webhook-index.ts';
import { DefinitionController } from '../custom/definition-controller.ts';
import { definitionStrategy } from '../custom/definition-strategy.ts';
import { followResource } from '../objects/resource-follower.ts';
import type { ApiServerOptions } from '../options.ts';
import { signingRequestStrategy } from '../registry/certificates.ts';
import { namespaceStrategy } from '../registry/core/namespace.ts';
import { podStrategy } from '../registry/core/pod.ts';
import { assembleServices } from '../registry/core/services/assembly.ts';
import { deviceStrategies } from '../registry/devices.ts';
import { EventExpiry } from '../registry/event-expiry.ts';
import { Registry } from '../registry/registry.ts';
import { ResourceHandler } from '../registry/resource-handler.ts';
import type { Strategy } from '../registry/strategies.ts';
import { SubresourceHandler } from '../registry/subresource-handler.ts';
import type { Access } from './access.ts';
import type { Foundation } from './foundation.ts';

/** What reads and writes stored objects. */
export interface RegistryParts {
  registry: Registry;
  admission: AdmissionChain;
  handler: ResourceHandler;
  subresources: SubresourceHandler;
  /** Indexes what is stored and mends what a crash left half-done. */
  start(): Promise<void>;
  /** From now on webhooks are asked and policies in force: what the server itself writes first must not wait for pods. */
  askWebhooks(): void;
  stop(): Promise<void>;
}

export function assembleRegistry(
  foundation: Foundation,
  access: Access,
  options: ApiServerOptions,
): RegistryParts {
  const { clock, log, decisions, store, random, hubs, reader, endpoints, watches } = foundation;
  const strategies: Record<string, Strategy> = {
    'core/Namespace': namespaceStrategy,
    'core/Pod': podStrategy,
    'apiextensions.k8s.io/CustomResourceDefinition': definitionStrategy,
    'certificates.k8s.io/CertificateSigningRequest': signingRequestStrategy,
    ...deviceStrategies(reader),
  };
  const quotas = new QuotaIndex();
  const quotaEndpoint = endpoints.get('/v1/resourcequotas')!;
  const quotaAdmission = new QuotaAdmission({
    clock,
    quotas,
    async write(namespace, name, change) {
      await registry.change(quotaEndpoint, namespace, name, current => {
        if (!current) throw notFound(quotaEndpoint.qualified, name);
        return { kind: 'write', object: change(current) };
      });
    },
  });
  const warnings = new ServiceWarnings(reader, { hasBalancerPool: options.hasBalancerPool ?? false });
  const mutating = new WebhookIndex();
  const validating = new WebhookIndex();
  const policies = assemblePolicies(foundation, access.authorizer);
  const configurable = { mutating, validating, policies };
  const admission = assembleAdmission(foundation, access, quotaAdmission, warnings, configurable);
  const registry: Registry = new Registry({ clock, store, random, admission, strategies });
  const services = assembleServices({ ...foundation, registry }, options, endpoints);
  strategies['core/Service'] = services.strategy;
  const expiry = new EventExpiry({ clock, log, store }, endpoints.get('/v1/events')!.storage.prefix);
  const { signer, issuer } = access;
  const definitions = new DefinitionController({
    clock,
    log,
    registry,
    hubs,
    random,
    webhooks: foundation.webhooks,
    definitions: endpoints.get('apiextensions.k8s.io/v1/customresourcedefinitions')!,
  });
  const handler = new ResourceHandler(registry, { clock, store, hubs, open: watches }, access.authorizer);
  return {
    registry,
    admission,
    handler,
    subresources: new SubresourceHandler({
      registry,
      handler,
      reader,
      decisions,
      tokens: { clock, random, reader, signer, issuer, audiences: [issuer] },
      budgets: endpoints.get('policy/v1/poddisruptionbudgets')!,
    }),
    async start() {
      followResource<ResourceQuota>(foundation, quotaEndpoint, {
        set: (_key, quota) => quotas.set(quota),
        removed: (_key, quota) => quotas.remove(quota),
      });
      await services.start();
      expiry.start();
      definitions.start();
    },
    askWebhooks() {
      policies.follow();
      followWebhooks(foundation, 'mutatingwebhookconfigurations', mutating);
      followWebhooks(foundation, 'validatingwebhookconfigurations', validating);
    },
    async stop() {
      expiry.stop();
      await definitions.stop();
    },
  };
}

function followWebhooks(foundation: Foundation, plural: string, index: WebhookIndex): void {
  const endpoint = foundation.endpoints.get(`admissionregistration.k8s.io/v1/${plural}`)!;
  followResource<WebhookConfiguration>(foundation, endpoint, {
    set: (_key, configuration) => index.set(configuration),
    removed: (_key, configuration) => index.remove(configuration),
  });
}

/** The admission plugins in upstream's order. */
function assembleAdmission(
  foundation: Foundation,
  access: Access,
  quotas: QuotaAdmission,
  warnings: ServiceWarnings,
  configurable: { mutating: WebhookIndex; validating: WebhookIndex; policies: PolicyParts },
): AdmissionChain {
  const { clock, random, reader, hubs } = foundation;
  const { authorizer, rbac, policies } = access;
  const builtin = [
    new NamespaceLifecycle(reader),
    new LimitRanger(reader),
    new NodeRestriction(reader),
    taintNewNodes,
    new ServiceAccountAdmission({ clock, random, reader, hubs }),
    new PodSecurity(reader),
    new PriorityAdmission(reader),
    defaultTolerations,
    new DefaultStorageClassAdmission(reader),
    new ClaimResizeAdmission(reader),
    new RuntimeClassAdmission(reader),
    new DefaultIngressClassAdmission(reader),
    new StorageObjectInUseAdmission(),
    new RbacEscalation({ authorizer, rbac, policies }),
    new CertificateAdmission(authorizer),
    warnings,
  ];
  const asking = { ...foundation, authorizer };
  const configured = [
    configurable.policies.mutating,
    new MutatingWebhooks(asking, configurable.mutating),
    configurable.policies.validating,
    new ValidatingWebhooks(asking, configurable.validating),
  ];
  // What quotas let through is counted: they come last.
  return new AdmissionChain({ builtin, configured, last: [quotas] });
}
