/** What is wrong with a custom resource by its schema, as the API tells it (apiextensions-apiserver's validation). */
import type { JSONSchemaProps } from '../generated/types.ts';
import { isObject, type JsonObject } from '../json.ts';
import { FieldPath } from '../kinds/field-path.ts';
import type { Findings } from '../kinds/findings.ts';
import { additionalOf, itemsOf, ownProperty } from './coerce.ts';
import type { Problem, ValueCheck } from './value-checks.ts';

/** The path of the object as a whole. */
const nowhere = new FieldPath('<nil>');

/** @param old what is stored now, on an update: what has not changed is not complained of */
export function checkBySchema(check: ValueCheck, object: unknown, old: unknown, out: Findings): void {
  let problems: Problem[] = [];
  check(object, '', problems);
  if (problems.length > 0 && old !== undefined) {
    problems = [];
    check(object, '', problems, old);
  }
  for (const problem of problems) report(problem, out);
}

function report(problem: Problem, out: Findings): void {
  const path = problem.path.replace(/^\./, '');
  const at = path === '' ? nowhere : new FieldPath(path);
  const value = problem.value ?? '';
  switch (problem.kind) {
    case 'required':
      out.required(at);
      break;
    case 'enum':
      out.notSupported(at, problem.value, (problem.allowed ?? []).map(textOf));
      break;
    case 'tooLong':
      out.tooLong(at, problem.max!);
      break;
    case 'tooMany':
      out.tooMany(at, problem.actual!, problem.max!);
      break;
    case 'type':
      out.typeInvalid(at, value, problem.message);
      break;
    default:
      out.invalid(at, value, problem.message);
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Lists of type set hold nothing twice, lists of type map no key twice. */
export function checkListTypes(
  value: unknown,
  schema: JSONSchemaProps | undefined,
  at: FieldPath | undefined,
  out: Findings,
): void {
  if (!schema) return;
  const child = (name: string) => (at ? at.child(name) : new FieldPath(name));
  if (Array.isArray(value)) {
    const type = schema['x-kubernetes-list-type'];
    if (at && type === 'set') reportRepeated(value, at, out);
    else if (at && type === 'map') checkMapList(value, schema['x-kubernetes-list-map-keys'] ?? [], at, out);
    const items = itemsOf(schema);
    if (!items || !holdsLists(items)) return;
    for (const [index, item] of value.entries()) checkListTypes(item, items, at?.index(index), out);
  } else if (isObject(value)) {
    const rest = additionalOf(schema);
    for (const name of Object.keys(value)) {
      const property = ownProperty(schema, name);
      if (property) checkListTypes(value[name], property, child(name), out);
      else if (rest) checkListTypes(value[name], rest, at?.key(name), out);
    }
  }
}

/** Scalars hold none: most items of long lists need no look. */
function holdsLists({ type }: JSONSchemaProps): boolean {
  return type === 'object' || type === 'array' || !type;
}

function checkMapList(list: readonly unknown[], keys: readonly string[], at: FieldPath, out: Findings): void {
  const wrong = list.findIndex(item => item !== null && !isObject(item));
  if (wrong >= 0) {
    out.invalid(at.index(wrong), list[wrong], 'must be an object for an array of list-type map');
    return;
  }
  const keysOf = (item: unknown): JsonObject => {
    const present = keys.filter(key => isObject(item) && Object.hasOwn(item, key));
    return Object.fromEntries(present.map(key => [key, (item as JsonObject)[key]]));
  };
  reportRepeated(list.map(keysOf), at, out);
}

/** Complains of the second of what is there more than once. */
function reportRepeated(values: readonly unknown[], at: FieldPath, out: Findings): void {
  const seen = new Map<string, number>();
  for (const [index, value] of values.entries()) {
    const key = JSON.stringify(value);
    const times = seen.get(key) ?? 0;
    seen.set(key, times + 1);
    if (times === 1) out.duplicate(at.index(index), value);
  }
}
