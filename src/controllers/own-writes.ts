import { type KubeObject, objectKey, type Stored } from '../api/objects.ts';
import { ApiError } from '../api/status.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { ResourceClient } from '../client/client.ts';
import type { Informer } from '../client/informer.ts';
import { isNotFound, orNotFound } from './api-failures.ts';

interface Created<T extends KubeObject> {
  /** Undefined: the request's outcome is not known. */
  object: Stored<T> | undefined;
  namespace: string;
  name: string;
  /** Monotonic milliseconds. */
  at: number;
}

/**
 * An informer's view joined with what this controller wrote and the informer does not show yet: created
 * objects are there, deleted ones are marked. So a controller never creates twice because its cache is
 * behind, without counting what it expects.
 *
 * Objects have to be created under names chosen by the caller, so that a request whose answer was lost can
 * be looked up afterwards.
 */
export class OwnWrites<T extends KubeObject> {
  readonly #clock: Clock;
  readonly #informer: Informer<T>;
  readonly #client: ResourceClient<T>;
  readonly #created = new Map<string, Created<T>>();
  /** Keys of creates under way, and the uids the informer has shown under them. */
  readonly #underWay = new Map<string, Set<string>>();
  /** By uid, when the delete was sent. */
  readonly #deleted = new Map<string, number>();

  constructor(deps: { clock: Clock; informer: Informer<T>; client: ResourceClient<T> }) {
    this.#clock = deps.clock;
    this.#informer = deps.informer;
    this.#client = deps.client;
  }

  /** Begins to listen to the informer; before the first write. */
  attach(): Cancel {
    return this.#informer.addHandler({
      added: object => this.#seen(object),
      updated: object => {
        this.#seen(object);
        if (object.metadata.deletionTimestamp) this.#deleted.delete(object.metadata.uid);
      },
      deleted: object => {
        this.#seen(object);
        this.#deleted.delete(object.metadata.uid);
      },
    });
  }

  /** `objects`, as the informer has them, with the created ones that `belongs` accepts and it lacks. */
  join(objects: readonly Stored<T>[], belongs: (object: Stored<T>) => boolean): Stored<T>[] {
    const joined = [...objects];
    for (const { object } of this.#created.values()) {
      if (
        object &&
        belongs(object) &&
        !objects.some(({ metadata }) => metadata.uid === object.metadata.uid)
      ) {
        joined.push(object);
      }
    }
    return joined;
  }

  /** Whether the object is being deleted, by what the informer shows or by our own request. */
  isDeleting(object: Stored<T>): boolean {
    return object.metadata.deletionTimestamp !== undefined || this.#deleted.has(object.metadata.uid);
  }

  async create(object: T): Promise<Stored<T>> {
    const key = objectKey(object);
    const { namespace = '', name = '' } = object.metadata ?? {};
    const shown = new Set<string>();
    this.#underWay.set(key, shown);
    try {
      const stored = await this.#client.create(object);
      if (!shown.has(stored.metadata.uid)) this.#remember({ object: stored, namespace, name });
      return stored;
    } catch (error) {
      if (!(error instanceof ApiError)) this.#remember({ object: undefined, namespace, name });
      throw error;
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** Deletes this very object; one that is gone already is no failure. */
  async delete(object: Stored<T>): Promise<void> {
    const { namespace = '', name, uid } = object.metadata;
    this.#deleted.set(uid, this.#clock.monotonic());
    try {
      await this.#client.delete(namespace, name, {
        preconditions: { uid },
        propagationPolicy: 'Background',
      });
    } catch (error) {
      if (isNotFound(error)) return;
      this.#deleted.delete(uid);
      throw error;
    }
  }

  /**
   * Looks up what is not certain: creates without an answer, and writes the informer should have shown long
   * ago. To be awaited before planning; costs nothing as a rule.
   */
  async verify(): Promise<void> {
    const old = this.#clock.monotonic() - 30_000;
    for (const [uid, at] of this.#deleted) if (at < old) this.#deleted.delete(uid);
    const doubtful = [...this.#created].filter(([, { object, at }]) => !object || at < old);
    for (const [key, { namespace, name }] of doubtful) {
      const found = await orNotFound(this.#client.get(namespace, name));
      if (!found || this.#informer.getByKey(key)?.metadata.uid === found.metadata.uid) {
        this.#created.delete(key);
      } else this.#remember({ object: found, namespace, name });
    }
  }

  #remember(created: Omit<Created<T>, 'at'>): void {
    const key = created.namespace ? `${created.namespace}/${created.name}` : created.name;
    this.#created.set(key, { ...created, at: this.#clock.monotonic() });
  }

  #seen(object: Stored<T>): void {
    const key = objectKey(object);
    this.#underWay.get(key)?.add(object.metadata.uid);
    const created = this.#created.get(key);
    if (created && (!created.object || created.object.metadata.uid === object.metadata.uid)) {
      this.#created.delete(key);
    }
  }
}
