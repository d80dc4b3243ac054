import { onlyTimesDiffer } from '../../api/apply/managed-times.ts';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { conflict, type FieldError, invalid, notFound } from '../../api/status.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import { createObject, type WriteOptions } from './create.ts';
import { setManagedFields, trackFields } from './field-ownership.ts';
import { checkNames } from './object-names.ts';
import type { Outcome, Registry, Result } from './registry.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import type { Strategy } from './strategies.ts';

/** How a subresource that shows the whole object (status, ephemeralcontainers, …) differs from the object's own update. */
export interface UpdateRules {
  readonly subresource: string;
  prepare(object: KubeObject, old: KubeObject): void;
  validate(object: KubeObject, old: KubeObject): FieldError[] | Promise<FieldError[]>;
}

export interface UpdateRequest extends WriteOptions {
  namespace: string;
  name: string;
  /** Undefined for the object itself. */
  rules?: UpdateRules;
  /** The wanted object, fresh and in the endpoint's version, from the one that is there (frozen). */
  make(old: KubeObject | undefined): KubeObject | Promise<KubeObject>;
  /** A PATCH never creates, unless it applies. */
  mayCreate: boolean;
  /** The subresource the change is recorded for, where it is not that of the rules. */
  trackedAs?: string;
  /** In place of the registry's. */
  admission?: Pick<AdmissionChain, 'admit' | 'validate'>;
  /** Refuses a creation the user has no right to. */
  authorizeCreate?(): void;
}

/**
 * PUT and PATCH. @throws ApiError 404, 409 on another resourceVersion or uid, 422, what admission says.
 */
export async function updateObject(
  registry: Registry,
  endpoint: ResourceEndpoint,
  request: UpdateRequest,
): Promise<Result> {
  const { namespace, name } = request;
  const creates = request.mayCreate && (request.applied || endpoint.rules.createOnUpdate);
  if (creates && !registry.entry(endpoint, namespace, name)) {
    request.authorizeCreate?.();
    const object = await request.make(undefined);
    checkNames(endpoint, namespace, name, object);
    delete object.metadata!.resourceVersion;
    return createObject(registry, endpoint, namespace, object, request);
  }
  const strategy = registry.strategyOf(endpoint);
  /** The object of the attempt under way, from when the strategy may have taken something for it. */
  const attempt: Attempt = {};
  const undo = async () => {
    const { object, old } = attempt;
    delete attempt.object;
    if (object && old) await strategy.afterFailedUpdate?.(registry, object, old);
  };
  let result: Result;
  try {
    const decide = async (current: Stored | undefined) => {
      await undo();
      if (!current) throw notFound(endpoint.qualified, name);
      return decideUpdate(registry, endpoint, request, current, attempt);
    };
    result = await registry.change(endpoint, namespace, name, decide, request);
  } catch (error) {
    await undo();
    throw error;
  }
  if (request.dryRun) await undo();
  else if (attempt.object && attempt.old) await strategy.afterUpdate?.(registry, attempt.object, attempt.old);
  if (result.removed && !request.dryRun) await strategy.afterDelete?.(registry, result.object());
  return result;
}

interface Attempt {
  object?: KubeObject;
  old?: Stored;
}

async function decideUpdate(
  registry: Registry,
  endpoint: ResourceEndpoint,
  request: UpdateRequest,
  current: Stored,
  attempt: Attempt,
): Promise<Outcome> {
  const { conversion } = endpoint.storage;
  await conversion?.prepare?.([current]);
  const old = (conversion?.fromStorage(current) ?? current) as Stored;
  const object = await request.make(old);
  checkNames(endpoint, request.namespace, request.name, object);
  checkVersions(endpoint, object, old);
  object.apiVersion = endpoint.apiVersion;
  object.kind ??= endpoint.resource.kind;
  endpoint.rules.applyDefaults(object);
  const subresource = request.rules?.subresource ?? '';
  if (!request.applied) {
    const tracked = { live: old, object, subresource: request.trackedAs ?? subresource, by: request.manager };
    await trackFields(registry, endpoint, tracked);
  }
  const { managedFields } = object.metadata!;
  const attributes = {
    operation: 'UPDATE' as const,
    endpoint,
    subresource,
    namespace: request.namespace,
    name: request.name,
    object,
    oldObject: old,
    user: request.user,
    dryRun: request.dryRun,
    warnings: request.warnings,
    annotate: request.annotate,
    options: request.requestOptions,
  };
  const rules = request.rules ?? ownRules(endpoint);
  // Upstream prepares before mutating admission runs; what admission then changes is validated with the rest.
  rules.prepare(object, old);
  setManagedFields(object, managedFields);
  const admission = request.admission ?? registry.admission;
  await admission.admit(attributes);
  const strategy = registry.strategyOf(endpoint);
  if (!request.rules) {
    Object.assign(attempt, { object, old });
    await strategy.beforeUpdate?.(registry, object, old, request);
  }
  const found = [
    ...(strategy.findings?.(object, old, subresource) ?? []),
    ...(await rules.validate(object, old)),
  ];
  if (found.length > 0) throw invalid(endpoint.qualifiedKind, request.name, found);
  await admission.validate(attributes);
  const stored = (await conversion?.toStorage(object)) ?? object;
  return outcomeOf(stored, current, strategy);
}

function outcomeOf(stored: KubeObject, current: Stored, strategy: Strategy): Outcome {
  if (isToBeRemoved(stored) && (strategy.mayRemove?.(stored) ?? true))
    return { kind: 'remove', object: stored };
  // As upstream: what changes nothing is not written, and keeps its resourceVersion.
  if (onlyTimesDiffer(current as unknown as JsonObject, stored as unknown as JsonObject))
    return { kind: 'keep' };
  return { kind: 'write', object: stored };
}

/** Marked for deletion, its grace over, and no finalizer left. */
export function isToBeRemoved({ metadata }: KubeObject): boolean {
  if (!metadata?.deletionTimestamp) return false;
  return !metadata.finalizers?.length && !metadata.deletionGracePeriodSeconds;
}

function checkVersions(endpoint: ResourceEndpoint, object: KubeObject, old: Stored): void {
  const meta = object.metadata!;
  const name = old.metadata.name;
  if (meta.uid && meta.uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${meta.uid}, UID in object meta: ${old.metadata.uid}`;
    throw conflict(endpoint.qualified, name, why);
  }
  if (!meta.resourceVersion || meta.resourceVersion === '0') {
    if (!endpoint.rules.unconditionalUpdate) {
      const message = 'Invalid value: 0: must be specified for an update';
      throw invalid(endpoint.qualifiedKind, name, [
        { reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message },
      ]);
    }
    meta.resourceVersion = old.metadata.resourceVersion;
  } else if (meta.resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(endpoint.qualified, name);
  }
}

function ownRules({ rules }: ResourceEndpoint): UpdateRules {
  return {
    subresource: '',
    prepare: (object, old) => rules.prepareForUpdate(object, old),
    validate: (object, old) => rules.validateUpdate(object, old),
  };
}

export function statusRules({ rules }: ResourceEndpoint): UpdateRules {
  return {
    subresource: 'status',
    prepare: (object, old) => rules.prepareForStatusUpdate(object, old),
    validate: (object, old) => rules.validateStatusUpdate(object, old),
  };
}
