import type { JSONSchemaProps } from '../generated/types.ts';
import { equalJson } from '../json.ts';
import type { FieldPath } from '../kinds/field-path.ts';
import type { Findings } from '../kinds/findings.ts';
import { additionalOf, itemsOf, ownProperty } from './coerce.ts';

const intOrString = [{ type: 'integer' }, { type: 'string' }];

/** What may stand outside of alternatives only: it says what there is, not what values it may have. */
const structureWords = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['externalDocs', 'must be undefined to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
] as const;

/**
 * allOf, anyOf, oneOf and not: they restrict values, and speak of fields only that stand outside of them, too.
 * @param outside what the fields must be found in, at `outsideAt`
 */
export function checkAlternatives(
  schema: JSONSchemaProps,
  outside: JSONSchemaProps | undefined,
  at: FieldPath,
  outsideAt: FieldPath,
  out: Findings,
): void {
  const isPair = (alternatives: readonly JSONSchemaProps[] | undefined) =>
    equalJson(alternatives, intOrString);
  const pairInFirst = (schema.allOf?.length ?? 0) >= 1 && isPair(schema.allOf![0]!.anyOf);
  for (const word of ['anyOf', 'allOf', 'oneOf'] as const) {
    if (word === 'anyOf' && isPair(schema.anyOf)) continue;
    for (const [index, nested] of (schema[word] ?? []).entries()) {
      const here = at.child(word).index(index);
      const skipped = word === 'allOf' && index === 0 && pairInFirst ? withoutAnyOf(nested) : nested;
      checkNested(skipped, outside, here, outsideAt, out);
    }
  }
  if (schema.not) checkNested(schema.not, outside, at.child('not'), outsideAt, out);
}

function withoutAnyOf({ anyOf: _, ...rest }: JSONSchemaProps): JSONSchemaProps {
  return rest;
}

function checkNested(
  schema: JSONSchemaProps,
  outside: JSONSchemaProps | undefined,
  at: FieldPath,
  outsideAt: FieldPath,
  out: Findings,
): void {
  for (const [word, why] of structureWords) if (isSet(schema[word])) out.forbidden(at.child(word), why);
  checkAlternatives(schema, outside, at, outsideAt, out);
  const items = itemsOf(schema);
  if (items) {
    const there = itemsOf(outside);
    const path = outsideAt.child('items');
    if (!there) out.required(path, `because it is defined in ${at.child('items')}`);
    checkNested(items, there, at.child('items'), path, out);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const here = at.child('properties').key(name);
    if (name === 'metadata') out.forbidden(here, 'must not be specified in a nested context');
    const there = ownProperty(outside, name) ?? additionalOf(outside);
    const path = outsideAt.child('properties').key(name);
    if (!there && !keepsUnknown(outside)) out.required(path, `because it is defined in ${here}`);
    checkNested(property, there, here, path, out);
  }
}

function keepsUnknown(schema: JSONSchemaProps | undefined): boolean {
  return schema === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== '' && value !== false;
}
