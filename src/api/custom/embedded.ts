/** Whole objects inside of custom resources (`x-kubernetes-embedded-resource`): their kind and metadata. */
import { decodeValue } from '../decode/decoder.ts';
import type { JSONSchemaProps, ObjectMeta } from '../generated/types.ts';
import { isObject, type JsonObject } from '../json.ts';
import { FieldPath } from '../kinds/field-path.ts';
import { Findings } from '../kinds/findings.ts';
import { checkMetadata } from '../kinds/metadata.ts';
import { dnsSubdomainName } from '../kinds/object-name.ts';
import { label1035Errors } from '../names.ts';
import { definitionSchema } from '../schema/definitions.ts';
import { additionalOf, itemsOf, ownProperty } from './coerce.ts';

const known = new WeakMap<JSONSchemaProps, boolean>();

/** Whether there may be any below: most schemas have none, and nothing needs to be looked for. */
function holdsEmbedded(schema: JSONSchemaProps): boolean {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const below = [itemsOf(schema), additionalOf(schema), ...Object.values(schema.properties ?? {})];
  const holds =
    schema['x-kubernetes-embedded-resource'] === true || below.some(each => each && holdsEmbedded(each));
  known.set(schema, holds);
  return holds;
}

type Visit = (object: JsonObject, at: FieldPath) => void;

/** Calls `visit` for each embedded object in `value`. */
function forEachEmbedded(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  at: FieldPath | undefined,
  visit: Visit,
): void {
  if (!schema || !holdsEmbedded(schema)) return;
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    for (const [index, item] of value.entries()) forEachEmbedded(item, items, at?.index(index), visit);
  } else if (isObject(value)) {
    if (at && schema['x-kubernetes-embedded-resource']) visit(value, at);
    const rest = additionalOf(schema);
    for (const name of Object.keys(value)) {
      const property = ownProperty(schema, name);
      const below = property ? (at?.child(name) ?? new FieldPath(name)) : at?.key(name);
      forEachEmbedded(value[name], property ?? rest, below, visit);
    }
  }
}

/**
 * Brings the metadata of embedded objects into the form metadata has, in place. Returns the paths of unknown fields.
 * @throws DecodeError
 */
export function coerceEmbedded(object: JsonObject, schema: JSONSchemaProps | undefined): string[] {
  const unknown: string[] = [];
  forEachEmbedded(object, schema, undefined, (embedded, at) => {
    if (!isObject(embedded.metadata)) return;
    const decoded = decodeValue(embedded.metadata, definitionSchema('meta.v1.ObjectMeta')!);
    embedded.metadata = decoded.value;
    unknown.push(...decoded.unknown.map(path => `${at}.metadata.${path}`));
  });
  return unknown;
}

/** Embedded objects say what they are, and their metadata is right. */
export function checkEmbedded(object: unknown, schema: JSONSchemaProps | undefined, out: Findings): void {
  forEachEmbedded(object, schema, undefined, (embedded, at) => {
    const { apiVersion, kind, metadata } = embedded;
    if (!apiVersion) out.required(at.child('apiVersion'), 'must not be empty');
    else if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
      out.invalid(at.child('apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
    }
    if (!kind) out.required(at.child('kind'), 'must not be empty');
    else if (typeof kind === 'string') {
      for (const error of label1035Errors(kind.toLowerCase())) {
        out.invalid(at.child('kind'), kind, `may have mixed case, but should otherwise match: ${error}`);
      }
    }
    if (isObject(metadata)) checkMetadataBelow(metadata, at, out);
  });
}

function checkMetadataBelow(metadata: ObjectMeta, at: FieldPath, out: Findings): void {
  const found = new Findings();
  // The name may be left out: it is no object of the API.
  const { name = 'x', namespace, ...rest } = metadata;
  checkMetadata(
    { ...rest, name, ...(namespace && { namespace }) },
    Boolean(namespace),
    dnsSubdomainName,
    found,
  );
  for (const finding of found.list) out.add({ ...finding, field: `${at}.${finding.field}` });
}
