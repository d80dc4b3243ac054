import type { JSONSchemaProps } from '../generated/types.ts';
import { copyJson, isObject } from '../json.ts';
import { FieldPath } from '../kinds/field-path.ts';
import { Findings } from '../kinds/findings.ts';
import { prune, setDefaults } from './coerce.ts';
import { checkBySchema, checkListTypes } from './validation.ts';
import { compileChecks } from './value-checks.ts';

/** A default must be right by the schema it stands in, and hold nothing that would be dropped. */
export function checkDefault(schema: JSONSchemaProps, isRoot: boolean, at: FieldPath, out: Findings): void {
  if (schema.default === undefined) return;
  if (isRoot) {
    out.forbidden(at, 'must not be set at the root');
    return;
  }
  const value = copyJson(schema.default);
  if (dropsSomething(value, schema)) out.invalid(at, schema.default, 'must not have unknown fields');
  setDefaults(value, schema);
  const found = new Findings();
  checkBySchema(compileChecks(schema), value, undefined, found);
  checkListTypes(value, schema, at, out);
  for (const { reason, field, message } of found.list) {
    const path = field === '<nil>' ? at : new FieldPath(`${at}${field.startsWith('[') ? '' : '.'}${field}`);
    out.add({ reason, field: String(path), message });
  }
}

function dropsSomething(value: unknown, schema: JSONSchemaProps): boolean {
  const inner = { type: 'object', properties: { value: schema } };
  return isObject(value) || Array.isArray(value) ? prune({ value }, inner).length > 0 : false;
}
