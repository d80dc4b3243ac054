import type {
  AuthenticationTokenRequest,
  Binding,
  Eviction,
  Namespace,
  Scale,
} from '../../api/generated/types.ts';
import type { GroupVersionKind, KubeObject, Stored } from '../../api/objects.ts';
import { badRequest, invalid, methodNotAllowed } from '../../api/status.ts';
import type { DecisionLog } from '../../base/decisions.ts';
import { restrictNodeToken } from '../admission/node-restriction.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import type { Call } from '../call.ts';
import type { ServerResponse } from '../exchange.ts';
import { nodeOf } from '../filters/node-authorizer.ts';
import { negotiate } from '../negotiation.ts';
import { cloneJson } from '../objects/decoded.ts';
import { applyType } from './apply.ts';
import { approvalRules, requestStatusRules } from './certificates.ts';
import { bindPod } from './core/binding.ts';
import { evictPod } from './core/eviction.ts';
import { ephemeralContainerRules, resizeRules } from './core/pod-updates.ts';
import { issueToken, type TokenIssuer } from './core/token-request.ts';
import { checkNames } from './object-names.ts';
import { builtinRules } from './object-rules.ts';
import { readPatchOf } from './patch.ts';
import type { Registry } from './registry.ts';
import { encoded } from './representation.ts';
import { bodyMediaType, readObjectAs } from './request-object.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import type { ResourceHandler } from './resource-handler.ts';
import { scaleOf, withScale } from './scale.ts';
import { readScaleApply } from './scale-apply.ts';
import { admitSubresource } from './subresource-admission.ts';
import { statusRules, type UpdateRules, updateObject } from './update.ts';
import { writeOptions } from './write-options.ts';

export interface SubresourceDeps {
  registry: Registry;
  handler: ResourceHandler;
  reader: ObjectReader;
  decisions: DecisionLog;
  tokens: TokenIssuer;
  /** Of poddisruptionbudgets. */
  budgets: ResourceEndpoint;
}

const bindingKind: GroupVersionKind = { group: '', version: 'v1', kind: 'Binding' };
const evictionKind: GroupVersionKind = { group: 'policy', version: 'v1', kind: 'Eviction' };
const tokenRequestKind: GroupVersionKind = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
};
const scaleKind: GroupVersionKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** Subresources that show the whole object and change a part of it. */
const wholeObject: Record<string, (endpoint: ResourceEndpoint, now: string) => UpdateRules> = {
  status: (endpoint, now) =>
    endpoint.gvk.kind === 'CertificateSigningRequest'
      ? requestStatusRules(endpoint, now)
      : statusRules(endpoint),
  ephemeralcontainers: ephemeralContainerRules,
  resize: resizeRules,
  finalize: finalizeRules,
  approval: approvalRules,
};

/** What lies below an object in the path, except for what is proxied to nodes. */
export class SubresourceHandler {
  readonly #deps: SubresourceDeps;

  constructor(deps: SubresourceDeps) {
    this.#deps = deps;
  }

  /** @throws ApiError 405 for a verb the subresource does not take. */
  async handle(call: Call, endpoint: ResourceEndpoint): Promise<ServerResponse> {
    const { subresource, verb } = call.info;
    const rules = wholeObject[subresource]?.(endpoint, this.#deps.registry.timestamp());
    if (rules) return this.#whole(call, endpoint, rules);
    if (subresource === 'scale') return this.#scale(call, endpoint);
    if (verb !== 'create') throw notAllowed();
    if (subresource === 'binding') return this.bind(call, endpoint, call.info.pathName);
    if (subresource === 'eviction') return this.#evict(call, endpoint);
    if (subresource === 'token') return this.#token(call, endpoint);
    throw notAllowed();
  }

  #whole(call: Call, endpoint: ResourceEndpoint, rules: UpdateRules): Promise<ServerResponse> {
    const { handler } = this.#deps;
    switch (call.info.verb) {
      case 'get':
        return handler.handle(call, endpoint);
      case 'update':
        return handler.update(call, endpoint, rules);
      case 'patch':
        return handler.patch(call, endpoint, rules);
      default:
        throw notAllowed();
    }
  }

  /** `pods/{name}/binding`, and `bindings` where the body names the pod. */
  async bind(call: Call, pods: ResourceEndpoint, pathName: string): Promise<ServerResponse> {
    const { registry, reader, decisions } = this.#deps;
    const binding = await readObjectAs<Binding>(call, bindingKind);
    const name = pathName || binding.metadata?.name || '';
    const named = binding.metadata?.name;
    if (named && named !== name) throw badRequest('name in URL does not match name in Binding object');
    const { namespace } = call.info;
    const write = { operation: 'CREATE', subresource: 'binding', kind: bindingKind } as const;
    await admitSubresource(registry.admission, call, pods, { ...write, name, object: binding });
    await bindPod({ registry, reader, decisions }, pods, namespace, name, binding, writeOptions(call).dryRun);
    return encoded(
      negotiate(call.request, false, () => true),
      201,
      success,
    );
  }

