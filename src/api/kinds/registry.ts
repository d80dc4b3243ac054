import type { ObjectMeta } from '../generated/types.ts';
import { formatApiVersion, type GroupVersionKind, type KubeObject } from '../objects.ts';
import { builtinByKind } from '../resources.ts';
import type { FieldError } from '../status.ts';
import { semanticEqual } from './equality.ts';
import { Findings } from './findings.ts';
import type { KindRules } from './kind-rules.ts';
import { checkMetadata, checkMetadataUpdate } from './metadata.ts';
import { dnsSubdomainName } from './object-name.ts';
import { kindRules } from './rules.ts';

/** What every object has beyond KubeObject that the generic strategy moves around. */
type Body = KubeObject & { spec?: unknown; status?: object };

const none: KindRules = {};

/** The rules of a kind; those of an unknown kind ask for nothing. */
function rulesOf({ group, version, kind }: GroupVersionKind): KindRules {
  return kindRules[`${formatApiVersion(group, version)}/${kind}`] ?? kindRules[`${group}/${kind}`] ?? none;
}

/** Fills what the client left out, in place. */
export function applyDefaults(gvk: GroupVersionKind, object: KubeObject): void {
  rulesOf(gvk).defaults?.(object);
}

/** Brings a new object into the state the server begins it with: no status, generation 1. In place. */
export function prepareForCreate(gvk: GroupVersionKind, object: KubeObject): void {
  const rules = rulesOf(gvk);
  const meta = metadataOf(object);
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  if (rules.hasStatus) setStatus(object, rules.initialStatus?.(object));
  if (rules.hasGeneration) meta.generation = 1;
  else delete meta.generation;
  rules.prepareForCreate?.(object);
}

/** A change of anything but the status: keeps what only the server sets, counts the generation. In place. */
export function prepareForUpdate(gvk: GroupVersionKind, object: KubeObject, old: KubeObject): void {
  const rules = rulesOf(gvk);
  keepSystemFields(object, old);
  if (rules.hasStatus) setStatus(object, (old as Body).status);
  rules.prepareForUpdate?.(object, old);
  if (rules.hasGeneration) countGeneration(rules, object, old);
}

/** A change through the status subresource: all but status and metadata stays as it was. In place. */
export function prepareForStatusUpdate(gvk: GroupVersionKind, object: KubeObject, old: KubeObject): void {
  keepSystemFields(object, old);
  const fresh = object as Record<string, unknown>;
  for (const key of new Set([...Object.keys(old), ...Object.keys(object)])) {
    if (key === 'status' || key === 'metadata' || key === 'apiVersion' || key === 'kind') continue;
    const was = (old as Record<string, unknown>)[key];
    if (was === undefined) delete fresh[key];
    else fresh[key] = was;
  }
  rulesOf(gvk).prepareForStatusUpdate?.(object, old);
}

/** What is wrong with a new object, after defaults and `prepareForCreate`. */
export function validateCreate(gvk: GroupVersionKind, object: KubeObject): FieldError[] {
  const rules = rulesOf(gvk);
  const out = new Findings();
  checkMetadata(object.metadata ?? {}, isNamespaced(gvk, object), rules.name ?? dnsSubdomainName, out);
  rules.validate?.(object, out);
  return out.list;
}

/** What is wrong with a changed object, after defaults and `prepareForUpdate`. */
export function validateUpdate(gvk: GroupVersionKind, object: KubeObject, old: KubeObject): FieldError[] {
  const rules = rulesOf(gvk);
  const out = new Findings();
  checkMetadataUpdate(object.metadata ?? {}, old.metadata ?? {}, out);
  if (rules.validateUpdate) rules.validateUpdate(object, old, out);
  else rules.validate?.(object, out);
  return out.list;
}

/** What is wrong with a changed status, after `prepareForStatusUpdate`. */
export function validateStatusUpdate(
  gvk: GroupVersionKind,
  object: KubeObject,
  old: KubeObject,
): FieldError[] {
  const out = new Findings();
  checkMetadataUpdate(object.metadata ?? {}, old.metadata ?? {}, out);
  rulesOf(gvk).validateStatusUpdate?.(object, old, out);
  return out.list;
}

/** Whether a PUT on a name that does not exist creates it. */
export function allowsCreateOnUpdate(gvk: GroupVersionKind): boolean {
  return rulesOf(gvk).createOnUpdate ?? false;
}

/** Whether a PUT without a resourceVersion overwrites what is there. */
export function allowsUnconditionalUpdate(gvk: GroupVersionKind): boolean {
  return rulesOf(gvk).unconditionalUpdate ?? true;
}

function isNamespaced(gvk: GroupVersionKind, object: KubeObject): boolean {
  const resource = builtinByKind(gvk);
  return resource ? resource.namespaced : Boolean(object.metadata?.namespace);
}

function metadataOf(object: KubeObject): ObjectMeta {
  object.metadata ??= {};
  return object.metadata;
}

function setStatus(object: Body, status: object | undefined): void {
  if (status === undefined) delete object.status;
  else object.status = status;
}

/** Upstream's rest.BeforeUpdate: an update can't touch what the server set. In place. */
export function keepSystemFields(object: KubeObject, old: KubeObject): void {
  const meta = metadataOf(object);
  const was = old.metadata ?? {};
  if (!meta.uid && was.uid) meta.uid = was.uid;
  restore(meta, was, 'creationTimestamp');
  restore(meta, was, 'generation');
  if (was.deletionTimestamp) meta.deletionTimestamp = was.deletionTimestamp;
  if (was.deletionGracePeriodSeconds !== undefined) {
    meta.deletionGracePeriodSeconds ??= was.deletionGracePeriodSeconds;
  }
  delete meta.selfLink;
}

function restore<K extends keyof ObjectMeta>(meta: ObjectMeta, was: ObjectMeta, field: K): void {
  if (was[field] === undefined) delete meta[field];
  else meta[field] = was[field];
}

function countGeneration(rules: KindRules, object: Body, old: Body): void {
  const seen = rules.generationOf ? rules.generationOf.bind(rules) : (o: Body) => o.spec;
  if (semanticEqual(seen(object), seen(old))) return;
  metadataOf(object).generation = (old.metadata?.generation ?? 0) + 1;
}
