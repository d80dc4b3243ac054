import type { KubeObject, Stored } from '../../api/objects.ts';
import { decodeStored, type Held } from './decoded.ts';
import { sharedValues } from './shared-values.ts';

/**
 * What components in this process are shown of an object, and keep by the thousand: the same frozen object,
 * but that the heavy parts hardly anyone reads are decoded when someone does. They are ordinary members to
 * look at, copy and write out; only they cost a decoding of the bytes, unless someone had them lately.
 */
type Part = 'metadata' | 'spec' | 'status' | 'object';
type LateParts = Readonly<Partial<Record<Part, readonly string[]>>>;

const metadata = ['managedFields'];
const lateParts: Readonly<Record<string, LateParts>> = {
  'v1/Pod': {
    metadata,
    spec: ['containers', 'initContainers', 'ephemeralContainers', 'volumes', 'affinity', 'tolerations'],
    status: ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'],
  },
  'v1/ConfigMap': { metadata, object: ['data', 'binaryData'] },
  'v1/Secret': { metadata, object: ['data'] },
  'apps/v1/ControllerRevision': { metadata, object: ['data'] },
};
const others: LateParts = { metadata };

const source = Symbol('stored bytes');
type Late = object & { [source]: Held };

const descriptors = new Map<string, PropertyDescriptor>();

export function sharedView<T extends KubeObject>(held: Held): Stored<T> {
  const object = decodeStored(held) as Stored & Record<string, unknown>;
  const late = lateParts[`${object.apiVersion}/${object.kind}`] ?? others;
  const view: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    if (late.object?.includes(key)) continue;
    if (key === 'metadata' || key === 'spec' || key === 'status') {
      view[key] = partOf(object[key], key, late[key], held);
    } else view[key] = shared(object[key]);
  }
  addLate(view, object, 'object', late.object, held);
  return Object.freeze(view) as unknown as Stored<T>;
}

function partOf(value: unknown, part: Part, late: readonly string[] | undefined, held: Held): unknown {
  if (!late || typeof value !== 'object' || value === null || Array.isArray(value)) return shared(value);
  const whole = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(whole)) if (!late.includes(key)) copy[key] = shared(whole[key]);
  addLate(copy, whole, part, late, held);
  return Object.freeze(copy);
}

/** The late members that the object has, as getters. Each is one function for all, so that objects keep one shape. */
function addLate(
  to: object,
  whole: Record<string, unknown>,
  part: Part,
  late: readonly string[] | undefined,
  held: Held,
): void {
  const present = late?.filter(key => whole[key] !== undefined) ?? [];
  if (present.length === 0) return;
  Object.defineProperty(to, source, { value: held });
  for (const key of present) Object.defineProperty(to, key, descriptorOf(part, key));
}

function descriptorOf(part: Part, key: string): PropertyDescriptor {
  const name = `${part}.${key}`;
  let descriptor = descriptors.get(name);
  if (!descriptor) {
    descriptor = {
      enumerable: true,
      get(this: Late) {
        const object = decodeStored(this[source]) as unknown as Record<string, Record<string, unknown>>;
        return part === 'object' ? object[key] : object[part]![key];
      },
    };
    descriptors.set(name, descriptor);
  }
  return descriptor;
}

/** A frozen copy that has its strings, and what small objects it holds, in common with other objects. */
function shared(value: unknown): unknown {
  if (typeof value === 'string') return sharedValues.string(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(shared));
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = shared((value as Record<string, unknown>)[key]);
    if (key === '__proto__') Object.defineProperty(copy, key, { value: member, enumerable: true });
    else copy[key] = member;
  }
  return sharedValues.object(Object.freeze(copy));
}
