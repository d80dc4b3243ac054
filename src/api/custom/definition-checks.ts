/** What the versions of a custom resource definition have besides their schema: subresources, selectable fields. */
import type {
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  JSONSchemaProps,
  SelectableField,
} from '../generated/types.ts';
import type { FieldPath } from '../kinds/field-path.ts';
import type { Findings } from '../kinds/findings.ts';
import { ownProperty } from './coerce.ts';

const maxSelectableFields = 8;

export function checkSubresources(
  { subresources }: CustomResourceDefinitionVersion,
  at: FieldPath,
  out: Findings,
): void {
  const { scale } = subresources ?? {};
  if (!scale) return;
  checkScalePath(scale, 'specReplicasPath', 'spec', at, out);
  checkScalePath(scale, 'statusReplicasPath', 'status', at, out);
  const selector = scale.labelSelectorPath;
  if (!selector) return;
  const here = at.child('scale.labelSelectorPath');
  if (!selector.startsWith('.')) out.invalid(here, selector, 'must be a simple json path starting with .');
  else if (!/^\.(spec|status)\./.test(selector)) {
    out.invalid(here, selector, 'should be a json path under either .spec or .status');
  }
}

function checkScalePath(
  scale: CustomResourceSubresourceScale,
  field: 'specReplicasPath' | 'statusReplicasPath',
  under: string,
  at: FieldPath,
  out: Findings,
): void {
  const path = scale[field];
  const here = at.child(`scale.${field}`);
  if (!path) out.required(here);
  else if (!path.startsWith('.')) out.invalid(here, path, 'must be a simple json path starting with .');
  else if (!path.startsWith(`.${under}.`)) out.invalid(here, path, `should be a json path under .${under}`);
}

export function checkSelectableFields(
  fields: readonly SelectableField[],
  schema: JSONSchemaProps | undefined,
  at: FieldPath,
  out: Findings,
): void {
  const seen = new Set<string>();
  for (const [index, { jsonPath }] of fields.entries()) {
    const here = at.index(index).child('jsonPath');
    if (!jsonPath) {
      out.required(here);
      continue;
    }
    const found = schemaAtPath(schema, jsonPath);
    if (!found) {
      out.invalid(here, jsonPath, 'is an invalid path: does not refer to a valid field');
      continue;
    }
    if (/^\.metadata\b/.test(jsonPath)) out.invalid(here, jsonPath, 'must not point to fields in metadata');
    if (!['string', 'boolean', 'integer'].includes(found.type ?? '')) {
      const why =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      out.invalid(here, jsonPath, why);
    }
    if (seen.has(jsonPath)) out.duplicate(here, jsonPath);
    seen.add(jsonPath);
  }
  if (seen.size > maxSelectableFields) out.tooMany(at, seen.size, maxSelectableFields);
}

function schemaAtPath(schema: JSONSchemaProps | undefined, path: string): JSONSchemaProps | undefined {
  if (!path.startsWith('.')) return undefined;
  let found = schema;
  for (const step of path.slice(1).split('.')) found = ownProperty(found, step);
  return found;
}
