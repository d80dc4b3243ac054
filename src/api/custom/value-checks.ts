/**
 * Checks of values against OpenAPI schemas, compiled once: what k8s.io/kube-openapi's `validation/validate` finds,
 * in its words and order.
 */
import type { JSONSchemaProps } from '../generated/types.ts';
import { equalJson, isObject, type JsonObject } from '../json.ts';
import { additionalOf, itemsOf } from './coerce.ts';
import { formatCheck } from './formats.ts';
import { compilePattern } from './pattern.ts';

/** What is wrong with one value. `path` is that of the field, with a leading dot where the root is its parent. */
export interface Problem {
  path: string;
  kind: 'required' | 'enum' | 'tooLong' | 'tooMany' | 'type' | 'invalid' | 'composite';
  message: string;
  /** The value complained of. */
  value?: unknown;
  /** What an enum allows. */
  allowed?: readonly unknown[];
  max?: number;
  actual?: number;
}

/**
 * Adds what is wrong with `value` to `out`. Returns how many checks went well, by which the best one of failed
 * alternatives is told (upstream's MatchCount).
 * @param old what stood there before: what has not changed since is right (upstream's validation ratcheting)
 */
export type ValueCheck = (value: unknown, path: string, out: Problem[], old?: unknown) => number;

/** Compiles the checks of a schema. Patterns that can't be read check nothing: definitions with such are refused. */
export function compileChecks(schema: JSONSchemaProps): ValueCheck {
  const type = typeCheck(schema);
  const composite = compositeCheck(schema);
  const common = enumCheck(schema);
  const strings = [stringCheck(schema), formatCheckOf(schema)].filter(each => each !== undefined);
  const numbers = numberCheck(schema);
  const list = listCheck(schema);
  const object = objectCheck(schema);
  return (value, path, out, old) => {
    if (old !== undefined && equalJson(value, old)) return 0;
    let count = type ? type(value, path, out) + 1 : 0;
    if (value === null) {
      common?.(value, path, out);
      return count;
    }
    count += (composite?.(value, path, out) ?? 0) + 2;
    if (typeof value === 'string') for (const check of strings) count += check(value, path, out) + 1;
    else if (typeof value === 'number') count += (numbers?.(value, path, out) ?? 0) + 2;
    else if (Array.isArray(value)) count += (list?.(value, path, out, old) ?? 0) + 2;
    common?.(value, path, out);
    if (isObject(value)) count += (object?.(value, path, out, old) ?? 0) + 1;
    return count + 2;
  };
}

function typesOf(schema: JSONSchemaProps): string[] {
  if (schema['x-kubernetes-int-or-string']) return ['integer', 'string'];
  return schema.type ? [schema.type] : [];
}

