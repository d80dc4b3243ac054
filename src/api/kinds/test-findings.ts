import { type GroupVersionKind, type KubeObject, parseApiVersion } from '../objects.ts';
import { builtinByKind } from '../resources.ts';
import type { FieldError } from '../status.ts';
import {
  applyDefaults,
  prepareForCreate,
  prepareForStatusUpdate,
  prepareForUpdate,
  validateCreate,
  validateStatusUpdate,
  validateUpdate,
} from './registry.ts';

/** Tests of rules: objects as the registry would make them, findings as `path: message`. */

/** `apps/v1/Deployment` → its parts. */
export function gvkOf(path: string): GroupVersionKind {
  const slash = path.lastIndexOf('/');
  return { ...parseApiVersion(path.slice(0, slash)), kind: path.slice(slash + 1) };
}

/** A new object with a name, a uid and, where the kind is namespaced, the namespace `default`. */
export function made(path: string, body: object): KubeObject {
  const gvk = gvkOf(path);
  const namespace = builtinByKind(gvk)?.namespaced ? { namespace: 'default' } : {};
  const { metadata, ...rest } = structuredClone(body) as { metadata?: object };
  const object = {
    metadata: { name: 'x', uid: 'u', resourceVersion: '1', ...namespace, ...metadata },
    ...rest,
  };
  applyDefaults(gvk, object);
  prepareForCreate(gvk, object);
  return object;
}

export function created(path: string, body: object): string[] {
  return shown(validateCreate(gvkOf(path), made(path, body)));
}

/** Of an update that changes the fields of `change`. */
export function updated(path: string, body: object, change: object): string[] {
  const gvk = gvkOf(path);
  const old = made(path, body);
  const fresh = made(path, { ...body, ...change });
  prepareForUpdate(gvk, fresh, old);
  return shown(validateUpdate(gvk, fresh, old));
}

/** Of an update through the status subresource: `was` and `status` are statuses. */
export function statusUpdated(path: string, body: object, was: object, status: object): string[] {
  const gvk = gvkOf(path);
  const old = { ...made(path, body), status: structuredClone(was) };
  const fresh = { ...made(path, body), status: structuredClone(status) };
  applyDefaults(gvk, old);
  applyDefaults(gvk, fresh);
  prepareForStatusUpdate(gvk, fresh, old);
  return shown(validateStatusUpdate(gvk, fresh, old));
}

function shown(findings: FieldError[]): string[] {
  return findings.map(({ field, message }) => `${field}: ${message}`);
}
