import type { DeleteOptions } from '../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { conflict, invalid, notFound } from '../../api/status.ts';
import { cloneJson } from '../objects/decoded.ts';
import type { WriteOptions } from './create.ts';
import type { Outcome, Registry, Result } from './registry.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

export interface DeleteRequest extends WriteOptions {
  options: DeleteOptions;
}

/**
 * DELETE of one object: at once, or by marking it where it has finalizers or is given time (upstream's
 * store.Delete with rest.BeforeDelete). `removed` of the result tells which.
 * @throws ApiError 404, 409 where a precondition fails.
 */
export async function deleteObject(
  registry: Registry,
  endpoint: ResourceEndpoint,
  namespace: string,
  name: string,
  request: DeleteRequest,
): Promise<Result> {
  checkDeleteOptions(request.options);
  const strategy = registry.strategyOf(endpoint);
  const result = await registry.change(
    endpoint,
    namespace,
    name,
    async current => {
      if (!current) throw notFound(endpoint.qualified, name);
      checkPreconditions(endpoint, current, request.options);
      const { conversion } = endpoint.storage;
      await conversion?.prepare?.([current]);
      const attributes = {
        operation: 'DELETE' as const,
        endpoint,
        subresource: '',
        namespace,
        name,
        object: undefined,
        oldObject: conversion?.fromStorage(current) ?? current,
        user: request.user,
        dryRun: request.dryRun,
        warnings: request.warnings,
        options: { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...request.options },
      };
      await registry.admission.admitConfigured(attributes);
      await registry.admission.validate(attributes);
      return decideDelete(registry, endpoint, current, request);
    },
    { dryRun: request.dryRun },
  );
  if (result.removed && !request.dryRun) await strategy.afterDelete?.(registry, result.object());
  return result;
}

function decideDelete(
  registry: Registry,
  endpoint: ResourceEndpoint,
  current: Stored,
  request: DeleteRequest,
): Outcome {
  const strategy = registry.strategyOf(endpoint);
  const special = strategy.decideDelete?.(registry, current, request);
  if (special === 'keep') return { kind: 'keep' };
  if (special === 'remove') return { kind: 'remove', object: current };
  if (special) return { kind: 'write', object: withFinalizers(special, request.options) };
  const asked = request.options.gracePeriodSeconds;
  const before = current.metadata.deletionGracePeriodSeconds;
  const seconds =
    before === undefined ? (strategy.gracePeriod?.(current, asked) ?? 0) : Math.min(asked ?? before, before);
  const wanted = withFinalizers(current, request.options);
  if (seconds === 0 && !wanted.metadata?.finalizers?.length) return { kind: 'remove', object: current };
  const marked = current.metadata.deletionTimestamp
    ? shortenGrace(registry, wanted, seconds, request.options)
    : markDeleted(registry, wanted, seconds);
  return marked === current ? { kind: 'keep' } : { kind: 'write', object: marked };
}

/** The object with the deletion's time and grace; whole seconds as upstream. */
function markDeleted(registry: Registry, object: KubeObject, seconds: number): KubeObject {
  const marked = cloneJson(object);
  const meta = marked.metadata!;
  meta.deletionTimestamp = registry.timestamp(seconds * 1000);
  meta.deletionGracePeriodSeconds = seconds;
  // A dying object is another object to its controllers: those that count changes must see one.
  if (meta.generation) meta.generation++;
  return marked;
}

/** A second deletion may only make the grace shorter. */
function shortenGrace(
  registry: Registry,
  object: KubeObject,
  seconds: number,
  options: DeleteOptions,
): KubeObject {
  const before = object.metadata?.deletionGracePeriodSeconds;
  if (before === undefined || options.gracePeriodSeconds === undefined || seconds >= before) return object;
  const marked = cloneJson(object);
  const end = Date.parse(marked.metadata!.deletionTimestamp!) - (before - seconds) * 1000;
  marked.metadata!.deletionTimestamp = registry.timestamp(end - registry.clock.now());
  marked.metadata!.deletionGracePeriodSeconds = seconds;
  return marked;
}

/** The object with the finalizers that the propagation policy asks the garbage collector to work off. */
function withFinalizers<T extends KubeObject>(object: T, options: DeleteOptions): T {
  const present = object.metadata?.finalizers ?? [];
  const orphan = wants(options, 'Orphan') ?? present.includes('orphan');
  const foreground = wants(options, 'Foreground') ?? present.includes('foregroundDeletion');
  const finalizers = present.filter(name => name !== 'orphan' && name !== 'foregroundDeletion');
  if (orphan) finalizers.push('orphan');
  if (foreground) finalizers.push('foregroundDeletion');
  if (finalizers.length === present.length && finalizers.every(name => present.includes(name))) return object;
  const changed = cloneJson(object);
  if (finalizers.length > 0) changed.metadata!.finalizers = finalizers;
  else delete changed.metadata!.finalizers;
  return changed;
}

/** What the options say of a policy; undefined where they leave it to the object's finalizers. */
function wants(options: DeleteOptions, policy: 'Orphan' | 'Foreground'): boolean | undefined {
  if (options.orphanDependents !== undefined) return policy === 'Orphan' && options.orphanDependents;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === policy;
  return undefined;
}

/** @throws ApiError 409 where the object is not the one that was asked for. */
export function checkPreconditions(
  endpoint: ResourceEndpoint,
  current: Stored,
  { preconditions }: DeleteOptions,
): void {
  const { uid, resourceVersion, name } = current.metadata;
  const wantedUid = preconditions?.uid;
  if (wantedUid !== undefined && wantedUid !== uid) {
    const why = `the UID in the precondition (${wantedUid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(endpoint.qualified, name, why);
  }
  const wantedVersion = preconditions?.resourceVersion;
  if (wantedVersion !== undefined && wantedVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${wantedVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw conflict(endpoint.qualified, name, why);
  }
}

const policies = ['Foreground', 'Background', 'Orphan'];

function checkDeleteOptions(options: DeleteOptions): void {
  const { orphanDependents, propagationPolicy: policy } = options;
  let message: string | undefined;
  if (orphanDependents !== undefined && policy !== undefined) {
    message = `Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`;
  } else if (policy !== undefined && !policies.includes(policy)) {
    const supported = [...policies, 'nil'].map(name => `"${name}"`).join(', ');
    message = `Unsupported value: "${policy}": supported values: ${supported}`;
  }
  if (message === undefined) return;
  throw invalid({ group: 'meta.k8s.io', resource: 'DeleteOptions' }, '', [
    { reason: 'FieldValueInvalid', field: 'propagationPolicy', message },
  ]);
}
