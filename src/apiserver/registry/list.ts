import { ApiError, badRequest, expired } from '../../api/status.ts';
import { type Change, type Entry, RevisionCompacted, type Store } from '../../store/store.ts';
import { filterInSlices } from '../objects/slices.ts';
import { collectionPrefix, storageKey } from '../objects/storage-form.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import type { ListOptions } from './list-options.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import type { Selection } from './selection.ts';

export interface ListedObjects {
  items: readonly Entry[];
  revision: number;
  continueToken?: string;
  /** How many follow past the limit; undefined where the selection makes that unknown. */
  remaining?: number;
}

/**
 * LIST: what is stored now, or (Exact, continue) what was stored at a revision of the kept history.
 * @throws ApiError 410 where that history is gone, 504 for a revision that is yet to come.
 */
export async function listObjects(
  store: Store,
  endpoint: ResourceEndpoint,
  selection: Selection,
  options: ListOptions,
): Promise<ListedObjects> {
  const prefix = collectionPrefix(endpoint.storage, selection.namespace);
  const from = startOf(store, endpoint, prefix, options);
  // The entries are taken in this turn of the event loop; what is done with them may take more.
  const page = await (from.revision === store.revision
    ? currentPage(store, endpoint, prefix, selection, options.limit, from.after)
    : pastPage(store, endpoint, prefix, selection, options.limit, from.after, from.revision));
  const { entries, more } = page;
  const last = entries.at(-1);
  return {
    items: entries,
    revision: from.revision,
    ...(more && last && { continueToken: encodeContinue(from.revision, last.key.slice(prefix.length)) }),
    ...(more && !selection.selective && { remaining: page.remaining }),
  };
}

interface Page {
  entries: readonly Entry[];
  more: boolean;
  remaining: number;
}

function startOf(
  store: Store,
  endpoint: ResourceEndpoint,
  prefix: string,
  options: ListOptions,
): { revision: number; after?: string } {
  const asked = options.resourceVersion;
  if (options.continueToken !== '') {
    if (asked) throw badRequest('specifying resource version is not allowed when using continue');
    const { revision, start } = decodeContinue(options.continueToken);
    const after = prefix + start;
    if (revision < 0) return { revision: store.revision, after };
    if (revision < store.compactedRevision) throw continueExpired(store, start, endpoint);
    return { revision: Math.min(revision, store.revision), after };
  }
  if (asked !== undefined && asked > store.revision) throw tooLarge(asked, store.revision);
  if (options.match === 'Exact' && asked !== undefined) return { revision: asked };
  return { revision: store.revision };
}

async function currentPage(
  store: Store,
  endpoint: ResourceEndpoint,
  prefix: string,
  selection: Selection,
  limit: number,
  after: string | undefined,
): Promise<Page> {
  if (selection.name !== undefined && (selection.namespace || !endpoint.resource.namespaced)) {
    const entry = store.get(storageKey(endpoint.storage, selection.namespace, selection.name));
    if (entry && selection.byFields) await endpoint.storage.conversion?.prepare?.([entry]);
    const found = entry && (after === undefined || entry.key > after) && selection.matches(entry);
    return { entries: found ? [entry] : [], more: false, remaining: 0 };
  }
  if (!selection.selective) {
    const { entries, remaining } = store.list(prefix, {
      ...(limit > 0 && { limit }),
      ...(after !== undefined && { after }),
    });
    return { entries, more: remaining > 0, remaining };
  }
  const { entries } = store.list(prefix, after === undefined ? {} : { after });
  return selected(endpoint, entries, selection, limit);
}

async function selected(
  endpoint: ResourceEndpoint,
  entries: readonly Entry[],
  selection: Selection,
  limit: number,
): Promise<Page> {
  if (selection.byFields) await endpoint.storage.conversion?.prepare?.(entries);
  const { found, more } = await filterInSlices(entries, entry => selection.matches(entry), limit);
  return { entries: found, more, remaining: 0 };
}

/** What stood under `prefix` at `revision`: today's entries with every later change taken back. */
async function pastPage(
  store: Store,
  endpoint: ResourceEndpoint,
  prefix: string,
  selection: Selection,
  limit: number,
  after: string | undefined,
  revision: number,
): Promise<Page> {
  const undone = new Map<string, Entry | undefined>();
  for (const change of changesSince(store, prefix, revision)) {
    if (!undone.has(change.key)) undone.set(change.key, change.previous);
  }
  const entries = store.list(prefix).entries.filter(entry => !undone.has(entry.key));
  for (const entry of undone.values()) if (entry) entries.push(entry);
  entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  const rest = after === undefined ? entries : entries.filter(entry => entry.key > after);
  const page = await selected(endpoint, rest, selection, limit);
  return { ...page, remaining: rest.length - page.entries.length };
}

/** @throws ApiError 410 */
export function changesSince(store: Store, prefix: string, revision: number): Change[] {
  const changes: Change[] = [];
  try {
    store.watch(prefix, revision, batch => void changes.push(...batch)).close();
  } catch (error) {
    if (!(error instanceof RevisionCompacted)) throw error;
    throw expired(`The resourceVersion for the provided list is too old.`);
  }
  return changes;
}

function tooLarge(asked: number, current: number): ApiError {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  return new ApiError({
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    reason: 'Timeout',
    code: 504,
    details: { causes, retryAfterSeconds: 1 },
  });
}

function continueExpired(store: Store, start: string, _endpoint: ResourceEndpoint): ApiError {
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  const metadata = { resourceVersion: String(store.revision), continue: encodeContinue(-1, start) };
  return new ApiError({ ...error.status, metadata });
}
