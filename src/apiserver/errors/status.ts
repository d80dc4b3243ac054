import {
  ApiError,
  alreadyExists,
  conflict,
  expired,
  internalError,
  type QualifiedName,
} from '../../api/status.ts';
import { RevisionCompacted, RevisionMismatch } from '../../store/store.ts';

/**
 * The only map from what goes wrong behind the API to the Status a client gets. What is no failure the API
 * speaks of becomes a 500, whose text is the error's own.
 */
export function toApiError(error: unknown, about?: { resource: QualifiedName; name: string }): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RevisionCompacted) return expired(tooOld(error));
  if (error instanceof RevisionMismatch && about) {
    return error.current ? conflict(about.resource, about.name) : alreadyExists(about.resource, about.name);
  }
  return internalError(error);
}

/** Upstream's words for a watch or list from before the kept history. */
export function tooOld(error: RevisionCompacted, asked?: number): string {
  const from = asked ?? Number(/revision (\d+)/.exec(error.message)?.[1] ?? 0);
  return `too old resource version: ${from} (${error.compactedRevision})`;
}
