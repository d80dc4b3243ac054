import type { KubeObject, Stored } from '../../api/objects.ts';
import { conflict, internalError, notFound } from '../../api/status.ts';
import type { Clock } from '../../base/clock.ts';
import { type Entry, RevisionMismatch, type Store } from '../../store/store.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import { decodeStored, rememberDecoded } from '../objects/decoded.ts';
import { encodeObject, restamped } from '../objects/encoding.ts';
import { storageKey } from '../objects/storage-form.ts';
import type { Random } from '../random.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import { type Strategies, type Strategy, strategyIn } from './strategies.ts';

export interface RegistryDeps {
  clock: Clock;
  store: Store;
  random: Random;
  admission: AdmissionChain;
  strategies: Strategies;
}

/** What a change function decided on the state it was shown. */
export type Outcome =
  /** Nothing to write: answer with what is there. */
  | { kind: 'keep' }
  /** Store this object, in the stored version. */
  | { kind: 'write'; object: KubeObject }
  /** Remove it; `object` is what the watchers see last. */
  | { kind: 'remove'; object: KubeObject };

/** An object after a verb: a stored entry, or (dry run) an object that never was stored. */
export interface Result {
  entry?: Entry;
  object(): KubeObject;
  removed?: boolean;
  created?: boolean;
}

/** Tries of one change against writers that come in between. */
const maxAttempts = 50;

/** Reads and conditional writes of stored objects; the verbs stand on these. */
export class Registry {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: Random;
  readonly admission: AdmissionChain;
  readonly #strategies: Strategies;

  constructor(deps: RegistryDeps) {
    this.clock = deps.clock;
    this.store = deps.store;
    this.random = deps.random;
    this.admission = deps.admission;
    this.#strategies = deps.strategies;
  }

  strategyOf(endpoint: ResourceEndpoint): Strategy {
    return strategyIn(this.#strategies, endpoint);
  }

  entry(endpoint: ResourceEndpoint, namespace: string, name: string): Entry | undefined {
    return this.store.get(storageKey(endpoint.storage, namespace, name));
  }

  /** The stored object, frozen, in the stored version. */
  find<T extends KubeObject>(
    endpoint: ResourceEndpoint,
    namespace: string,
    name: string,
  ): Stored<T> | undefined {
    const entry = this.entry(endpoint, namespace, name);
    return entry && decodeStored<T>(entry);
  }

  /** The object in the endpoint's version. @throws ApiError 404 */
  async served(endpoint: ResourceEndpoint, namespace: string, name: string): Promise<Stored> {
    const { conversion } = endpoint.storage;
    const entry = this.existing(endpoint, namespace, name);
    await conversion?.prepare?.([entry]);
    const object = decodeStored(entry);
    return (conversion?.fromStorage(object, entry) ?? object) as Stored;
  }

  /** @throws ApiError 404 */
  existing(endpoint: ResourceEndpoint, namespace: string, name: string): Entry {
    const entry = this.entry(endpoint, namespace, name);
    if (!entry) throw notFound(endpoint.qualified, name);
    return entry;
  }

  /** The time stamp of now as metadata carries it: whole seconds. */
  timestamp(offsetMs = 0): string {
    return `${new Date(this.clock.now() + offsetMs).toISOString().slice(0, 19)}Z`;
  }

  /**
   * Changes one object: shows `decide` what is there, does what it says, and begins anew when another writer
   * was faster (upstream's GuaranteedUpdate).
   * @param endpoint.storage the version `decide` works in.
   * @param retry whether a conflict is tried again; where not, it is thrown.
   * @throws ApiError 409 when others keep being faster, and whatever `decide` throws.
   */
  async change(
    endpoint: ResourceEndpoint,
    namespace: string,
    name: string,
    decide: (current: Stored | undefined) => Outcome | Promise<Outcome>,
    options: { dryRun?: boolean } = {},
  ): Promise<Result> {
    const key = storageKey(endpoint.storage, namespace, name);
    let entry = this.store.get(key);
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const outcome = await decide(entry && decodeStored(entry));
      if (outcome.kind === 'keep') {
        if (!entry) throw notFound(endpoint.qualified, name);
        return resultOf(entry);
      }
      if (options.dryRun) return dryRunResult(outcome, entry);
      try {
        return outcome.kind === 'write'
          ? await this.#write(key, outcome.object, entry)
          : await this.#remove(key, outcome.object, entry);
      } catch (error) {
        if (!(error instanceof RevisionMismatch)) throw error;
        entry = error.current;
      }
    }
    throw conflict(endpoint.qualified, name);
  }

  async #write(key: string, object: KubeObject, current: Entry | undefined): Promise<Result> {
    const entry = await this.store.put(key, encodeObject(object), current?.revision ?? 0);
    remember(entry, object);
    return { ...resultOf(entry), created: current === undefined };
  }

  async #remove(key: string, object: KubeObject, current: Entry | undefined): Promise<Result> {
    if (!current) throw internalError(new Error(`${key} is to be removed and does not exist`));
    const same = decodeStored(current) === object;
    const last = same ? restamped(current.value) : encodeObject(object);
    const entry = await this.store.delete(key, current.revision, last);
    return { ...resultOf(entry), removed: true };
  }
}

/** Writes the revision into the object that was just encoded, which spares decoding it again. */
function remember(entry: Entry, object: KubeObject): void {
  const { kind, apiVersion, metadata, ...rest } = object;
  const stored = {
    kind,
    apiVersion,
    metadata: { ...metadata, resourceVersion: String(entry.revision) },
    ...rest,
  };
  rememberDecoded(entry, stored as Stored);
}

export function resultOf(entry: Entry): Result {
  return { entry, object: () => decodeStored(entry) };
}

function dryRunResult(outcome: Exclude<Outcome, { kind: 'keep' }>, entry: Entry | undefined): Result {
  const { object } = outcome;
  return {
    object: () => object,
    created: entry === undefined,
    ...(outcome.kind === 'remove' && { removed: true }),
  };
}
