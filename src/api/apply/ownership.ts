/** The rules of ownership: who loses fields to a change, and what goes when its last owner lets go of it. */
import { isObject, type JsonObject } from '../json.ts';
import type { StructSchema } from '../schema/schema.ts';
import { ApiError } from '../status.ts';
import { type Comparison, compareTyped } from './compare.ts';
import { applyConflict, type Conflict } from './conflicts.ts';
import { FieldSet } from './field-set.ts';
import type { Managers, Owned } from './managed-fields.ts';
import { removeFields } from './merge.ts';
import { fieldSetOf } from './typed-value.ts';
import type { Versions } from './versions.ts';

export interface Settled {
  managers: Map<string, Owned>;
  comparison: Comparison;
}

export interface Change {
  before: JsonObject;
  after: JsonObject;
  versions: Versions;
  /** Identity of who makes it. */
  by: string;
  /** Fields the endpoint does not take from the request. */
  ignored?: FieldSet;
  /** What becomes of managers whose version objects cannot be converted to now. */
  unconverted: 'refuse' | 'keep';
}

const unchanged: Comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };

/** The change as each version that managers speak shows it. @throws ApiError unless such managers are to be kept */
async function comparisons(change: Change, managers: Managers): Promise<Map<string, Comparison>> {
  const { before, after, versions, by, ignored, unconverted } = change;
  const compared = (a: unknown, b: unknown, apiVersion: string) =>
    exclude(compareTyped(a, b, versions.schemaOf(apiVersion)), ignored);
  const own = compared(before, after, versions.apiVersion);
  const found = new Map([[versions.apiVersion, own]]);
  const isChange = [own.added, own.modified, own.removed].some(set => !set.empty);
  for (const [identity, { manager }] of managers) {
    const { apiVersion } = manager;
    if (identity === by || found.has(apiVersion)) continue;
    found.set(apiVersion, unchanged);
    if (!isChange) continue;
    try {
      const [a, b] = [
        await versions.convert(before, versions.apiVersion, apiVersion),
        await versions.convert(after, versions.apiVersion, apiVersion),
      ];
      found.set(apiVersion, compared(a, b, apiVersion));
    } catch (error) {
      if (unconverted === 'refuse' || !(error instanceof ApiError)) throw error;
    }
  }
  return found;
}

/** The fields each other manager would lose to a change, by identity. */
function losses(
  managers: Managers,
  by: string,
  seen: ReadonlyMap<string, Comparison>,
): Map<string, FieldSet> {
  const found = new Map<string, FieldSet>();
  for (const [identity, { manager, fields }] of managers) {
    if (identity === by) continue;
    const { modified, added } = seen.get(manager.apiVersion)!;
    const lost = fields.intersection(modified.union(added));
    if (!lost.empty) found.set(identity, lost);
  }
  return found;
}

/**
 * Takes what a change sets or removes away from the other managers.
 * @param managers of versions there are
 * @param mayTake decides on the fields others own that would change; throws where they may not
 */
export async function settle(
  change: Change,
  managers: Managers,
  mayTake: (conflicts: Conflict[]) => void,
): Promise<Settled> {
  const { versions, by } = change;
  const seen = await comparisons(change, managers);
  const lost = losses(managers, by, seen);
  if (lost.size > 0) mayTake(conflictsOf(lost, managers));
  const settled = new Map<string, Owned>();
  for (const [identity, owned] of managers) {
    let { fields } = owned;
    if (identity !== by) {
      const taken = lost.get(identity);
      if (taken) fields = fields.difference(taken);
      fields = fields.difference(seen.get(owned.manager.apiVersion)!.removed);
    }
    if (!fields.empty) settled.set(identity, { ...owned, fields });
  }
  return { managers: settled, comparison: seen.get(versions.apiVersion)! };
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
 * Takes away what the applier owned before, no longer applies, and no one else owns: in the version the applier
 * spoke then.
 * @param merged live object and configuration put together, in the request's version
 * @param managers all, the applier with its new fields
 * @param last what the applier owned before
 * @throws ApiError where versions cannot be converted
 */
export async function prune(
  merged: JsonObject,
  managers: Managers,
  last: Owned,
  versions: Versions,
): Promise<JsonObject> {
  if (last.fields.empty) return merged;
  const { apiVersion } = last.manager;
  const schema = versions.schemaOf(apiVersion)!;
  const whole = await versions.convert(merged, versions.apiVersion, apiVersion);
  const lastNamed = last.fields.withNamedFields(schema);
  const wholeFields = fieldSetOf(whole, schema).withNamedFields(schema);
  /** Of what is not in `kept`, what the applier may take along: what stands by something it owned stays. */
  const goneWithout = (kept: unknown) =>
    wholeFields.difference(fieldSetOf(kept, schema).withNamedFields(schema)).intersection(lastNamed);
  const owned = fieldsByVersion(managers);
  const none = new FieldSet();
  // This version first: a webhook may be in need of what is owned in it.
  let kept = withOwned(whole, removeFields(whole, lastNamed, schema), owned.get(apiVersion) ?? none, schema);
  for (const [other, fields] of owned) {
    if (other === apiVersion || goneWithout(kept).empty) continue;
    const wholeThere = await versions.convert(whole, apiVersion, other);
    const keptThere = await versions.convert(kept, apiVersion, other);
    const more = withOwned(wholeThere, keptThere, fields, versions.schemaOf(other)!);
    kept = await versions.convert(more, other, apiVersion);
  }
  const gone = goneWithout(kept);
  if (gone.empty) return merged;
  return versions.convert(removeFields(whole, gone, schema) as JsonObject, apiVersion, versions.apiVersion);
}

function fieldsByVersion(managers: Managers): Map<string, FieldSet> {
  const found = new Map<string, FieldSet>();
  for (const { manager, fields } of managers.values()) {
    const others = found.get(manager.apiVersion);
    found.set(manager.apiVersion, others ? others.union(fields) : fields);
  }
  return found;
}

/** `part`, which is `whole` without some fields, with those of them that are owned. */
function withOwned(whole: JsonObject, part: unknown, owned: FieldSet, schema: StructSchema): JsonObject {
  const named = (set: FieldSet) => set.withNamedFields(schema);
  const kept = named(fieldSetOf(part, schema)).union(named(owned));
  return removeFields(whole, named(fieldSetOf(whole, schema)).difference(kept), schema) as JsonObject;
}
