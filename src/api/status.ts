import type { Status, StatusCause } from './generated/types.ts';

/**
 * The failures the API speaks of, in the wording of apimachinery's `api/errors` (k8s.io/apimachinery), thrown
 * by whatever decides on a request and by the client when a server answers with one.
 */
export class ApiError extends Error {
  readonly status: Status;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? status.reason ?? 'unknown', options);
    this.name = 'ApiError';
    this.status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...status };
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** What a Status names: `pods`, or `deployments.apps`. */
export interface QualifiedName {
  group?: string;
  /** Plural resource, or the kind for `invalid`. */
  resource: string;
}

function qualified({ group, resource }: QualifiedName): string {
  return group ? `${resource}.${group}` : resource;
}

function details(of: QualifiedName, name: string, extra?: object): Status['details'] {
  return { ...(name && { name }), ...(of.group && { group: of.group }), kind: of.resource, ...extra };
}

export function notFound(of: QualifiedName, name: string): ApiError {
  const message = `${qualified(of)} "${name}" not found`;
  return new ApiError({ message, reason: 'NotFound', code: 404, details: details(of, name) });
}

export function alreadyExists(of: QualifiedName, name: string): ApiError {
  const message = `${qualified(of)} "${name}" already exists`;
  return new ApiError({ message, reason: 'AlreadyExists', code: 409, details: details(of, name) });
}

export const staleObject =
  'the object has been modified; please apply your changes to the latest version and try again';

export function conflict(of: QualifiedName, name: string, why: string = staleObject): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`;
  return new ApiError({ message, reason: 'Conflict', code: 409, details: details(of, name) });
}

/** One finding about one field. `field` is its path: `spec.containers[0].image`. */
export interface FieldError extends StatusCause {
  reason: string;
  field: string;
  message: string;
}

/** 422 of an object that validation refuses. `of.resource` is the kind here. */
export function invalid(of: QualifiedName, name: string, causes: FieldError[]): ApiError {
  const texts = causes.map(cause => `${cause.field}: ${cause.message}`);
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const message = `${of.resource}${of.group ? `.${of.group}` : ''} "${name}" is invalid: ${all}`;
  return new ApiError({ message, reason: 'Invalid', code: 422, details: details(of, name, { causes }) });
}

export function forbidden(of: QualifiedName, name: string, why: string): ApiError {
  const message = name
    ? `${qualified(of)} "${name}" is forbidden: ${why}`
    : `${qualified(of)} is forbidden: ${why}`;
  return new ApiError({ message, reason: 'Forbidden', code: 403, details: details(of, name) });
}

export function badRequest(message: string): ApiError {
  return new ApiError({ message, reason: 'BadRequest', code: 400 });
}

export function unauthorized(): ApiError {
  return new ApiError({ message: 'Unauthorized', reason: 'Unauthorized', code: 401 });
}

/** 410: history from before the asked revision is gone. */
export function expired(message: string): ApiError {
  return new ApiError({ message, reason: 'Expired', code: 410 });
}

export function methodNotAllowed(message: string): ApiError {
  return new ApiError({ message, reason: 'MethodNotAllowed', code: 405 });
}

export function unsupportedMediaType(message: string): ApiError {
  return new ApiError({ message, reason: 'UnsupportedMediaType', code: 415 });
}

export function notAcceptable(message: string): ApiError {
  return new ApiError({ message, reason: 'NotAcceptable', code: 406 });
}

export function tooManyRequests(message: string, retryAfterSeconds = 1): ApiError {
  return new ApiError({ message, reason: 'TooManyRequests', code: 429, details: { retryAfterSeconds } });
}

export function requestEntityTooLarge(message: string): ApiError {
  return new ApiError({
    message: `Request entity too large: ${message}`,
    reason: 'RequestEntityTooLarge',
    code: 413,
  });
}

export function serviceUnavailable(message: string): ApiError {
  return new ApiError({ message, reason: 'ServiceUnavailable', code: 503 });
}

export function internalError(cause: unknown): ApiError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `Internal error occurred: ${text}`;
  return new ApiError(
    { message, reason: 'InternalError', code: 500, details: { causes: [{ message: text }] } },
    { cause },
  );
}
