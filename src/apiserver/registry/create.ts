import type { KubeObject } from '../../api/objects.ts';
import { ApiError, alreadyExists, invalid } from '../../api/status.ts';
import type { ApiUser } from '../exchange.ts';
import { generateName } from '../random.ts';
import { trackFields } from './field-ownership.ts';
import { checkNames } from './object-names.ts';
import type { Registry, Result } from './registry.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import type { Strategy } from './strategies.ts';

/** CreateOptions, UpdateOptions or PatchOptions as an object. */
export interface RequestOptions {
  kind: string;
  apiVersion: string;
  dryRun?: string[];
  fieldManager?: string;
  fieldValidation?: string;
  force?: boolean;
}

export interface WriteOptions {
  user: ApiUser;
  dryRun: boolean;
  warnings: string[];
  /** Notes something in the audit log, where one is kept. */
  annotate?: (key: string, value: string) => void;
  /** For whom the fields that change are recorded. */
  manager: string;
  /** The request's options as an object, for admission. */
  requestOptions?: RequestOptions;
  /** The object's managedFields tell this change already: it was applied. */
  applied?: boolean;
}

/** Names tried for one generateName (upstream's RetryGenerateName). */
const generatedNameTries = 8;

/**
 * Creates `object`, which is fresh and in the endpoint's version.
 * @throws ApiError 409 where the name is taken, 422 where it is invalid, what admission says.
 */
export async function createObject(
  registry: Registry,
  endpoint: ResourceEndpoint,
  namespace: string,
  object: KubeObject,
  options: WriteOptions,
): Promise<Result> {
  checkNames(endpoint, namespace, undefined, object);
  const base = object.metadata?.generateName;
  if (object.metadata?.name || !base) return createNamed(registry, endpoint, namespace, object, options);
  for (let attempt = 1; ; attempt++) {
    const named = { ...structuredClone(object) };
    named.metadata!.name = generateName(base, registry.random);
    try {
      return await createNamed(registry, endpoint, namespace, named, options);
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
      if (attempt >= generatedNameTries) throw generatedNameTaken(error);
    }
  }
}

async function createNamed(
  registry: Registry,
  endpoint: ResourceEndpoint,
  namespace: string,
  object: KubeObject,
  options: WriteOptions,
): Promise<Result> {
  const name = object.metadata?.name ?? '';
  const { user, dryRun, warnings } = options;
  const attributes = {
    operation: 'CREATE' as const,
    endpoint,
    subresource: '',
    namespace,
    name,
    object,
    oldObject: undefined,
    user,
    dryRun,
    warnings,
    annotate: options.annotate,
    options: options.requestOptions && { ...options.requestOptions, kind: 'CreateOptions' },
  };
  setSystemFields(registry, endpoint, object);
  endpoint.rules.applyDefaults(object);
  if (!options.applied) {
    await trackFields(registry, endpoint, { live: undefined, object, subresource: '', by: options.manager });
  }
  await registry.admission.admit(attributes);
  const strategy = registry.strategyOf(endpoint);
  endpoint.rules.prepareForCreate(object);
  if (strategy.beforeCreate) await strategy.beforeCreate(registry, object, options);
  try {
    await refuseInvalid(endpoint, object, strategy);
    await registry.admission.validate(attributes);
    const stored = (await endpoint.storage.conversion?.toStorage(object)) ?? object;
    const result = await registry.change(
      endpoint,
      namespace,
      object.metadata!.name!,
      current => {
        if (current) throw taken(endpoint, current);
        return { kind: 'write', object: stored };
      },
      { dryRun: options.dryRun },
    );
    await (options.dryRun ? strategy.afterFailedCreate : strategy.afterCreate)?.(registry, object, options);
    return result;
  } catch (error) {
    await strategy.afterFailedCreate?.(registry, object, options);
    throw error;
  }
}

/** What the server alone sets, whatever the client sent (upstream's rest.FillObjectMetaSystemFields). */
function setSystemFields(registry: Registry, endpoint: ResourceEndpoint, object: KubeObject): void {
  object.apiVersion = endpoint.apiVersion;
  object.kind ??= endpoint.resource.kind;
  object.metadata ??= {};
  const meta = object.metadata;
  meta.uid = registry.random.uuid();
  meta.creationTimestamp = registry.timestamp();
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
}

async function refuseInvalid(
  endpoint: ResourceEndpoint,
  object: KubeObject,
  strategy: Strategy,
): Promise<void> {
  const found = [...(strategy.findings?.(object) ?? []), ...(await endpoint.rules.validateCreate(object))];
  if (found.length > 0) throw invalid(endpoint.qualifiedKind, object.metadata?.name ?? '', found);
}

/** Upstream's CheckGeneratedNameError and store.Create: a name in use by a dying object is told so. */
function taken(endpoint: ResourceEndpoint, current: KubeObject): ApiError {
  const name = current.metadata?.name ?? '';
  const error = alreadyExists(endpoint.qualified, name);
  if (!current.metadata?.deletionTimestamp) return error;
  const message = `object is being deleted: ${error.message}`;
  return new ApiError({ ...error.status, message });
}

function generatedNameTaken(error: ApiError): ApiError {
  const details = { ...error.status.details, retryAfterSeconds: 1 };
  const message = `${error.message}, the server was not able to generate a unique name for the object`;
  return new ApiError({ ...error.status, message, details });
}
