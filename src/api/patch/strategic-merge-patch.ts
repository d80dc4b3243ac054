/**
 * Strategic merge patch: a merge patch that knows how each list merges (its merge key) and takes directives
 * (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`). Semantics and wording of
 * k8s.io/apimachinery's `util/strategicpatch`.
 */
import { copyJson, goText, goTypeOfValue, isObject, type JsonObject, setMember } from '../json.ts';
import type { FieldSchema, Schema, StructSchema } from '../schema/schema.ts';
import { ApiError, badRequest } from '../status.ts';
import { enforceOrder, inOrder, validateOrder } from './element-order.ts';

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList';
const orderPrefix = '$setElementOrder';

/**
 * Applies a patch to an object of the kind `schema` describes. Neither argument is changed, nor shared with
 * the result.
 * @throws ApiError 400 for a malformed directive, 422 for lists of lists, 500 (as upstream does) for an item
 * without its merge key and other contradictions
 */
export function strategicMergePatch(target: unknown, patch: unknown, schema: StructSchema): unknown {
  if (!isObject(patch)) throw badRequest('invalid JSON document');
  return mergeObject(isObject(target) ? copyJson(target) : {}, copyJson(patch), schema);
}

/** Go errors that upstream passes on as they are become a 500 without a reason. */
export function patchFailure(message: string): ApiError {
  return new ApiError({ message, code: 500 });
}

function listOfLists(): ApiError {
  const cause = new Error('lists of lists are not supported');
  const message = 'the server rejected our request due to an error in our request';
  return new ApiError({ message, reason: 'Invalid', code: 422, details: {} }, { cause });
}

/** Merges `patch` into `target`, both of which are ours to change. */
function mergeObject(target: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  if (directive in patch) return replaceOrDelete(patch);
  applyRetainKeys(target, patch);
  applyElementOrders(target, patch, schema);
  for (const key of Object.keys(patch)) mergeMember(target, key, patch[key], schema);
  return target;
}

function replaceOrDelete(patch: JsonObject): JsonObject {
  const { [directive]: what, ...rest } = patch;
  if (what === 'replace') return rest;
  if (what === 'delete') return {};
  throw patchFailure(`unknown patch type: ${goText(what)} in map: ${goText(patch)}`);
}

/** Drops from the target what the list does not name; a union's old member goes when the new one comes. */
function applyRetainKeys(target: JsonObject, patch: JsonObject): void {
  if (!(retainKeys in patch)) return;
  const kept = patch[retainKeys];
  delete patch[retainKeys];
  if (!Array.isArray(kept)) throw badRequest('invalid patch format of retainKeys');
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)) continue;
    if (!kept.includes(key)) throw badRequest('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(target)) if (!kept.includes(key)) delete target[key];
}

function mergeMember(target: JsonObject, key: string, value: unknown, schema: Schema | undefined): void {
  const isDeletion = key.startsWith(deletePrefix);
  const name = isDeletion ? listOf(key, deletePrefix, 'primitive list') : key;
  const old = Object.hasOwn(target, name) ? target[name] : undefined;
  if (value === null) delete target[name];
  else if (isObject(old) && isObject(value)) {
    const field = fieldOf(schema, name);
    const replaced = field?.patchStrategies.includes('replace');
    setMember(target, name, replaced ? value : mergeObject(old, value, field?.schema));
  } else if (Array.isArray(old) && Array.isArray(value)) {
    setMember(target, name, mergeList(old, value, fieldOf(schema, name), isDeletion));
  } else if (!isDeletion) takeWhole(target, name, value);
}

/** Puts a value where there was none of its type: without nulls and what carries a `$patch`. */
function takeWhole(target: JsonObject, name: string, value: unknown): void {
  if (isDirective(value)) delete target[name];
  else setMember(target, name, withoutDirectives(withoutNulls(value)));
}

function isDirective(value: unknown): boolean {
  return isObject(value) && directive in value;
}

function withoutNulls(value: unknown): unknown {
  return filtered(value, (member, isItem) => isItem || member !== null);
}

function withoutDirectives(value: unknown): unknown {
  return filtered(value, member => !isDirective(member));
}

/** The value with only those members and items, at any depth, that the test lets through. */
function filtered(value: unknown, keeps: (member: unknown, isItem: boolean) => boolean): unknown {
  if (Array.isArray(value)) {
    return value.filter(item => keeps(item, true)).map(item => filtered(item, keeps));
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (keeps(member, false)) setMember(result, key, filtered(member, keeps));
  }
  return result;
}

/** The field of a struct, or for a map a stand-in of its values; undefined where anything goes. */
function fieldOf(schema: Schema | undefined, name: string): FieldSchema | undefined {
  if (schema?.kind === 'struct') {
    const field = schema.fields.get(name);
    if (!field)
      throw patchFailure(
        `unable to find api field in struct ${shortName(schema)} for the json field ${JSON.stringify(name)}`,
      );
    return field;
  }
  if (schema?.kind !== 'map') return undefined;
  return { name, schema: schema.values, required: false, omitsZero: false, patchStrategies: [] };
}

function shortName(schema: StructSchema): string {
  return schema.definition.split('.').at(-1)!;
}

