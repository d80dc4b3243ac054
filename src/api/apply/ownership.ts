/** The rules of ownership: who loses fields to a change, and what goes when its last owner lets go of it. */
import { isObject } from '../json.ts';
import type { StructSchema } from '../schema/schema.ts';
import { type Comparison, compareTyped } from './compare.ts';
import { applyConflict, type Conflict } from './conflicts.ts';
import { FieldSet } from './field-set.ts';
import type { Managers, Owned } from './managed-fields.ts';
import { removeFields } from './merge.ts';
import { fieldSetOf } from './typed-value.ts';

export interface Settled {
  managers: Map<string, Owned>;
  comparison: Comparison;
}

export interface Change {
  before: unknown;
  after: unknown;
  schema: StructSchema;
  /** Identity of who makes it. */
  by: string;
  /** Fields the endpoint does not take from the request. */
  ignored?: FieldSet;
}

/** The fields each other manager would lose to a change, by identity. */
function losses(managers: Managers, by: string, taken: FieldSet): Map<string, FieldSet> {
  const found = new Map<string, FieldSet>();
  for (const [identity, { fields }] of managers) {
    if (identity === by) continue;
    const lost = fields.intersection(taken);
    if (!lost.empty) found.set(identity, lost);
  }
  return found;
}

/**
 * Takes what a change sets or removes away from the other managers.
 * @param mayTake decides on the fields others own that would change; throws where they may not
 */
export function settle(
  change: Change,
  managers: Managers,
  mayTake: (conflicts: Conflict[]) => void,
): Settled {
  const { before, after, schema, by, ignored } = change;
  const comparison = exclude(compareTyped(before, after, schema), ignored);
  const lost = losses(managers, by, comparison.modified.union(comparison.added));
  if (lost.size > 0) mayTake(conflictsOf(lost, managers));
  const settled = new Map<string, Owned>();
  for (const [identity, owned] of managers) {
    let { fields } = owned;
    if (identity !== by) {
      const taken = lost.get(identity);
      if (taken) fields = fields.difference(taken);
      fields = fields.difference(comparison.removed);
    }
    if (!fields.empty) settled.set(identity, { ...owned, fields });
  }
  return { managers: settled, comparison };
}

function exclude(comparison: Comparison, ignored: FieldSet | undefined): Comparison {
  if (!ignored || ignored.empty) return comparison;
  return {
    added: comparison.added.recursiveDifference(ignored),
    modified: comparison.modified.recursiveDifference(ignored),
    removed: comparison.removed.recursiveDifference(ignored),
  };
}

function conflictsOf(lost: ReadonlyMap<string, FieldSet>, managers: Managers): Conflict[] {
  return [...lost].flatMap(([identity, fields]) => {
    const { manager } = managers.get(identity)!;
    return fields.paths().map(path => ({ manager, path }));
  });
}

/**
 * Refuses conflicts unless forced. What the `last-applied-configuration` annotation tells belongs to kubectl,
 * which takes it over when it goes from client-side to server-side apply.
 */
export function conflictRule(options: {
  force: boolean;
  manager: string;
  live: unknown;
  schema: StructSchema;
}): (conflicts: Conflict[]) => void {
  return conflicts => {
    if (options.force) return;
    const allowed =
      options.manager === 'kubectl' ? lastAppliedFields(options.live, options.schema) : undefined;
    const refused = conflicts.filter(conflict => !allowed?.has(conflict.path));
    if (refused.length > 0) throw applyConflict(refused);
  };
}

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The annotation client-side apply left on an object. */
export function lastAppliedOf(object: unknown): string | undefined {
  const metadata = isObject(object) ? object.metadata : undefined;
  const annotations = isObject(metadata) ? metadata.annotations : undefined;
  const text = isObject(annotations) ? annotations[lastAppliedAnnotation] : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function lastAppliedFields(object: unknown, schema: StructSchema): FieldSet {
  const text = lastAppliedOf(object);
  if (text === undefined) return new FieldSet();
  try {
    return fieldSetOf(JSON.parse(text), schema);
  } catch {
    // A user may have written anything there: then nothing is allowed by it.
    return new FieldSet();
  }
}

/**
 * Takes away what the applier owned before, no longer applies, and no one else owns.
 * @param merged live object and configuration put together
 * @param managers all, the applier with its new fields
 * @param last the fields of the applier before
 */
export function prune(merged: unknown, managers: Managers, last: FieldSet, schema: StructSchema): unknown {
  if (last.empty) return merged;
  const named = (set: FieldSet) => set.withNamedFields(schema);
  const lastNamed = named(last);
  const mergedFields = named(fieldSetOf(merged, schema));
  const withoutLast = removeFields(merged, lastNamed, schema);
  let managed = new FieldSet();
  for (const { fields } of managers.values()) managed = managed.union(fields);
  const kept = named(fieldSetOf(withoutLast, schema)).union(named(managed));
  const owned = removeFields(merged, mergedFields.difference(kept), schema);
  // What stands only because something it belongs to was owned, and was never the applier's, stays.
  const gone = mergedFields.difference(named(fieldSetOf(owned, schema)));
  return removeFields(merged, gone.intersection(lastNamed), schema);
}
