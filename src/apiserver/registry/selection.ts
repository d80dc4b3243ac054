import {
  type FieldSelector,
  fieldMatcher,
  parseFieldSelector,
  requiredFieldValue,
} from '../../api/field-selector.ts';
import {
  type LabelSelector,
  matchesLabels,
  parseLabelSelector,
  SelectorError,
} from '../../api/label-selector.ts';
import type { KubeObject } from '../../api/objects.ts';
import { badRequest } from '../../api/status.ts';
import { decodeStored, type Held, labelsOf } from '../objects/decoded.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

/** Which objects of a collection a request is about. */
export interface Selection {
  /** The path's namespace; empty for all. */
  readonly namespace: string;
  /** The one name asked for by path or by `metadata.name` in the field selector. */
  readonly name: string | undefined;
  /** False where every object of the namespace is meant. */
  readonly selective: boolean;
  /** Whether every object of that name is meant, so that a key tells whether it is selected. */
  readonly byName: boolean;
  /** What `conversion.prepare` must have seen, where `byFields`. */
  matches(held: Held): boolean;
  /** Objects are looked into in the endpoint's version. */
  readonly byFields: boolean;
}

/** @throws ApiError 400 for a selector that can't be read or a field the kind can't be selected by. */
export function readSelection(
  endpoint: ResourceEndpoint,
  namespace: string,
  name: string,
  query: URLSearchParams,
): Selection {
  try {
    const labels = parseLabelSelector(query.get('labelSelector') ?? '');
    const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
    return selectionOf(endpoint, namespace, name, labels, fields);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    throw badRequest(error.message);
  }
}

function selectionOf(
  endpoint: ResourceEndpoint,
  namespace: string,
  pathName: string,
  labels: LabelSelector,
  fields: FieldSelector,
): Selection {
  const matchesFields = fieldMatcher(fields, endpoint.gvk, endpoint.custom?.selectable);
  const byLabels = labels.requirements.length > 0 || labels.nothing === true;
  const byFields = fields.requirements.length > 0;
  const name = pathName || requiredFieldValue(fields, 'metadata.name') || undefined;
  const { conversion } = endpoint.storage;
  const served = (held: Held): KubeObject => {
    const object = decodeStored(held);
    return conversion?.fromStorage(object, held) ?? object;
  };
  return {
    namespace,
    name,
    selective: byLabels || byFields || name !== undefined,
    byName: name !== undefined && !byLabels && fields.requirements.length === (pathName === '' ? 1 : 0),
    byFields,
    matches(held) {
      if (byLabels && !matchesLabels(labels, labelsOf(held))) return false;
      if (byFields && !matchesFields(served(held))) return false;
      return pathName === '' || decodeStored(held).metadata.name === pathName;
    },
  };
}
