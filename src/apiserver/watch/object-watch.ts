import { expired } from '../../api/status.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { type Entry, RevisionCompacted, type Store } from '../../store/store.ts';
import { toApiError, tooOld } from '../errors/status.ts';
import type { WatchEvent, WatchSink, WatchSource } from '../exchange.ts';
import type { Held } from '../objects/decoded.ts';
import { withRevision } from '../objects/encoding.ts';
import { collectionPrefix, storageKey } from '../objects/storage-form.ts';
import { listObjects } from '../registry/list.ts';
import type { ListOptions } from '../registry/list-options.ts';
import type { ResourceEndpoint } from '../registry/resource-endpoint.ts';
import type { Selection } from '../registry/selection.ts';
import { changeEvent, type EventForm, initialEvent, plainEvent } from './event-form.ts';
import type { HubChange, ResourceHubs } from './resource-hub.ts';

export interface WatchDeps {
  clock: Clock;
  store: Store;
  hubs: ResourceHubs;
  /** Watches under way; the server ends them all when it stops. */
  open: Set<OpenWatch>;
}

export interface OpenWatch {
  /** Of the keys it looks at. */
  readonly prefix: string;
  end(): void;
}

/** Milliseconds between bookmarks (upstream: about a minute). */
const bookmarkInterval = 60_000;
/** Changes a watch may have waiting for a conversion webhook. */
const maxWaiting = 10_000;
/** Initial events handed on at a time, so that a large collection never holds the event loop. */
const initialBatch = 64;

export interface WatchRequest {
  endpoint: ResourceEndpoint;
  selection: Selection;
  options: ListOptions;
  form: EventForm;
  /** Milliseconds until the server ends it. */
  timeout: number;
  /** Makes a bookmark's object (a table's bookmark is a table). */
  bookmark(revision: number, annotations?: Record<string, string>): object;
}

/** A watch on one resource. Selectors on it turn changes into the events their watcher must see. */
export class ObjectWatch implements WatchSource, OpenWatch {
  readonly #deps: WatchDeps;
  readonly #request: WatchRequest;
  #sink: WatchSink | undefined;
  #cancels: Cancel[] = [];
  /** The revision up to which the watcher has been told everything. */
  #position = 0;
  /** Settles when what came so far has been converted and sent. */
  #converted: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Changes that came while initial events were still going out. */
  #held: HubChange[] | undefined;

  /** The key or prefix of keys it looks at. */
  readonly #scope: string;
  /** Whether objects are looked into: not all under the scope are selected. */
  readonly #selective: boolean;

  constructor(deps: WatchDeps, request: WatchRequest) {
    this.#deps = deps;
    this.#request = request;
    const { endpoint, selection } = request;
    const { storage, resource } = endpoint;
    const one = selection.name !== undefined && (selection.namespace !== '' || !resource.namespaced);
    this.#scope = one
      ? storageKey(storage, selection.namespace, selection.name!)
      : collectionPrefix(storage, selection.namespace);
    this.#selective = selection.selective && !(one && selection.byName);
  }

  get prefix(): string {
    return this.#request.endpoint.storage.prefix;
  }

  open(sink: WatchSink): { close(): void } {
    this.#sink = sink;
    const { options, timeout } = this.#request;
    const { clock, open } = this.#deps;
    open.add(this);
    this.#cancels.push(() => open.delete(this));
    this.#cancels.push(clock.after(timeout, () => this.end()));
    if (options.bookmarks) {
      this.#cancels.push(clock.every(bookmarkInterval, () => this.#sendBookmark()));
    }
    this.#begin();
    return { close: () => this.#close() };
  }

  end(): void {
    const sink = this.#sink;
    this.#close();
    sink?.end();
  }

  #close(): void {
    this.#sink = undefined;
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  #begin(): void {
    const { options } = this.#request;
    const asked = options.resourceVersion;
    const initial = options.sendInitialEvents ?? !asked;
    try {
      if (initial) this.#sendInitial();
      else {
        this.#position = asked ?? this.#deps.store.revision;
        this.#follow();
      }
    } catch (error) {
      if (!(error instanceof RevisionCompacted)) throw error;
      this.#send([plainEvent('ERROR', expired(tooOld(error, asked)).status, this.#request.form)]);
      this.end();
    }
  }

