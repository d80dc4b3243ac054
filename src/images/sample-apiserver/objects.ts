/** Flunders and Fischers: what is checked, and what is filled in (k8s.io/sample-apiserver's wardle API). */
import { randomBytes, randomUUID } from 'node:crypto';
import { StatusError } from './status.ts';

export const group = 'wardle.example.com';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

export interface WardleObject {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec?: { reference?: string; referenceType?: string };
  status?: object;
  disallowedFlunders?: string[];
}

export interface Metadata {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: object[];
}

export interface WardleResource {
  plural: string;
  singular: string;
  kind: 'Flunder' | 'Fischer';
  namespaced: boolean;
  /** The members an object has beside apiVersion, kind and metadata. */
  members: readonly ('spec' | 'status' | 'disallowedFlunders')[];
}

export const resources: readonly WardleResource[] = [
  {
    plural: 'fischers',
    singular: 'fischer',
    kind: 'Fischer',
    namespaced: false,
    members: ['disallowedFlunders'],
  },
  { plural: 'flunders', singular: 'flunder', kind: 'Flunder', namespaced: true, members: ['spec', 'status'] },
];

export const keyPrefix = ({ plural }: WardleResource, namespace?: string) =>
  `/registry/${group}/${plural}/${namespace === undefined ? '' : `${namespace}/`}`;

/** The request's object with only the members its kind has. @throws StatusError 400 */
export function decodeObject(text: string, resource: WardleResource): WardleObject {
  let value: WardleObject;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StatusError(400, 'BadRequest', `the body is no JSON: ${(cause as Error).message}`);
  }
  const { kind } = resource;
  if ((value?.apiVersion ?? apiVersion) !== apiVersion || (value?.kind ?? kind) !== kind) {
    throw new StatusError(400, 'BadRequest', `the object is no ${kind} of ${apiVersion}`);
  }
  const own = resource.members.map(member => [
    member,
    value[member] ?? (member === 'disallowedFlunders' ? [] : {}),
  ]);
  const { managedFields: _, ...metadata } = { ...(value.metadata as object) } as Metadata & {
    managedFields?: unknown;
  };
  return { apiVersion, kind, metadata, ...Object.fromEntries(own) };
}

/** Fills in what a new object gets. @throws StatusError 422 */
export function newObject(
  object: WardleObject,
  resource: WardleResource,
  namespace: string | undefined,
): WardleObject {
  const { metadata } = object;
  const { resourceVersion: _, deletionTimestamp: __, ...asked } = metadata;
  const name = metadata.name || (metadata.generateName ? `${metadata.generateName}${suffix()}` : '');
  const creationTimestamp = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const made = {
    ...asked,
    name,
    ...(namespace !== undefined && { namespace }),
    uid: randomUUID(),
    creationTimestamp,
  };
  const whole = { ...object, metadata: made };
  check(whole, resource);
  return whole;
}

/** @throws StatusError 422 */
export function check(object: WardleObject, { kind }: WardleResource): void {
  const { name } = object.metadata;
  const label = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
  const refuse = (field: string, why: string) =>
    new StatusError(422, 'Invalid', `${kind}.${group} ${JSON.stringify(name)} is invalid: ${field}: ${why}`, {
      name,
      group,
      kind,
    });
  if (!name) throw refuse('metadata.name', 'Required value: name or generateName is required');
  if (name.length > 253 || !label.test(name)) {
    throw refuse(
      'metadata.name',
      `Invalid value: ${JSON.stringify(name)}: not a lowercase RFC 1123 subdomain`,
    );
  }
  const { reference, referenceType } = object.spec ?? {};
  if (referenceType !== undefined && !['', 'Flunder', 'Fischer'].includes(referenceType)) {
    throw refuse('spec.referenceType', `Invalid value: ${JSON.stringify(referenceType)}`);
  }
  if (reference && !referenceType) throw refuse('spec.referenceType', 'Required value');
}

function suffix(): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  return [...randomBytes(5)].map(byte => letters[byte % letters.length]).join('');
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...(target as object) } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}
