import type { ParamKind, ParamRef } from '../../../api/generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../../../api/label-selector.ts';
import { type KubeObject, parseApiVersion } from '../../../api/objects.ts';
import type { Entry, Store } from '../../../store/store.ts';
import { decodeStored } from '../../objects/decoded.ts';
import { collectionPrefix, storageKey } from '../../objects/storage-form.ts';
import type { ResourceEndpoint } from '../../registry/resource-endpoint.ts';

export interface ParamDeps {
  readonly store: Store;
  readonly endpoints: ReadonlyMap<string, ResourceEndpoint>;
}

/** What is wrong with a policy or a binding, told to whoever it should have been applied to. */
export class ConfigurationError extends Error {}

/** @throws ConfigurationError for a kind that is not served */
export function paramEndpoint(
  { endpoints }: ParamDeps,
  { apiVersion = '', kind = '' }: ParamKind,
): ResourceEndpoint {
  for (const endpoint of endpoints.values()) {
    if (endpoint.apiVersion === apiVersion && endpoint.gvk.kind === kind) return endpoint;
  }
  const { group, version } = parseApiVersion(apiVersion);
  const name = `${group}/${version}, Kind=${kind}`;
  throw new ConfigurationError(`failed to find resource referenced by paramKind: '${name}'`);
}

/**
 * The parameters a binding names, one evaluation each; undefined stands for none where none are asked for
 * (upstream: generic.CollectParams).
 * @throws ConfigurationError
 */
export function collectParams(
  deps: ParamDeps,
  kind: ResourceEndpoint | undefined,
  reference: ParamRef | undefined,
  namespace: string,
): readonly (KubeObject | undefined)[] {
  if (!kind || !reference) return [undefined];
  const found = readParams(deps.store, kind, reference, namespaceOf(kind, reference, namespace));
  if (found.length === 0 && reference.parameterNotFoundAction === 'Deny') {
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return found;
}

function namespaceOf({ resource }: ResourceEndpoint, reference: ParamRef, namespace: string): string {
  if (!resource.namespaced) {
    if (!reference.namespace) return '';
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  const wanted = reference.namespace || namespace;
  if (wanted) return wanted;
  throw new ConfigurationError(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}

function readParams(
  store: Store,
  kind: ResourceEndpoint,
  reference: ParamRef,
  namespace: string,
): KubeObject[] {
  const { storage } = kind;
  const read = (entry: Entry) => {
    const stored = decodeStored<KubeObject>(entry);
    return storage.conversion?.fromStorage(stored) ?? stored;
  };
  if (reference.name) {
    const entry = store.get(storageKey(storage, namespace, reference.name));
    return entry ? [read(entry)] : [];
  }
  const selector = selectorFromLabelSelector(reference.selector);
  const { entries } = store.list(collectionPrefix(storage, namespace));
  return entries.map(read).filter(object => matchesLabels(selector, object.metadata?.labels));
}