/** A JSON value's type, with Go's difference between integers and other numbers. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeCheck(schema: JSONSchemaProps): ValueCheck | undefined {
  const types = typesOf(schema);
  if (types.length === 0) return undefined;
  const wanted = types.join(',');
  const { nullable = false } = schema;
  return (value, path, out) => {
    const actual = typeOf(value);
    if (actual === 'null' && nullable) return 1;
    if (types.includes(actual) || (actual === 'integer' && types.includes('number'))) return 1;
    const message = `${path} in body must be of type ${wanted}: ${JSON.stringify(actual)}`;
    out.push({ path, kind: 'type', value: actual, message });
    return 0;
  };
}

function compositeCheck(schema: JSONSchemaProps): ValueCheck | undefined {
  const compile = (schemas: readonly JSONSchemaProps[] | undefined) => schemas?.map(compileChecks) ?? [];
  const anyOf = compile(schema.anyOf);
  const oneOf = compile(schema.oneOf);
  const allOf = compile(schema.allOf);
  const not = schema.not && compileChecks(schema.not);
  if (anyOf.length + oneOf.length + allOf.length === 0 && !not) return undefined;
  return (value, path, out) => {
    let count = 1;
    if (anyOf.length > 0) count += checkAnyOf(anyOf, value, path, out);
    if (oneOf.length > 0) count += checkOneOf(oneOf, value, path, out);
    if (allOf.length > 0) count += checkAllOf(allOf, value, path, out);
    if (not) {
      const problems: Problem[] = [];
      not(value, path, problems);
      if (problems.length === 0) out.push(composite(path, 'must not validate the schema (not)'));
    }
    return count;
  };
}

function composite(path: string, why: string): Problem {
  return { path: '', kind: 'composite', message: `${JSON.stringify(path)} ${why}` };
}

interface Try {
  problems: Problem[];
  count: number;
}

function attempt(check: ValueCheck, value: unknown, path: string): Try {
  const problems: Problem[] = [];
  return { count: check(value, path, problems), problems };
}

function better(best: Try | undefined, next: Try): Try {
  return best === undefined || next.count > best.count ? next : best;
}

function checkAnyOf(checks: readonly ValueCheck[], value: unknown, path: string, out: Problem[]): number {
  let best: Try | undefined;
  for (const check of checks) {
    const tried = attempt(check, value, path);
    if (tried.problems.length === 0) return tried.count;
    best = better(best, tried);
  }
  out.push(composite(path, 'must validate at least one schema (anyOf)'), ...(best?.problems ?? []));
  return best?.count ?? 0;
}

function checkOneOf(checks: readonly ValueCheck[], value: unknown, path: string, out: Problem[]): number {
  let best: Try | undefined;
  let first: Try | undefined;
  let valid = 0;
  for (const check of checks) {
    const tried = attempt(check, value, path);
    if (tried.problems.length === 0) {
      valid++;
      first ??= tried;
    } else if (valid === 0) best = better(best, tried);
  }
  if (valid === 1) return first!.count;
  const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
  out.push(composite(path, `must validate one and only one schema (oneOf). ${found}`));
  if (valid > 0) return 0;
  out.push(...(best?.problems ?? []));
  return best?.count ?? 0;
}

function checkAllOf(checks: readonly ValueCheck[], value: unknown, path: string, out: Problem[]): number {
  let valid = 0;
  let count = 0;
  for (const check of checks) {
    const tried = attempt(check, value, path);
    if (tried.problems.length === 0) valid++;
    out.push(...tried.problems);
    count += tried.count;
  }
  if (valid < checks.length) {
    out.push(
      composite(path, `must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`),
    );
  }
  return count;
}

function enumCheck({ enum: allowed = [] }: JSONSchemaProps): ValueCheck | undefined {
  if (allowed.length === 0) return undefined;
  return (value, path, out) => {
    if (allowed.some(each => equalJson(each, value))) return 0;
    out.push({ path, kind: 'enum', message: '', value, allowed });
    return 0;
  };
}

function stringCheck({ maxLength, minLength, pattern }: JSONSchemaProps): ValueCheck | undefined {
  if (maxLength === undefined && minLength === undefined && !pattern) return undefined;
  const matches = pattern ? compilePattern(pattern) : undefined;
  const invalid = (path: string, value: unknown, what: string): Problem => ({
    path,
    kind: 'invalid',
    value,
    message: `${path} in body should ${what}`,
  });
  return (value, path, out) => {
    const text = value as string;
    if (maxLength !== undefined && longerThan(text, maxLength)) {
      out.push({ path, kind: 'tooLong', value, max: maxLength, message: '' });
    } else if (minLength !== undefined && !longerThan(text, minLength - 1)) {
      out.push(invalid(path, value, `be at least ${minLength} chars long`));
    } else if (matches && !matches(text)) out.push(invalid(path, value, `match '${pattern}'`));
    return 0;
  };
}

/** Whether a text has more characters (not UTF-16 units) than `limit`. */
function longerThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  if (text.length > 2 * limit) return true;
  let characters = 0;
  for (const _ of text) if (++characters > limit) return true;
  return false;
}

function formatCheckOf(schema: JSONSchemaProps): ValueCheck | undefined {
  const { format = '' } = schema;
  const check = schema.type === 'string' || !schema.type ? formatCheck(format) : undefined;
  if (!check) return undefined;
  return (value, path, out) => {
    if (check(value as string)) return 1;
    const message = `${path} in body must be of type ${format}: ${JSON.stringify(value)}`;
    out.push({ path, kind: 'type', value, message });
    return 0;
  };
}

