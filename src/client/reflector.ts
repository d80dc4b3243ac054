import type { KubeList, KubeObject, Stored, WatchEventOf } from '../api/objects.ts';
import { formatApiVersion } from '../api/objects.ts';
import { type ResourceInfo, resourcePath } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';
import { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { queryString } from './client.ts';
import type { Transport } from './transport.ts';

export interface ReflectorOptions {
  resource: ResourceInfo;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Objects a page of the list. */
  pageSize?: number;
  /** Delays after failures, milliseconds; up to half as much again is added at random. */
  backoff?: { initial: number; max: number };
}

/** Where a reflector puts what it learns. */
export interface ReflectorTarget<T extends KubeObject> {
  /** The whole collection, from a list. */
  replace(objects: readonly Stored<T>[]): void;
  put(object: Stored<T>): void;
  remove(object: Stored<T>): void;
  /** The target has everything up to this version of the collection. */
  reached(resourceVersion: string): void;
}

/**
 * Keeps a target equal to a collection of the API: lists it page by page, then watches from the list's
 * resourceVersion. A watch that ends or breaks is taken up again from the last version seen; only when the
 * server no longer has that (410) the collection is listed anew. After client-go's tools/cache/reflector.
 */
export class Reflector<T extends KubeObject> {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #transport: Transport;
  readonly #options: ReflectorOptions;
  readonly #target: ReflectorTarget<T>;
  readonly #backoff: Backoff<'all'>;
  /** The version the target stands at; undefined where it must be listed. */
  #version: string | undefined;

  constructor(
    deps: { clock: Clock; log: Logger; transport: Transport; target: ReflectorTarget<T> },
    options: ReflectorOptions,
  ) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#transport = deps.transport;
    this.#target = deps.target;
    this.#options = options;
    this.#backoff = new Backoff(options.backoff ?? { initial: 100, max: 5_000 });
  }

  /** Runs until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (needsList(error)) this.#version = undefined;
        await this.#pause(error, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { pageSize = 500 } = this.#options;
    const objects: Stored<T>[] = [];
    let page = await this.#page({ limit: pageSize }, signal);
    const first = page;
    collect(page, this.#options.resource, objects);
    while (page.metadata.continue) {
      try {
        page = await this.#page({ limit: pageSize, continue: page.metadata.continue }, signal);
      } catch (error) {
        if (!isExpired(error)) throw error;
        // The collection changed too much between the pages: take it whole, so that the list comes to an end.
        objects.length = 0;
        page = await this.#page({}, signal);
        collect(page, this.#options.resource, objects);
        break;
      }
      collect(page, this.#options.resource, objects);
    }
    // All pages show the collection at one version, the first one's.
    const version = page.metadata.resourceVersion ?? first.metadata.resourceVersion;
    this.#target.replace(objects);
    this.#reached(version ?? '');
  }

  #reached(version: string): void {
    this.#version = version;
    this.#target.reached(version);
  }

  #page(query: { limit?: number; continue?: string }, signal: AbortSignal): Promise<KubeList<Stored<T>>> {
    return this.#transport.request({ method: 'GET', path: this.#path(query), signal });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const opened = this.#clock.monotonic();
    let events = 0;
    // A limit of its own, as client-go sets it: a watch whose connection died unseen is renewed all the same.
    const timeoutSeconds = 300 + Math.floor(Math.random() * 300);
    const path = this.#path({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds,
    });
    for await (const event of this.#transport.watch<T>({ method: 'GET', path, signal })) {
      if (signal.aborted) return;
      events++;
      this.#apply(event);
      this.#backoff.forget('all');
    }
    if (signal.aborted) return;
    // Taken up again at once, it would spin where a server ends every watch.
    if (events === 0 && this.#clock.monotonic() - opened < 1_000) throw new Error('the watch ended at once');
    this.#backoff.forget('all');
  }

  #apply(event: WatchEventOf<T>): void {
    if (event.type === 'ERROR') throw new ApiError(event.object as object);
    const object = complete<T>(event.object, this.#options.resource);
    if (event.type === 'DELETED') this.#target.remove(object);
    else if (event.type !== 'BOOKMARK') this.#target.put(object);
    this.#reached(object.metadata.resourceVersion);
  }

  async #pause(error: unknown, signal: AbortSignal): Promise<void> {
    const delay = this.#backoff.next('all') * (1 + Math.random() / 2);
    const fields = { resource: this.#options.resource.plural, delay: Math.round(delay), error };
    if (this.#backoff.failures('all') === 2) this.#log.warn('cannot list and watch; trying on', fields);
    else this.#log.debug('list and watch failed', fields);
    await this.#clock.sleep(delay, signal).catch(() => undefined);
  }

  #path(query: Record<string, string | number | undefined>): string {
    const { resource, namespace, labelSelector, fieldSelector } = this.#options;
    return resourcePath(resource, { namespace }) + queryString({ labelSelector, fieldSelector, ...query });
  }
}

function collect<T extends KubeObject>(
  page: KubeList<Stored<T>>,
  resource: ResourceInfo,
  into: Stored<T>[],
): void {
  // A list of nothing may say `items: null`.
  for (const item of page.items ?? []) into.push(complete(item, resource));
}

/**
 * Items of a list carry no apiVersion and kind on the wire; managedFields are dropped where the object is our
 * own to write to: nobody reads them from a copy, and they are a third of its memory.
 */
function complete<T extends KubeObject>(object: T, resource: ResourceInfo): Stored<T> {
  if (object.metadata?.managedFields && !Object.isFrozen(object.metadata)) {
    object.metadata.managedFields = undefined;
  }
  if (object.kind !== undefined) return object as Stored<T>;
  const { group, version, kind } = resource;
  return { apiVersion: formatApiVersion(group, version), kind, ...object } as unknown as Stored<T>;
}

function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.code === 410;
}

/** Also a version the server has not reached: its store was put back to an earlier state. */
function needsList(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  const causes = error.status.details?.causes ?? [];
  return error.code === 410 || causes.some(cause => cause.reason === 'ResourceVersionTooLarge');
}