  async #evict(call: Call, pods: ResourceEndpoint): Promise<ServerResponse> {
    const { registry, reader, budgets } = this.#deps;
    const eviction = await readObjectAs<Eviction>(call, evictionKind);
    const { namespace, pathName } = call.info;
    const write = { operation: 'CREATE', subresource: 'eviction', kind: evictionKind } as const;
    await admitSubresource(registry.admission, call, pods, { ...write, name: pathName, object: eviction });
    await evictPod({ registry, reader, budgets }, pods, namespace, pathName, eviction, writeOptions(call));
    return encoded(
      negotiate(call.request, false, () => true),
      201,
      success,
    );
  }

  async #token(call: Call, accounts: ResourceEndpoint): Promise<ServerResponse> {
    const { registry } = this.#deps;
    const request = await readObjectAs<AuthenticationTokenRequest>(call, tokenRequestKind);
    const { namespace, pathName } = call.info;
    const node = nodeOf(call.user);
    if (node !== undefined) {
      restrictNodeToken(node, request, name => this.#deps.reader.get('pods', namespace, name));
    }
    const write = { operation: 'CREATE', subresource: 'token', kind: tokenRequestKind } as const;
    await admitSubresource(registry.admission, call, accounts, { ...write, name: pathName, object: request });
    const issued = issueToken(this.#deps.tokens, accounts, namespace, pathName, request);
    return encoded(
      negotiate(call.request, false, () => true),
      201,
      issued,
    );
  }

  async #scale(call: Call, endpoint: ResourceEndpoint): Promise<ServerResponse> {
    const { registry } = this.#deps;
    const { namespace, pathName, verb } = call.info;
    const accept = negotiate(call.request, false, () => true);
    if (verb === 'get') {
      return encoded(accept, 200, scaleOf(endpoint, await registry.served(endpoint, namespace, pathName)));
    }
    const applied = verb === 'patch' && bodyMediaType(call) === applyType;
    const change = applied
      ? await readScaleApply(call, registry, endpoint, scaleKind).then(byApply(endpoint))
      : await this.#scaleChange(call, endpoint);
    const result = await updateObject(registry, endpoint, {
      namespace,
      name: pathName,
      mayCreate: false,
      trackedAs: 'scale',
      // Webhooks are asked about the Scale, not about the object it stands for.
      admission: admitsAll,
      make: async old => {
        const oldObject = scaleOf(endpoint, old as Stored);
        const { object, scale } = await change(old as Stored);
        const write = { operation: 'UPDATE', subresource: 'scale', kind: scaleKind } as const;
        const written = { ...write, name: pathName, object: scale, oldObject };
        await admitSubresource(registry.admission, call, endpoint, written);
        checkScale(scale, pathName);
        return withScale(endpoint, object, scale);
      },
      ...writeOptions(call),
      applied,
    });
    const changed = result.object();
    const { conversion } = endpoint.storage;
    await conversion?.prepare?.([changed]);
    return encoded(accept, 200, scaleOf(endpoint, (conversion?.fromStorage(changed) ?? changed) as Stored));
  }

  /** What a PUT or PATCH makes of the scale that is there. */
  async #scaleChange(call: Call, endpoint: ResourceEndpoint): Promise<ScaleChange> {
    if (call.info.verb === 'update') {
      const scale = await readObjectAs<Scale & KubeObject>(call, scaleKind);
      checkNames(endpoint, call.info.namespace, call.info.pathName, scale);
      return async old => ({ object: old, scale });
    }
    if (call.info.verb !== 'patch') throw notAllowed();
    const patch = await readPatchOf(call, scaleKind, builtinRules(scaleKind));
    return async old => ({ object: old, scale: patch(scaleOf(endpoint, old)) as Scale });
  }
}

/** What becomes of an object by its scale: the object with what else is to change, and the scale it is to have. */
type ScaleChange = (old: Stored) => Promise<{ object: KubeObject; scale: Scale }>;

const byApply =
  (endpoint: ResourceEndpoint) =>
  (apply: (old: KubeObject) => Promise<KubeObject>): ScaleChange =>
  async old => {
    const object = await apply(old);
    return { object, scale: scaleOf(endpoint, object as Stored) };
  };

const admitsAll = { admit: async () => {}, validate: async () => {} };

function checkScale(scale: Scale, name: string): void {
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas >= 0) return;
  const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
  throw invalid({ group: 'autoscaling', resource: 'Scale' }, name, [
    { reason: 'FieldValueInvalid', field: 'spec.replicas', message },
  ]);
}

/** `namespaces/finalize`: the finalizers of the spec. */
function finalizeRules(_endpoint: ResourceEndpoint): UpdateRules {
  return {
    subresource: 'finalize',
    prepare(object, old) {
      const { finalizers } = (object as Namespace).spec ?? {};
      const kept = cloneJson(old) as Namespace;
      kept.spec = { ...kept.spec, ...(finalizers && { finalizers }) };
      if (!finalizers?.length) delete kept.spec.finalizers;
      Object.assign(object, kept);
    },
    validate: () => [],
  };
}

function notAllowed() {
  return methodNotAllowed('the server does not allow this method on the requested resource');
}
