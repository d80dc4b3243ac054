/** A refusal, as a client of Kubernetes reads it. */
export class StatusError extends Error {
  override name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: object | undefined;

  constructor(code: number, reason: string, message: string, details?: object) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get status(): object {
    const { code, reason, message, details } = this;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      details,
      code,
    };
  }
}

export function notFound(resource: string, group: string, name: string): StatusError {
  const qualified = group ? `${resource}.${group}` : resource;
  const details = { name, group, kind: resource };
  return new StatusError(404, 'NotFound', `${qualified} ${JSON.stringify(name)} not found`, details);
}

/** No resource, not an object that is not there. */
export function noSuchPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function conflict(resource: string, group: string, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${resource}.${group} ${JSON.stringify(name)}: ${why}`;
  return new StatusError(409, 'Conflict', message, { name, group, kind: resource });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}