  /** What is there, as ADDED events, in batches with room for other work between them. */
  #sendInitial(): void {
    const { endpoint, selection, options } = this.#request;
    const { store } = this.#deps;
    const now = { ...options, limit: 0, continueToken: '', match: undefined, resourceVersion: undefined };
    // The list is taken in this very turn; what changes from here on is held until all of it has been told.
    const listing = listObjects(store, endpoint, selection, now);
    this.#position = store.revision;
    this.#held = [];
    this.#follow();
    listing.then(
      ({ items, revision }) => this.#sendItems(items, revision),
      error => this.#fail(error),
    );
  }

  #sendItems(items: readonly Entry[], revision: number): void {
    let at = 0;
    const { conversion } = this.#request.endpoint.storage;
    const next = async () => {
      if (!this.#sink) return;
      const batch = items.slice(at, at + initialBatch);
      if (conversion?.prepare) await conversion.prepare(batch);
      at += initialBatch;
      if (batch.length > 0) this.#send(batch.map(entry => initialEvent(entry, this.#request.form)));
      if (at < items.length) setImmediate(step);
      else this.#endInitial(revision);
    };
    const step = () => void next().catch(error => this.#fail(error));
    step();
  }

  #endInitial(revision: number): void {
    const { options, bookmark, form } = this.#request;
    if (options.sendInitialEvents && options.bookmarks) {
      const object = bookmark(revision, { 'k8s.io/initial-events-end': 'true' });
      this.#send([plainEvent('BOOKMARK', object, form)]);
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    if (held.length > 0) this.#take(held);
  }

  #follow(): void {
    const listener = {
      changes: (changes: readonly HubChange[]) => {
        if (this.#held) this.#held.push(...changes);
        else this.#take(changes);
      },
    };
    this.#cancels.push(this.#deps.hubs.of(this.prefix).subscribe(this.#scope, this.#position, listener));
  }

  #take(changes: readonly HubChange[]): void {
    const { conversion } = this.#request.endpoint.storage;
    const prepare = conversion?.prepare;
    if (!prepare) {
      this.#deliver(changes);
      return;
    }
    this.#waiting += changes.length;
    if (this.#waiting > maxWaiting) {
      this.end();
      return;
    }
    const shown = changes.flatMap(({ entry, previous }) => (previous ? [entry, previous] : [entry]));
    const before = this.#converted;
    // What ceases to match is told only by the converted objects, and shown at a revision of its own.
    const prepared = prepare(shown).then(() => prepare(changes.flatMap(change => this.#leaving(change))));
    // A failure is dealt with in its turn.
    prepared.catch(() => {});
    this.#converted = before
      .then(() => prepared)
      .then(() => {
        this.#waiting -= changes.length;
        if (this.#sink) this.#deliver(changes);
      })
      .catch(error => this.#fail(error));
  }

  /** What could not be converted ends the watch. */
  #fail(error: unknown): void {
    this.#send([plainEvent('ERROR', toApiError(error).status, this.#request.form)]);
    this.end();
  }

  #deliver(changes: readonly HubChange[]): void {
    const events: WatchEvent[] = [];
    for (const change of changes) {
      if (change.revision <= this.#position) continue;
      this.#position = change.revision;
      const event = this.#eventOf(change);
      if (event) events.push(event);
    }
    if (events.length > 0) this.#send(events);
  }

  /**
   * An object that begins to match is ADDED, one that ceases to is DELETED (as it was, at the revision of
   * the change), as upstream's watch cache tells it.
   */
  #eventOf(change: HubChange): WatchEvent | undefined {
    const { selection, form } = this.#request;
    const { previous } = change;
    if (!this.#selective) {
      const type = change.type === 'delete' ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED';
      return changeEvent(change, type, change.entry, form);
    }
    const matched = previous !== undefined && selection.matches(previous);
    if (change.type === 'delete') {
      return matched ? changeEvent(change, 'DELETED', change.entry, form) : undefined;
    }
    const matches = selection.matches(change.entry);
    if (matches) return changeEvent(change, matched ? 'MODIFIED' : 'ADDED', change.entry, form);
    if (!matched) return undefined;
    return changeEvent(change, 'DELETED', leaving(change, previous), form);
  }

  /** What a DELETED event shows where the change makes an object cease to match. */
  #leaving(change: HubChange): Held[] {
    const { selection } = this.#request;
    const { type, entry, previous } = change;
    if (!this.#selective || type === 'delete' || !previous) return [];
    return selection.matches(previous) && !selection.matches(entry) ? [leaving(change, previous)] : [];
  }

  #sendBookmark(): void {
    const { store } = this.#deps;
    if (this.#held) return;
    this.#position = Math.max(this.#position, store.revision);
    this.#send([plainEvent('BOOKMARK', this.#request.bookmark(this.#position), this.#request.form)]);
  }

  #send(events: readonly WatchEvent[]): void {
    if (this.#sink && !this.#sink.events(events)) this.#close();
  }
}

/** The object as it was, at the revision at which it ceased to match; made once for all watchers. */
function leaving(change: HubChange, previous: Entry): Held {
  let held = change.derived.get('leaving') as Held | undefined;
  if (!held) {
    held = { value: withRevision(previous.value, change.revision) };
    change.derived.set('leaving', held);
  }
  return held;
}
