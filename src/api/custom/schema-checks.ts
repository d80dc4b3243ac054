/**
 * Whether the schema of a custom resource definition is one the API takes: structural, without what OpenAPI has and
 * Kubernetes does not (apiextensions-apiserver's `apis/apiextensions/validation` and `apiserver/schema`).
 */
import type { JSONSchemaProps } from '../generated/types.ts';
import type { FieldPath } from '../kinds/field-path.ts';
import type { Findings } from '../kinds/findings.ts';
import { additionalOf, itemsOf } from './coerce.ts';
import { checkDefault } from './default-checks.ts';
import { checkListType, checkMapType } from './list-type-checks.ts';
import { checkAlternatives } from './nested-checks.ts';
import { patternError } from './pattern.ts';
import { checkRuleTexts } from './rule-checks.ts';
import { checkRuleCosts } from './rule-costs.ts';

type Level = 'root' | 'item' | 'field';

/** Nodes of the largest schema taken: all that is done with a schema takes time by its size. */
const maxNodes = 50_000;

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Checks the schema of a version; `at` is its path. */
export function checkSchema(schema: JSONSchemaProps, at: FieldPath, out: Findings): void {
  if (countNodes(schema) > maxNodes) {
    out.forbidden(at, `must not have more than ${maxNodes} schemas in it`);
    return;
  }
  checkNode(schema, 'root', at, out, undefined);
  checkRuleCosts(schema, at, out);
}

function countNodes(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let nodes = 1;
  for (const member of Object.values(value)) nodes += countNodes(member);
  return nodes;
}

/** @param uncorrelated the list above, where old and new items cannot be told to belong together */
function checkNode(
  schema: JSONSchemaProps,
  level: Level,
  at: FieldPath,
  out: Findings,
  uncorrelated: FieldPath | undefined,
): void {
  const isResource = level === 'root' || schema['x-kubernetes-embedded-resource'] === true;
  checkRuleTexts(schema, isResource, uncorrelated, at, out);
  checkWords(schema, at, out);
  checkStructure(schema, level, at, out);
  checkExtensions(schema, at, out);
  checkListType(schema, at, out);
  checkMapType(schema, at, out);
  checkAlternatives(schema, schema, at, at, out);
  const fault = schema.pattern && patternError(schema.pattern);
  if (fault) {
    const why = `must be a valid regular expression, but isn't: ${fault}`;
    out.invalid(at.child('pattern'), schema.pattern, why);
  }
  checkDefault(schema, level === 'root', at.child('default'), out);
  const items = itemsOf(schema);
  const isMap = schema['x-kubernetes-list-type'] === 'map';
  if (items) checkNode(items, 'item', at.child('items'), out, isMap ? uncorrelated : (uncorrelated ?? at));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const here = at.child('properties').key(name);
    if (level === 'root' && name === 'metadata') checkMetadataSchema(property, here, out);
    else checkNode(property, 'field', here, out, uncorrelated);
  }
  const rest = additionalOf(schema);
  if (rest) checkNode(rest, 'field', at.child('additionalProperties'), out, uncorrelated);
}

/** What OpenAPI knows and definitions must not use. */
function checkWords(schema: JSONSchemaProps, at: FieldPath, out: Findings): void {
  const unsupported = [
    'id',
    'additionalItems',
    'patternProperties',
    'definitions',
    'dependencies',
    '$ref',
  ] as const;
  for (const word of unsupported) {
    if (schema[word] !== undefined) out.forbidden(at.child(word), `${word} is not supported`);
  }
  if (schema.type === 'null') {
    out.forbidden(at.child('type'), 'type cannot be set to null, use nullable as an alternative');
  } else if (schema.type && !types.includes(schema.type))
    out.notSupported(at.child('type'), schema.type, types);
  if (Array.isArray(schema.items)) {
    out.forbidden(at.child('items'), 'items must be a schema object and not an array');
  }
  if (schema.uniqueItems) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    out.forbidden(at.child('uniqueItems'), why);
  }
  const { additionalProperties, properties = {} } = schema;
  if (additionalProperties === false) {
    out.forbidden(at.child('additionalProperties'), 'additionalProperties cannot be set to false');
  }
  if (
    additionalProperties !== undefined &&
    additionalProperties !== true &&
    Object.keys(properties).length > 0
  ) {
    out.forbidden(
      at.child('additionalProperties'),
      'additionalProperties and properties are mutual exclusive',
    );
  }
}

function checkStructure(schema: JSONSchemaProps, level: Level, at: FieldPath, out: Findings): void {
  const { type, items, additionalProperties } = schema;
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  if (type === 'array' && !items) out.required(at.child('items'), 'must be specified');
  if (additionalProperties !== undefined && level === 'root') {
    out.forbidden(at.child('additionalProperties'), 'must not be used at the root');
  }
  if (embedded && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    if (type) out.invalid(at.child('type'), type, why);
    else out.required(at.child('type'), why);
  } else if (!type && !schema['x-kubernetes-int-or-string'] && !keepsUnknown) {
    out.required(at.child('type'), missingType[level]);
  }
  if (level === 'root' && type && type !== 'object') {
    out.invalid(at.child('type'), type, 'must be object at the root');
  }
  if (embedded && additionalProperties !== undefined) {
    const why = 'must not be used if x-kubernetes-embedded-resource is set';
    out.forbidden(at.child('additionalProperties'), why);
  }
  if (embedded && !keepsUnknown && Object.keys(schema.properties ?? {}).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    out.required(at.child('properties'), why);
  }
  if (level === 'root' || embedded) checkTypeMeta(schema, at, out);
}

const missingType: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function checkTypeMeta({ properties = {} }: JSONSchemaProps, at: FieldPath, out: Findings): void {
  for (const name of ['kind', 'apiVersion']) {
    const property = properties[name];
    if (!property || property.type === 'string') continue;
    out.invalid(at.child('properties').key(name).child('type'), property.type ?? '', 'must be string');
  }
}

/** Of the metadata at the root only the names may be restricted. */
function checkMetadataSchema(schema: JSONSchemaProps, at: FieldPath, out: Findings): void {
  if (schema.type !== 'object') out.invalid(at.child('type'), schema.type ?? '', 'must be object');
  const { type: _, description: __, properties = {}, ...rest } = schema;
  const others = Object.keys(properties).filter(name => name !== 'name' && name !== 'generateName');
  if (others.length === 0 && Object.keys(rest).length === 0) return;
  out.forbidden(
    at,
    'must not specify anything other than name and generateName, but metadata is implicitly specified',
  );
}

function checkExtensions(schema: JSONSchemaProps, at: FieldPath, out: Findings): void {
  const keep = 'x-kubernetes-preserve-unknown-fields';
  const embedded = 'x-kubernetes-embedded-resource';
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  if (schema[keep] === false) out.invalid(at.child(keep), false, 'must be true or undefined');
  if (schema[keep] && schema.type && schema.type !== 'object') {
    out.invalid(at.child('type'), schema.type, `must be object if ${keep} is true`);
  }
  if (!isIntOrString) return;
  if (schema.type) {
    out.invalid(at.child('type'), schema.type, 'must be empty if x-kubernetes-int-or-string is true');
  }
  for (const word of [keep, embedded] as const) {
    if (schema[word])
      out.invalid(at.child(word), true, 'must be false if x-kubernetes-int-or-string is true');
  }
}
