/** Puts an applied configuration into a live object, and takes fields out of one. */
import { copyJson, isObject, type JsonObject, setMember } from '../json.ts';
import type { ListSchema, Schema } from '../schema/schema.ts';
import { memberSchema } from './element-schema.ts';
import type { FieldSet } from './field-set.ts';
import { memberElement, type PathElement } from './path-element.ts';
import { itemElement, itemsByElement, shapeOf } from './typed-value.ts';

/** The live value with everything the applied one has. Neither is changed nor shared. */
export function mergeTyped(live: unknown, applied: unknown, schema: Schema | undefined): unknown {
  if (applied === undefined) return copyJson(live);
  const shape = shapeOf(applied, schema);
  if (shape.as === 'members' && isObject(live) && (shape.value || Object.keys(live).length > 0)) {
    // A null stands for a map without members: what others put there stays.
    const result: JsonObject = copyJson(live);
    for (const [name, member] of Object.entries(shape.value ?? {})) {
      const old = Object.hasOwn(live, name) ? live[name] : undefined;
      setMember(result, name, mergeTyped(old, member, memberSchema(shape.schema, name)));
    }
    return result;
  }
  if (shape.as === 'items' && Array.isArray(live) && (shape.value || live.length > 0)) {
    return mergeItems(live, shape.value ?? [], shape.schema);
  }
  return copyJson(applied);
}

/**
 * Items of both lists in one order: the applied one where they share items, the live one's own items stay
 * where they stood among their neighbours (structured-merge-diff's visitListItems).
 */
function mergeItems(live: readonly unknown[], applied: readonly unknown[], schema: ListSchema): unknown[] {
  const left = itemsByElement(live, schema);
  const right = itemsByElement(applied, schema);
  const leftOrder = live.map(item => itemElement(item, schema));
  const rightOrder = [...right.keys()];
  const shared = rightOrder.filter(element => left.has(element));
  const merged = new Set<PathElement>();
  const result: unknown[] = [];
  const take = (element: PathElement) => {
    merged.add(element);
    if (shared[0] === element) shared.shift();
    result.push(mergeTyped(left.get(element), right.get(element), schema.items));
  };
  let l = 0;
  let r = 0;
  while (l < leftOrder.length || r < rightOrder.length) {
    const mine = leftOrder[l];
    const theirs = rightOrder[r];
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        take(mine);
        l++;
        r++;
        continue;
      }
      if (right.has(mine) && shared.length > 0 && shared[0] !== mine) {
        l++;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!right.has(mine)) {
        result.push(copyJson(live[l++]));
        continue;
      }
      if (merged.has(mine)) l++;
    }
    if (theirs !== undefined) {
      take(theirs);
      r++;
    }
  }
  return result;
}

/**
 * The value without the fields of the set; undefined where nothing is left of it. A member that loses all it had
 * stays as null: it goes when the object is decoded, but who owned it as such still does.
 */
export function removeFields(value: unknown, set: FieldSet, schema: Schema | undefined): unknown {
  const shape = shapeOf(value, schema);
  if (shape.as === 'leaf') return undefined;
  if (shape.as === 'items') {
    const kept: unknown[] = [];
    for (const item of shape.value ?? []) {
      const element = itemElement(item, shape.schema);
      if (set.members.has(element)) continue;
      const below = set.children.get(element);
      kept.push(below ? (removeFields(item, below, shape.schema.items) ?? null) : item);
    }
    return kept.length > 0 ? kept : undefined;
  }
  const kept: JsonObject = {};
  for (const [name, member] of Object.entries(shape.value ?? {})) {
    const element = memberElement(name);
    if (set.members.has(element)) continue;
    const below = set.children.get(element);
    const rest = below ? removeFields(member, below, memberSchema(shape.schema, name)) : member;
    setMember(kept, name, rest ?? null);
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}
