/** What the server sets, keeps and checks of custom resources (apiextensions-apiserver's `registry/customresource`). */
import type { ObjectMeta } from '../generated/types.ts';
import { copyJson, equalJson, type JsonObject } from '../json.ts';
import { root } from '../kinds/field-path.ts';
import { Findings } from '../kinds/findings.ts';
import { checkMetadata, checkMetadataUpdate } from '../kinds/metadata.ts';
import { dnsSubdomainName } from '../kinds/object-name.ts';
import { keepSystemFields } from '../kinds/registry.ts';
import { formatApiVersion, type KubeObject } from '../objects.ts';
import type { FieldError } from '../status.ts';
import type { CustomVersion } from './custom-version.ts';
import { checkEmbedded } from './embedded.ts';
import { RuleRun } from './rules.ts';
import { checkBySchema, checkListTypes } from './validation.ts';

type Body = KubeObject & { status?: unknown };

/** In place. */
export function prepareCustomForCreate({ hasStatus }: CustomVersion, object: Body): void {
  object.metadata ??= {};
  const meta = object.metadata;
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  if (hasStatus) delete object.status;
  meta.generation = 1;
}

/** In place. A change of anything but metadata (and status, where that is a subresource) counts the generation. */
export function prepareCustomForUpdate({ hasStatus }: CustomVersion, object: Body, old: Body): void {
  keepSystemFields(object, old);
  if (hasStatus) {
    if (old.status === undefined) delete object.status;
    else object.status = old.status;
  }
  const counted = ({ metadata: _, ...rest }: KubeObject) => rest;
  if (equalJson(counted(object), counted(old))) return;
  object.metadata!.generation = (old.metadata?.generation ?? 0) + 1;
}

/** In place. Nothing but the status and its owners changes. */
export function prepareCustomStatus(object: Body, old: Body): void {
  const fresh = object as unknown as JsonObject;
  const { status, metadata } = object;
  const { managedFields } = metadata ?? {};
  for (const key of Object.keys(fresh)) delete fresh[key];
  Object.assign(fresh, copyJson(old));
  const kept = object.metadata as ObjectMeta;
  if (managedFields) kept.managedFields = managedFields;
  if (metadata?.resourceVersion) kept.resourceVersion = metadata.resourceVersion;
  if (status === undefined) delete object.status;
  else object.status = status;
}

export async function validateCustomCreate(
  version: CustomVersion,
  object: KubeObject,
): Promise<FieldError[]> {
  const out = new Findings();
  checkType(version, object, out);
  checkMetadata(object.metadata ?? {}, version.namespaced, dnsSubdomainName, out);
  await checkContents(version, object, undefined, out);
  return out.list;
}

export async function validateCustomUpdate(
  version: CustomVersion,
  object: KubeObject,
  old: KubeObject,
): Promise<FieldError[]> {
  const out = new Findings();
  checkType(version, object, out);
  checkMetadataUpdate(object.metadata ?? {}, old.metadata ?? {}, out);
  await checkContents(version, object, old, out);
  return out.list;
}

/** What a change of the status can be wrong in: the status. */
export async function validateCustomStatus(
  version: CustomVersion,
  object: KubeObject,
  old: KubeObject,
): Promise<FieldError[]> {
  const out = new Findings();
  checkMetadataUpdate(object.metadata ?? {}, old.metadata ?? {}, out);
  await checkContents(version, object, old, out);
  return out.list;
}

/** By the schema; where that finds nothing, by the rules. */
async function checkContents(
  { check, schema, rules }: CustomVersion,
  object: KubeObject,
  old: KubeObject | undefined,
  out: Findings,
): Promise<void> {
  if (check) checkBySchema(check, object, old, out);
  checkListTypes(object, schema, undefined, out);
  checkEmbedded(object, schema, out);
  if (rules && out.empty) await new RuleRun(out).check(rules, object, old);
}

function checkType({ gvk }: CustomVersion, object: KubeObject, out: Findings): void {
  if (object.kind !== gvk.kind) out.invalid(root('kind'), object.kind ?? '', `must be ${gvk.kind}`);
  const apiVersion = formatApiVersion(gvk.group, gvk.version);
  if (object.apiVersion !== apiVersion) {
    out.invalid(root('apiVersion'), object.apiVersion ?? '', `must be ${apiVersion}`);
  }
}
