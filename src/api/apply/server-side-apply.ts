/**
 * Server-side apply and the tracking of field owners, as pure functions on JSON objects. Behaviour and wording
 * of k8s.io/apimachinery's `util/managedfields` on structured-merge-diff.
 */
import type { ManagedFieldsEntry } from '../generated/types.ts';
import { copyJson, equalJson, isObject, type JsonObject } from '../json.ts';
import type { StructSchema } from '../schema/schema.ts';
import { ApiError, badRequest } from '../status.ts';
import { emptyObject } from './empty-object.ts';
import type { FieldSet } from './field-set.ts';
import {
  capManagers,
  decodeManagers,
  encodeManagers,
  identityOf,
  type Manager,
  type Managers,
  type Owned,
  stripManagers,
} from './managed-fields.ts';
import { mergeTyped } from './merge.ts';
import { conflictRule, lastAppliedAnnotation, lastAppliedOf, prune, settle } from './ownership.ts';
import { underSchemas } from './schema-change.ts';
import { checkTyped, fieldSetOf, TypedError } from './typed-value.ts';
import { type OtherVersions, Versions } from './versions.ts';

export interface FieldManagement {
  schema: StructSchema;
  apiVersion: string;
  kind: string;
  /** `fieldManager` of the request, or what stands for it. */
  manager: string;
  /** '' for the object itself. */
  subresource?: string;
  /** RFC 3339, for the entries this change touches. */
  now: string;
  /** The versions of the kind beside `apiVersion`. */
  others?: OtherVersions;
  /** Fields this endpoint does not take from the request: `status` of most objects, all but `status` of theirs. */
  ignored?: FieldSet;
}

export interface Applied {
  /** With managedFields; shares nothing with the arguments. To be decoded, defaulted and validated. */
  object: JsonObject;
  /** Whether anything but the ownership of fields has changed. */
  changed: boolean;
}

/**
 * Applies a configuration.
 * @param live undefined where the object does not exist yet
 * @param config as the client sent it
 * @throws ApiError 400 for managedFields in it or another version, 409 for conflicts, 500 (as upstream does)
 * for what does not fit the schema, and where the object cannot be converted to a version a manager speaks
 */
export async function applyConfiguration(
  live: JsonObject | undefined,
  config: JsonObject,
  context: FieldManagement & { force: boolean },
): Promise<Applied> {
  const { schema, manager: name, apiVersion, force, ignored } = context;
  checkConfiguration(config, context);
  const before = live ? withoutManagedFields(live) : identityOnly(config, context);
  const me: Manager = { name, operation: 'Apply', apiVersion, subresource: context.subresource ?? '' };
  const by = identityOf(me);
  const versions = new Versions(apiVersion, schema, context.others);
  const managers = new Map(underSchemas(readManagers(live), versions));
  const last = managers.get(by);
  const fields = withoutIgnored(fieldSetOf(config, schema), ignored);
  managers.set(by, { manager: me, fields, time: last?.time });
  const merged = mergeTyped(before, config, schema) as JsonObject;
  const after = last ? await prune(merged, managers, last, versions) : merged;
  const mayTake = conflictRule({ force, manager: name, live: before, schema });
  const change = { before, after, versions, by, ignored, unconverted: 'refuse' as const };
  const settled = await settle(change, managers, mayTake);
  const changed = !equalJson(before, after);
  const mine = settled.managers.get(by);
  if (changed && mine) settled.managers.set(by, { ...mine, time: context.now });
  const object = changed ? after : copyJson(before);
  if (name === 'kubectl' && lastAppliedOf(before) !== undefined) setLastApplied(object, config);
  return { object: withManagers(object, settled.managers), changed };
}

/**
 * The managedFields of an object after a create, update or patch.
 * @param live undefined where it is created
 * @param next the object as it is about to be stored; its managedFields, where it has some, replace the live ones
 */
export async function trackUpdate(
  live: JsonObject | undefined,
  next: JsonObject,
  context: FieldManagement,
): Promise<ManagedFieldsEntry[] | undefined> {
  try {
    return entriesOrNone(await updatedManagers(live, next, context));
  } catch (error) {
    // Lists that cannot be told apart item by item: upstream gives up tracking rather than refusing.
    if (error instanceof TypedError) return undefined;
    throw error;
  }
}

