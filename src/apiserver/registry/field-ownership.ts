import { FieldSet } from '../../api/apply/field-set.ts';
import { type FieldManagement, trackUpdate } from '../../api/apply/server-side-apply.ts';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/objects.ts';
import { type FieldError, invalid } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { type ApiUser, header } from '../exchange.ts';
import { isTrue } from '../filters/request-info.ts';
import type { Registry } from './registry.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { otherVersions } from './versions.ts';

/** Bytes of a manager's name (upstream's FieldManagerMaxLength). */
const maxManagerLength = 128;
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

/** What a whole-object endpoint does not take from the request (the strategies' GetResetFields). */
const ignoredFields: Record<string, FieldSet> = {
  '': FieldSet.of(['f:status']),
  status: FieldSet.of(['f:spec'], ['f:metadata']),
};

/** Under what conditions `by` changes fields of the endpoint's objects; undefined for kinds without a schema. */
export function managementOf(
  registry: Registry,
  endpoint: ResourceEndpoint,
  subresource: string,
  by: string,
): FieldManagement | undefined {
  const { gvk, apiVersion, resource, rules } = endpoint;
  const { schema } = rules;
  if (!schema) return undefined;
  const ignored = resource.subresources.includes('status') ? ignoredFields[subresource] : undefined;
  return {
    schema,
    apiVersion,
    kind: gvk.kind,
    manager: by || 'unknown',
    subresource,
    now: registry.timestamp(),
    others: otherVersions(endpoint),
    ...(ignored && { ignored }),
  };
}

/** Writes into `object` who owns which of its fields after a create, update or patch by `by`. */
export async function trackFields(
  registry: Registry,
  endpoint: ResourceEndpoint,
  change: { live: KubeObject | undefined; object: KubeObject; subresource: string; by: string },
): Promise<void> {
  const { live, object, subresource, by } = change;
  const management = managementOf(registry, endpoint, subresource, by);
  const entries =
    management &&
    (await trackUpdate(live as JsonObject | undefined, object as unknown as JsonObject, management));
  setManagedFields(object, entries);
}

export function setManagedFields(object: KubeObject, entries: object[] | undefined): void {
  object.metadata ??= {};
  if (entries) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
}

/** Who a change is recorded for: `fieldManager` of the query, or the first word of the client's User-Agent. */
export function fieldManagerOf(call: Call): string {
  const { query } = call.request;
  const named = query.get('fieldManager');
  if (named) {
    refuse('CreateOptions', managerErrors(named));
    return named;
  }
  const agent = header(call.request, 'user-agent');
  if (agent === undefined || agent.startsWith('causeway')) return componentName(call.user);
  return printablePrefix(agent.split('/')[0]!);
}

/** The options of a PATCH that only apply has. @throws ApiError 422 */
export function readApplyOptions(call: Call, isApply: boolean): { manager: string; force: boolean } {
  const { query } = call.request;
  const manager = query.get('fieldManager') ?? '';
  const force = query.get('force');
  const found: FieldError[] = [];
  if (!isApply && force !== null) {
    const message = 'Forbidden: may not be specified for non-apply patch';
    found.push({ reason: 'FieldValueForbidden', field: 'force', message });
  } else if (isApply && manager === '') {
    const message = 'Required value: is required for apply patch';
    found.push({ reason: 'FieldValueRequired', field: 'fieldManager', message });
  }
  refuse('PatchOptions', [...found, ...managerErrors(manager)]);
  return { manager, force: force !== null && isTrue(force) };
}

function refuse(kind: string, found: FieldError[]): void {
  if (found.length > 0) throw invalid({ group: 'meta.k8s.io', resource: kind }, '', found);
}

function managerErrors(manager: string): FieldError[] {
  const found: FieldError[] = [];
  const field = 'fieldManager';
  if (Buffer.byteLength(manager) > maxManagerLength) {
    const message = `Too long: may not be more than ${maxManagerLength} bytes`;
    found.push({ reason: 'FieldValueTooLong', field, message });
  }
  const at = manager.search(unprintable);
  if (at >= 0) {
    const code = manager.codePointAt(at)!.toString(16).toUpperCase().padStart(4, '0');
    const message = `Invalid value: ${JSON.stringify(manager)}: invalid character U+${code} (at position ${at})`;
    found.push({ reason: 'FieldValueInvalid', field, message });
  }
  return found;
}

function printablePrefix(text: string): string {
  let prefix = '';
  let length = 0;
  for (const character of text) {
    if (unprintable.test(character)) continue;
    length += Buffer.byteLength(character);
    if (length > maxManagerLength) break;
    prefix += character;
  }
  return prefix;
}

/** Our own components go by the names upstream's have. */
function componentName({ name }: ApiUser): string {
  if (name.startsWith('system:node:')) return 'kubelet';
  if (name === 'system:kube-scheduler') return 'kube-scheduler';
  if (name === 'system:apiserver') return 'kube-apiserver';
  if (name === 'system:kube-controller-manager' || name.startsWith('system:serviceaccount:kube-system:'))
    return 'kube-controller-manager';
  return printablePrefix(name.slice(0, maxManagerLength));
}
