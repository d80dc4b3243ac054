import { isDeepStrictEqual } from 'node:util';
import type { KubeList, KubeObject, Stored, WatchEventOf } from '../api/objects.ts';
import { formatApiVersion } from '../api/objects.ts';
import type { ResourceInfo } from '../api/resources.ts';
import { alreadyExists, conflict, expired, notFound } from '../api/status.ts';
import { formatTime } from '../api/time.ts';
import type { Clock } from '../base/clock.ts';
import { type FakeSelection, selects } from './fake-selection.ts';

/** An object whose spec and status the model compares and copies without knowing the kind. */
export type Loose = KubeObject & { spec?: Record<string, unknown>; status?: Record<string, unknown> };

interface Change {
  version: number;
  resource: ResourceInfo;
  object: Stored<Loose>;
  previous: Stored<Loose> | undefined;
  deleted: boolean;
}

type Listener = (change: Change) => void;

/**
 * The model behind `FakeTransport`: collections of frozen objects with resourceVersions, a history to watch,
 * optimistic concurrency and finalizers as the real API server has them. No validation, no admission.
 */
export class FakeApi {
  readonly #clock: Clock;
  readonly #objects = new Map<string, Stored<Loose>>();
  #history: Change[] = [];
  #version = 1;
  #compacted = 0;
  #created = 0;
  readonly #listeners = new Set<Listener>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get version(): number {
    return this.#version;
  }

  find(resource: ResourceInfo, namespace: string, name: string): Stored<Loose> | undefined {
    return this.#objects.get(keyOf(resource, namespace, name));
  }

  /** @throws ApiError NotFound */
  get(resource: ResourceInfo, namespace: string, name: string): Stored<Loose> {
    const found = this.find(resource, namespace, name);
    if (!found) throw notFound({ group: resource.group, resource: resource.plural }, name);
    return found;
  }

  /** In the order of their keys, as the real one. */
  list(resource: ResourceInfo, selection: FakeSelection): Stored<Loose>[] {
    const prefix = `${resource.storageGroup}/${resource.plural}/`;
    const keys = [...this.#objects.keys()].filter(key => key.startsWith(prefix)).sort();
    return keys.map(key => this.#objects.get(key)!).filter(object => selects(selection, object));
  }

  page(
    resource: ResourceInfo,
    selection: FakeSelection,
    limit: number,
    after: string,
  ): KubeList<Stored<Loose>> {
    const all = this.list(resource, selection).filter(object => nameOf(object) > after);
    const items = limit > 0 ? all.slice(0, limit) : all;
    const more = all.length - items.length;
    return {
      apiVersion: formatApiVersion(resource.group, resource.version),
      kind: `${resource.kind}List`,
      metadata: {
        resourceVersion: String(this.#version),
        ...(more > 0 && { continue: nameOf(items.at(-1)!), remainingItemCount: more }),
      },
      items,
    };
  }

  create(resource: ResourceInfo, namespace: string, object: Loose): Stored<Loose> {
    const { generateName } = object.metadata ?? {};
    const name = object.metadata?.name || `${generateName ?? ''}${this.#suffix()}`;
    if (this.find(resource, namespace, name)) {
      throw alreadyExists({ group: resource.group, resource: resource.plural }, name);
    }
    const metadata = {
      ...object.metadata,
      name,
      ...(resource.namespaced && { namespace }),
      uid: object.metadata?.uid ?? this.#uid(),
      creationTimestamp: object.metadata?.creationTimestamp ?? formatTime(this.#clock.now()),
      ...(object.spec && { generation: object.metadata?.generation ?? 1 }),
      resourceVersion: '',
    };
    return this.#write(resource, { ...object, metadata } as Stored<Loose>, undefined);
  }

  /**
   * Writes `next` over what is there. An equal object changes nothing; one that waits for its deletion and has
   * lost its last finalizer is removed.
   * @throws ApiError Conflict where `next` was made from another version or another object.
   */
  replace(resource: ResourceInfo, present: Stored<Loose>, next: Loose): Stored<Loose> {
    this.#checkPreconditions(resource, present, next.metadata ?? {});
    const {
      uid,
      creationTimestamp,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      generation,
      resourceVersion,
    } = present.metadata;
    const fixed = { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation };
    const metadata = { ...next.metadata, ...fixed, name: present.metadata.name, resourceVersion };
    const namespace = present.metadata.namespace;
    if (namespace !== undefined) metadata.namespace = namespace;
    const candidate = plain({ ...next, metadata }) as Stored<Loose>;
    if (isDeepStrictEqual(candidate, plain(present))) return present;
    if (generation !== undefined && !isDeepStrictEqual(candidate.spec, plain(present).spec)) {
      candidate.metadata.generation = generation + 1;
    }
    const finalizers = candidate.metadata.finalizers ?? [];
    const finished = deletionTimestamp && finalizers.length === 0 && !waitsForItsOwner(resource, candidate);
    return finished ? this.#remove(resource, present, candidate) : this.#write(resource, candidate, present);
  }

  /** Removes whatever its finalizers say. */
  remove(resource: ResourceInfo, present: Stored<Loose>): void {
    this.#remove(resource, present, present);
  }

  /** Removes at once where no finalizer is left, else marks it with a deletionTimestamp. */
  delete(resource: ResourceInfo, present: Stored<Loose>, graceSeconds: number): Stored<Loose> {
    const finalizers = present.metadata.finalizers ?? [];
    const namespace = resource.plural === 'namespaces' && waitsForItsOwner(resource, present);
    if (finalizers.length === 0 && graceSeconds === 0 && !namespace) {
      return this.#remove(resource, present, present);
    }
    const { deletionGracePeriodSeconds: earlier = Number.POSITIVE_INFINITY } = present.metadata;
    if (present.metadata.deletionTimestamp && graceSeconds >= earlier) return present;
    const metadata = {
      ...present.metadata,
      deletionTimestamp: formatTime(this.#clock.now() + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    };
    return this.#write(resource, { ...present, metadata }, present);
  }

  /** @throws ApiError Conflict */
  checkDeletePreconditions(
    resource: ResourceInfo,
    present: Stored<Loose>,
    preconditions: { uid?: string; resourceVersion?: string },
  ): void {
    this.#checkPreconditions(resource, present, preconditions);
  }

  /** Forgets the history: watches from earlier versions and continued lists answer 410. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#version;
  }

  /**
   * Tells `deliver` of every change after `version` ('' or '0': of what is there, as ADDED).
   * Returns how to end it.
   * @throws ApiError Expired
   */
  watch(
    resource: ResourceInfo,
    selection: FakeSelection,
    version: string,
    deliver: (event: WatchEventOf) => void,
  ): () => void {
    const after = Number(version || '0');
    const tell: Listener = change => {
      const same =
        change.resource.plural === resource.plural && change.resource.storageGroup === resource.storageGroup;
      const event = same && change.version > after ? eventOf(change, selection) : undefined;
      if (event) deliver(event);
    };
    if (after === 0) {
      for (const object of this.list(resource, selection)) deliver({ type: 'ADDED', object });
    } else {
      if (after < this.#compacted) throw expired(`too old resource version: ${after} (${this.#compacted})`);
      for (const change of this.#history) tell(change);
    }
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  #checkPreconditions(
    resource: ResourceInfo,
    present: Stored<Loose>,
    { uid, resourceVersion }: { uid?: string; resourceVersion?: string },
  ): void {
    const of = { group: resource.group, resource: resource.plural };
    if (uid && uid !== present.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${present.metadata.uid}`;
      throw conflict(of, present.metadata.name, why);
    }
    if (resourceVersion && resourceVersion !== present.metadata.resourceVersion) {
      throw conflict(of, present.metadata.name);
    }
  }

  #write(resource: ResourceInfo, object: Stored<Loose>, previous: Stored<Loose> | undefined): Stored<Loose> {
    const stored = this.#stamp(resource, object);
    const { namespace = '', name } = stored.metadata;
    const key = keyOf(resource, namespace, name);
    this.#objects.set(key, stored);
    this.#publish({ version: this.#version, resource, object: stored, previous, deleted: false });
    return stored;
  }

  #remove(resource: ResourceInfo, present: Stored<Loose>, final: Stored<Loose>): Stored<Loose> {
    const stored = this.#stamp(resource, final);
    this.#objects.delete(keyOf(resource, present.metadata.namespace ?? '', present.metadata.name));
    this.#publish({ version: this.#version, resource, object: stored, previous: present, deleted: true });
    return stored;
  }

  #stamp(resource: ResourceInfo, object: Stored<Loose>): Stored<Loose> {
    this.#version += 1;
    const stored = plain({
      ...object,
      apiVersion: formatApiVersion(resource.group, resource.version),
      kind: resource.kind,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    }) as Stored<Loose>;
    return freeze(stored);
  }

  #publish(change: Change): void {
    this.#history.push(change);
    for (const listener of [...this.#listeners]) listener(change);
  }

  #uid(): string {
    this.#created += 1;
    return `00000000-0000-4000-8000-${String(this.#created).padStart(12, '0')}`;
  }

  #suffix(): string {
    this.#created += 1;
    return this.#created.toString(36).padStart(5, '0');
  }
}

function keyOf(resource: ResourceInfo, namespace: string, name: string): string {
  return `${resource.storageGroup}/${resource.plural}/${namespace}/${name}`;
}

function nameOf(object: KubeObject): string {
  return `${object.metadata?.namespace ?? ''}/${object.metadata?.name}`;
}

/** A pod under graceful deletion waits for its node agent, a namespace for `spec.finalizers` to be empty. */
function waitsForItsOwner(resource: ResourceInfo, object: Stored<Loose>): boolean {
  if (resource.plural === 'namespaces')
    return Array.isArray(object.spec?.finalizers) && object.spec.finalizers.length > 0;
  return (object.metadata.deletionGracePeriodSeconds ?? 0) > 0;
}

/** An object that begins or ceases to match the selection is told as ADDED or DELETED. */
function eventOf(change: Change, selection: FakeSelection): WatchEventOf | undefined {
  const { object, previous, deleted } = change;
  const before = previous !== undefined && selects(selection, previous);
  const now = !deleted && selects(selection, object);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object };
  return before ? { type: 'DELETED', object } : undefined;
}

/** A copy as it would arrive over the wire: no undefined fields, nothing shared. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value;
}
