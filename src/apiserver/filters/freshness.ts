import type { SharedReads } from '../../store/store.ts';
import type { ServerRequest } from '../exchange.ts';

/** How long a read waits for a revision that another server has told of (upstream's watch cache: 3 s). */
const patience = 3000;

type Need = 'whatever' | 'current' | { revision: number };

/**
 * Where several servers write to one store, what this one has in memory may be behind. A request waits until
 * that is as fresh as it may expect: a read that names no version, and every write, sees all that was
 * acknowledged before; a read at a version waits for that one. Undefined where there is nothing to wait for.
 */
export function freshness(
  shared: SharedReads | undefined,
  request: ServerRequest,
): Promise<unknown> | undefined {
  if (!shared) return undefined;
  const need = needOf(request);
  if (need === 'whatever') return undefined;
  return need === 'current' ? shared.current() : shared.reached(need.revision, patience);
}

export function needOf({ method, path, query }: ServerRequest): Need {
  if (!path.startsWith('/api/') && !path.startsWith('/apis/')) return 'whatever';
  if (method !== 'GET' && method !== 'HEAD') return 'current';
  const asked = query.get('resourceVersion') ?? '';
  // Where a list goes on that another server began.
  if (asked === '' || query.has('continue')) return 'current';
  const revision = Number(asked);
  if (!Number.isSafeInteger(revision) || revision <= 0) return 'whatever';
  // A watch from a revision still to come waits by itself, unless it begins with what is there.
  const watches = query.has('watch') || path.includes('/watch/');
  if (watches && query.get('sendInitialEvents') !== 'true') return 'whatever';
  return { revision };
}
