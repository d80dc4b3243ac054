import type { Namespace } from '../../../api/generated/types.ts';
import { type LabelSelector, matchesLabels } from '../../../api/label-selector.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { notFound } from '../../../api/status.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { ObjectReader } from '../object-reader.ts';

const isEmpty = ({ requirements, nothing }: LabelSelector) => requirements.length === 0 && !nothing;

/** Whether the resource is that of namespaces themselves. */
export function isNamespace({ endpoint }: Pick<AdmissionAttributes, 'endpoint'>): boolean {
  return endpoint.resource.kind === 'Namespace' && endpoint.resource.group === '';
}

/**
 * Whether the namespace a request is about, itself included, has the labels; requests about other cluster-wide
 * resources always do (upstream: predicates/namespace).
 * @throws ApiError 404 where there is no such namespace
 */
export function matchesNamespace(
  reader: ObjectReader,
  selector: LabelSelector,
  attributes: AdmissionAttributes,
): boolean {
  if (isEmpty(selector)) return true;
  const itself = isNamespace(attributes);
  if (!itself && !attributes.namespace) return true;
  const changes = attributes.operation === 'CREATE' || attributes.operation === 'UPDATE';
  if (itself && changes && attributes.subresource === '') {
    return matchesLabels(selector, attributes.object?.metadata?.labels);
  }
  const name = itself ? attributes.name : attributes.namespace;
  const found = reader.get<Namespace>('namespaces', '', name);
  if (!found) throw notFound({ resource: 'namespaces' }, name);
  return matchesLabels(selector, found.metadata.labels);
}

/** Whether the object as it is to be or as it was has the labels (upstream: predicates/object). */
export function matchesObject(
  selector: LabelSelector,
  { object, oldObject }: Pick<AdmissionAttributes, 'object' | 'oldObject'>,
): boolean {
  if (isEmpty(selector)) return true;
  const matches = (each: KubeObject | undefined) =>
    each?.metadata !== undefined && matchesLabels(selector, each.metadata.labels);
  return matches(object) || matches(oldObject);
}
