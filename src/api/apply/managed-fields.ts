/**
 * `metadata.managedFields`: who owns which fields. Decoded into one entry a manager, and written again sorted,
 * stripped and capped as k8s.io/apimachinery's `util/managedfields` does.
 */
import type { ManagedFieldsEntry } from '../generated/types.ts';
import { timeOf } from '../time.ts';
import { FieldSet } from './field-set.ts';

export type Operation = 'Apply' | 'Update';

export interface Manager {
  readonly name: string;
  readonly operation: Operation;
  /** Of the last change; no part of an applier's identity. */
  readonly apiVersion: string;
  readonly subresource: string;
}

export interface Owned {
  readonly manager: Manager;
  readonly fields: FieldSet;
  /** As in the entry; absent where never set. */
  readonly time?: string;
}

/** By identity of the manager. */
export type Managers = ReadonlyMap<string, Owned>;

export function identityOf({ name, operation, apiVersion, subresource }: Manager): string {
  return JSON.stringify([name, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

/**
 * The managers the entries tell.
 * @throws SyntaxError for entries that cannot be read
 */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers = new Map<string, Owned>();
  for (const entry of entries ?? []) {
    const {
      manager: name = '',
      operation,
      apiVersion = '',
      subresource = '',
      fieldsType,
      fieldsV1,
      time,
    } = entry;
    if (operation !== 'Apply' && operation !== 'Update')
      throw new SyntaxError(`invalid operation ${operation}`);
    if (fieldsType !== 'FieldsV1') throw new SyntaxError(`unsupported fieldsType ${fieldsType}`);
    const manager: Manager = { name, operation, apiVersion, subresource };
    managers.set(identityOf(manager), { manager, fields: FieldSet.fromFieldsV1(fieldsV1 ?? {}), time });
  }
  return managers;
}

/** The entries of the managers, appliers first, then by time and name. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()].sort(compareOwned).map(({ manager, fields, time }) => ({
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(time && { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: fields.toFieldsV1(),
    ...(manager.subresource && { subresource: manager.subresource }),
  }));
}

function compareOwned(a: Owned, b: Owned): number {
  const keys = ({ manager, time }: Owned) =>
    [manager.operation, timeOf(time), manager.name, manager.apiVersion, manager.subresource] as const;
  const [left, right] = [keys(a), keys(b)];
  for (const [index, value] of left.entries()) {
    const other = right[index]!;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

const systemFields = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** Fields nobody owns: they are the object's identity, or the system's. */
const unowned = FieldSet.of(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...systemFields.map(name => ['f:metadata', `f:${name}`]),
);

/** Takes away the fields nobody owns, and managers that own nothing. */
export function stripManagers(managers: Managers): Managers {
  const stripped = new Map<string, Owned>();
  for (const [identity, owned] of managers) {
    const fields = owned.fields.difference(unowned);
    if (!fields.empty) stripped.set(identity, { ...owned, fields });
  }
  return stripped;
}

const maxUpdaters = 10;
const ancient = 'ancient-changes';

/** Puts the oldest updaters beyond ten together into one an API version. */
export function capManagers(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { manager }]) => manager.operation === 'Update');
  if (updaters.length <= maxUpdaters) return managers;
  const capped = new Map(managers);
  const oldestFirst = updaters.sort(([, a], [, b]) => compareOwned(a, b));
  let count = updaters.length;
  for (const [identity, owned] of oldestFirst) {
    if (count <= maxUpdaters) break;
    const manager: Manager = { ...owned.manager, name: ancient, subresource: '' };
    const bucket = identityOf(manager);
    if (bucket === identity) continue;
    const before = capped.get(bucket);
    capped.delete(identity);
    if (before) count--;
    capped.set(bucket, {
      manager,
      fields: before ? before.fields.union(owned.fields) : owned.fields,
      time: owned.time,
    });
  }
  return capped;
}