async function updatedManagers(
  live: JsonObject | undefined,
  next: JsonObject,
  context: FieldManagement,
): Promise<Managers> {
  const { schema, manager: name, apiVersion, subresource = '', ignored } = context;
  if (isReset(next)) return new Map();
  const created = { ...emptyObject(schema), ...identityOnly(next, context) };
  const before = live ? withoutManagedFields(live) : created;
  const after = withoutManagedFields(next);
  const versions = new Versions(apiVersion, schema, context.others);
  const managers = underSchemas(managersAfterRequest(live, next, subresource), versions);
  // Upstream lets the change be made by a nameless manager first: the own entry of before loses and regains.
  // Upstream gives up tracking where a webhook does not answer; here the managers of its versions keep their fields.
  const change = { before, after, versions, by: '', ignored, unconverted: 'keep' as const };
  const { managers: settled, comparison } = await settle(change, managers, () => {});
  const taken = comparison.added.union(comparison.modified);
  const me: Manager = { name, operation: 'Update', apiVersion, subresource };
  const by = identityOf(me);
  const own = stripManagers(new Map([[by, { manager: me, fields: taken }]])).get(by);
  if (own) {
    const mine = settled.get(by);
    settled.set(by, {
      manager: me,
      fields: mine ? mine.fields.union(own.fields) : own.fields,
      time: context.now,
    });
  }
  return capManagers(settled);
}

/** The managers a request leaves in place: those it names itself, unless it is about a subresource. */
function managersAfterRequest(live: JsonObject | undefined, next: JsonObject, subresource: string): Managers {
  if (subresource === '') {
    const named = readManagers(next);
    if (named.size > 0) return named;
  }
  return readManagers(live);
}

function checkConfiguration(config: JsonObject, { apiVersion, kind, schema }: FieldManagement): void {
  const metadata = isObject(config.metadata) ? config.metadata : {};
  if (metadata.managedFields !== undefined && metadata.managedFields !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  if (config.apiVersion !== apiVersion) {
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${config.apiVersion ?? ''}, expected: ${apiVersion}`,
    );
  }
  try {
    checkTyped(config, schema);
    fieldSetOf(config, schema);
  } catch (cause) {
    if (!(cause instanceof TypedError)) throw cause;
    const text = (value: unknown) => (typeof value === 'string' ? value : '');
    const at = `${text(metadata.namespace)}/${text(metadata.name)}`;
    const message = `failed to create typed patch object (${at}; ${apiVersion}, Kind=${kind}): ${cause.message}`;
    throw new ApiError({ message, code: 500 }, { cause });
  }
}

/** An object of which only the name is known. */
function identityOnly(wanted: JsonObject, { apiVersion, kind }: FieldManagement): JsonObject {
  const { name, namespace } = isObject(wanted.metadata) ? wanted.metadata : {};
  const metadata = { ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) };
  return { apiVersion, kind, metadata };
}

function withoutIgnored(fields: FieldSet, ignored: FieldSet | undefined): FieldSet {
  return ignored ? fields.recursiveDifference(ignored) : fields;
}

function entriesOf(object: JsonObject | undefined): readonly ManagedFieldsEntry[] {
  const metadata = object && isObject(object.metadata) ? object.metadata : {};
  return Array.isArray(metadata.managedFields) ? (metadata.managedFields as ManagedFieldsEntry[]) : [];
}

/** The managers of an object; none where its entries cannot be read. */
function readManagers(object: JsonObject | undefined): Managers {
  try {
    return decodeManagers(entriesOf(object));
  } catch (error) {
    if (error instanceof SyntaxError) return new Map();
    throw error;
  }
}

/** A client resets the tracking with a list of one empty entry. */
function isReset(object: JsonObject): boolean {
  const entries = entriesOf(object);
  return entries.length === 1 && Object.keys(entries[0] ?? {}).length === 0;
}

function withoutManagedFields(object: JsonObject): JsonObject {
  if (!isObject(object.metadata) || object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function entriesOrNone(managers: Managers): ManagedFieldsEntry[] | undefined {
  const entries = encodeManagers(stripManagers(managers));
  return entries.length > 0 ? entries : undefined;
}

function withManagers(object: JsonObject, managers: Map<string, Owned>): JsonObject {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const managedFields = entriesOrNone(managers);
  return { ...object, metadata: { ...metadata, ...(managedFields && { managedFields }) } };
}

/** kubectl's annotation follows what is applied, so that client-side apply can take over again. */
function setLastApplied(object: JsonObject, config: JsonObject): void {
  const { annotations: _, ...metadata } = (object.metadata ?? {}) as JsonObject;
  const annotations = { ...((object.metadata as JsonObject)?.annotations as JsonObject) };
  annotations[lastAppliedAnnotation] = `${JSON.stringify(withoutAnnotation(config))}\n`;
  object.metadata = { ...metadata, annotations };
}

function withoutAnnotation(config: JsonObject): JsonObject {
  const copy = copyJson(config);
  const metadata = copy.metadata as JsonObject | undefined;
  if (isObject(metadata?.annotations)) delete metadata.annotations[lastAppliedAnnotation];
  return copy;
}
