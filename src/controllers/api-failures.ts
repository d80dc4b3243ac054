import { ApiError } from '../api/status.ts';

export function isReason(error: unknown, ...reasons: string[]): boolean {
  return error instanceof ApiError && reasons.includes(error.reason);
}

export const isNotFound = (error: unknown): boolean => isReason(error, 'NotFound');
export const isAlreadyExists = (error: unknown): boolean => isReason(error, 'AlreadyExists');
export const isConflict = (error: unknown): boolean => isReason(error, 'Conflict');

/** True where a create failed because its namespace is going away: nothing more is to be created there. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!isReason(error, 'Forbidden')) return false;
  const causes = (error as ApiError).status.details?.causes ?? [];
  return causes.some(({ reason }) => reason === 'NamespaceTerminating');
}

/** Resolves with undefined where the object is not there. */
export function orNotFound<T>(promise: Promise<T>): Promise<T | undefined> {
  return promise.catch(error => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