/** `$setElementOrder/containers` → `containers`. */
function listOf(key: string, prefix: string, what: string): string {
  const slash = key.indexOf('/');
  if (slash < 0 || key.slice(0, slash) !== prefix) throw badRequest(`invalid patch format of ${what}`);
  return key.slice(slash + 1);
}

function mergeList(
  target: unknown[],
  patch: unknown[],
  field: FieldSchema | undefined,
  isDeletion: boolean,
): unknown[] {
  if (!field?.patchStrategies.includes('merge')) return patch;
  if (target.length === 0 && patch.length === 0) return target;
  if (itemType(target, patch) !== 'map[string]interface {}') {
    if (isDeletion) return target.filter(item => !patch.includes(item));
    const merged = [...new Set([...target, ...patch])];
    const [named, others] = partition(merged, item => patch.includes(item));
    return inOrder(named, others, patch, target);
  }
  const { mergeKey, schema } = field;
  if (mergeKey === undefined) {
    throw patchFailure('cannot merge lists without merge key for type struct');
  }
  const items = schema.kind === 'list' ? schema.items : undefined;
  return mergeItems(target as JsonObject[], patch as JsonObject[], mergeKey, items);
}

/** Go's name of the type all items of the lists have. */
function itemType(...lists: unknown[][]): string {
  const [first, ...others] = lists.flat().map(goTypeOfValue);
  if (first === undefined) throw patchFailure('no elements in any of the given slices');
  if (first === '[]interface {}') throw listOfLists();
  if (others.some(type => type !== first)) {
    throw patchFailure(`list element types are not identical: ${goText(lists)}`);
  }
  return first;
}

function mergeItems(
  target: JsonObject[],
  patch: JsonObject[],
  mergeKey: string,
  items: Schema | undefined,
): unknown[] {
  const special = applyItemDirectives(target, patch, mergeKey);
  const merged = [...special.target];
  const indices = new Map<unknown, number>();
  for (const [index, item] of merged.entries()) {
    // Of items with the same key the first is the one a patch speaks of.
    if (!indices.has(item[mergeKey])) indices.set(item[mergeKey], index);
  }
  for (const item of special.patch) {
    const value = keyOf(item, mergeKey);
    const index = indices.get(value);
    // A new item comes as it is: what of it is a directive or null has no meaning to the decoder.
    if (index === undefined) indices.set(value, merged.push(item) - 1);
    else merged[index] = mergeObject(merged[index]!, item, items);
  }
  return enforceOrder(merged, special.patch, special.target, mergeKey);
}

/** Items with `$patch`: `delete` takes an item out, `replace` anywhere makes the rest the whole list. */
function applyItemDirectives(target: JsonObject[], patch: JsonObject[], mergeKey: string) {
  const rest: JsonObject[] = [];
  let left = target;
  let replace = false;
  for (const item of patch) {
    const what = item[directive];
    if (!(directive in item)) rest.push(item);
    else if (what === 'delete') {
      const value = keyOf(item, mergeKey);
      left = left.filter(each => each[mergeKey] !== value);
    } else if (what === 'replace') replace = true;
    else if (what === 'merge') throw patchFailure('merging lists cannot yet be specified in the patch');
    else throw patchFailure(`unknown patch type: ${goText(what)} in map: ${goText(item)}`);
  }
  return replace ? { target: rest, patch: [] } : { target: left, patch: rest };
}

export function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isObject(item)) {
    throw patchFailure(`expected a map[string]interface {}, but received a ${goTypeOfValue(item)}`);
  }
  if (!Object.hasOwn(item, mergeKey)) {
    throw patchFailure(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return item[mergeKey];
}

/** Merges each list that comes with a `$setElementOrder` and puts it into that order. */
function applyElementOrders(target: JsonObject, patch: JsonObject, schema: Schema | undefined): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const name = listOf(key, orderPrefix, 'setElementOrder list');
    const order = listAt(patch, key);
    delete patch[key];
    const old = Object.hasOwn(target, name) ? listAt(target, name) : undefined;
    const change = Object.hasOwn(patch, name) ? listAt(patch, name) : undefined;
    const field = fieldOf(schema, name);
    validateOrder(change ?? [], order, field?.mergeKey);
    if (!old && !change) continue;
    const merged =
      old && change
        ? mergeList(old, change, field, false)
        : (old ?? (withoutDirectives(change) as unknown[]));
    itemType(old ?? [], change ?? []);
    setMember(target, name, orderList(merged, order, old ?? [], field));
    delete patch[name];
  }
}

function orderList(
  merged: unknown[],
  order: unknown[],
  old: unknown[],
  field: FieldSchema | undefined,
): unknown[] {
  const mergeKey = field?.mergeKey;
  if (mergeKey !== undefined) return enforceOrder(merged, order, old, mergeKey);
  const [named, others] = partition(merged, item => order.includes(item));
  return inOrder(named, others, order, old);
}

function listAt(object: JsonObject, key: string): unknown[] {
  const list = object[key];
  if (Array.isArray(list)) return list;
  throw patchFailure(`expected a []interface {}, but received a ${goTypeOfValue(list)}`);
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter(item => !test(item))];
}
