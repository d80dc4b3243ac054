/**
 * Ownership written under an older schema: lists and maps that have become atomic since are owned as wholes
 * (structured-merge-diff's ReconcileFieldSetWithSchema). Those that were atomic are as if they never had been.
 */
import type { Schema } from '../schema/schema.ts';
import { schemaOfElement } from './element-schema.ts';
import { FieldSet } from './field-set.ts';
import type { Managers, Owned } from './managed-fields.ts';
import type { PathElement } from './path-element.ts';
import type { Versions } from './versions.ts';

/** The managers with the fields they have under the schemas of today; without those of versions that are gone. */
export function underSchemas(managers: Managers, versions: Versions): Managers {
  const result = new Map<string, Owned>();
  for (const [identity, owned] of managers) {
    const schema = versions.schemaOf(owned.manager.apiVersion);
    if (!schema) continue;
    const wholes = atomicPaths(owned.fields, schema, []);
    const set = FieldSet.of(...wholes);
    const fields = wholes.length > 0 ? owned.fields.recursiveDifference(set).union(set) : owned.fields;
    result.set(identity, { ...owned, fields });
  }
  return result;
}

/** Where the set reaches into what is atomic. */
function atomicPaths(set: FieldSet, schema: Schema, path: readonly PathElement[]): PathElement[][] {
  const found: PathElement[][] = [];
  for (const [element, child] of set.children) {
    if (child.empty) continue;
    const below = schemaOfElement(schema, element);
    if (!below || below.kind === 'scalar') continue;
    const at = [...path, element];
    const atomic = below.kind === 'list' ? below.listType === 'atomic' : below.atomic;
    if (atomic) found.push(at);
    else found.push(...atomicPaths(child, below, at));
  }
  return found;
}
