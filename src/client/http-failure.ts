import type { Status } from '../api/generated/types.ts';
import { ApiError } from '../api/status.ts';

/** A server answered with a failure that is no Kubernetes Status: a proxy between, a server just starting. */
export class HttpFailure extends Error {
  readonly status: number;
  readonly path: string;

  constructor(status: number, path: string, body: string) {
    const excerpt = body.trim().slice(0, 200);
    super(`${path} was answered with HTTP status ${status}${excerpt && `: ${excerpt}`}`);
    this.name = 'HttpFailure';
    this.status = status;
    this.path = path;
  }
}

/** The error for an answer outside 2xx: `ApiError` where the body is a Status, else `HttpFailure`. */
export function failureOf(status: number, path: string, body: string): ApiError | HttpFailure {
  const parsed = parseStatus(body);
  if (!parsed) return new HttpFailure(status, path, body);
  return new ApiError({ ...parsed, code: parsed.code ?? status });
}

function parseStatus(body: string): Status | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    const isStatus =
      typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
    return isStatus ? (value as Status) : undefined;
  } catch {
    return undefined;
  }
}