function numberCheck(schema: JSONSchemaProps): ValueCheck | undefined {
  const { multipleOf, maximum, minimum, exclusiveMaximum = false, exclusiveMinimum = false, format } = schema;
  const isInt32 = schema.type === 'integer' && format === 'int32';
  if (multipleOf === undefined && maximum === undefined && minimum === undefined && !isInt32)
    return undefined;
  return (value, path, out) => {
    const number = value as number;
    const refuse = (what: string) =>
      out.push({ path, kind: 'invalid', value, message: `${path} in body should be ${what}` });
    if (isInt32 && Math.abs(number) >= 2 ** 31 && number !== -(2 ** 31)) {
      const message = `Checked value must be of type integer with format int32 in ${path}`;
      out.push({ path, kind: 'composite', message });
    }
    if (multipleOf !== undefined && !Number.isInteger(number / multipleOf))
      refuse(`a multiple of ${multipleOf}`);
    if (minimum !== undefined && (exclusiveMinimum ? number <= minimum : number < minimum)) {
      refuse(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
    }
    if (maximum !== undefined && (exclusiveMaximum ? number >= maximum : number > maximum)) {
      refuse(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
    }
    return 1;
  };
}

function listCheck(schema: JSONSchemaProps): ValueCheck | undefined {
  const itemSchema = itemsOf(schema);
  const items = itemSchema && compileChecks(itemSchema);
  const { maxItems, minItems } = schema;
  if (!items && maxItems === undefined && minItems === undefined) return undefined;
  const before = correlation(schema);
  return (value, path, out, old) => {
    const list = value as unknown[];
    const olds = before(old);
    let count = 1;
    const tooMany = maxItems !== undefined && list.length > maxItems;
    // What is too long is not looked into: its size must not decide how long that takes.
    if (items && !tooMany) {
      for (const [index, item] of list.entries()) count += items(item, `${path}[${index}]`, out, olds(item));
    }
    if (minItems !== undefined && list.length < minItems) {
      const message = `${path} in body should have at least ${minItems} items`;
      out.push({ path, kind: 'invalid', value: list.length, message });
    }
    if (tooMany) out.push({ path, kind: 'tooMany', max: maxItems, actual: list.length, message: '' });
    return count;
  };
}

/** Finds an item's older self: only in lists of type map it is told which one that is. */
export function correlation(schema: JSONSchemaProps): (old: unknown) => (item: unknown) => unknown {
  const keys = schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : [];
  const keyOf = (item: unknown) => (isObject(item) ? JSON.stringify(keys.map(key => item[key] ?? null)) : '');
  return old => {
    if (keys.length === 0 || !Array.isArray(old)) return () => undefined;
    const byKey = new Map(old.map(item => [keyOf(item), item]));
    return item => byKey.get(keyOf(item));
  };
}

function objectCheck(schema: JSONSchemaProps): ValueCheck | undefined {
  const { maxProperties, minProperties, required = [] } = schema;
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [name, compileChecks(property)] as const,
  );
  const known = new Set(properties.map(([name]) => name));
  const restSchema = additionalOf(schema);
  const rest = restSchema && compileChecks(restSchema);
  return (value, path, out, old) => {
    const object = value as JsonObject;
    const before = (name: string) => (isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined);
    if (minProperties !== undefined || maxProperties !== undefined) {
      const size = Object.keys(object).length;
      if (minProperties !== undefined && size < minProperties) {
        const message = `${path} in body should have at least ${minProperties} properties`;
        out.push({ path, kind: 'invalid', value: minProperties, message });
        return 0;
      }
      if (maxProperties !== undefined && size > maxProperties) {
        out.push({ path, kind: 'tooMany', max: maxProperties, actual: size, message: '' });
        return 0;
      }
    }
    let count = 0;
    if (rest) {
      for (const name of Object.keys(object)) {
        if (!known.has(name)) count += rest(object[name], `${path}.${name}`, out, before(name));
      }
    }
    for (const [name, check] of properties) {
      if (!Object.hasOwn(object, name)) continue;
      count += check(object[name], path === '' ? name : `${path}.${name}`, out, before(name));
    }
    for (const name of required) {
      if (!Object.hasOwn(object, name)) out.push({ path: `${path}.${name}`, kind: 'required', message: '' });
    }
    return count;
  };
}
