import { labelErrors, subdomainErrors } from '../../names.ts';
import type { AuthorizerCheck, AuthorizerPort } from '../authorizer.ts';
import { fn, type Overload } from '../signatures.ts';
import { CelError, OpaqueValue, type Value } from '../values.ts';

/** Checks of access, as upstream's Authz library has them. */

type ResourceCheck = Extract<AuthorizerCheck, { kind: 'resource' }>;

abstract class AuthorizerPart extends OpaqueValue {
  readonly port: AuthorizerPort;

  constructor(port: AuthorizerPort) {
    super();
    this.port = port;
  }

  equals(other: OpaqueValue): boolean {
    return this === other;
  }

  toString(): string {
    return this.typeName;
  }
}

export class AuthorizerValue extends AuthorizerPart {
  readonly typeName = 'kubernetes.authorization.Authorizer';
}

class PathValue extends AuthorizerPart {
  readonly typeName = 'kubernetes.authorization.PathCheck';
  readonly path: string;

  constructor(port: AuthorizerPort, path: string) {
    super(port);
    this.path = path;
  }
}

class GroupValue extends AuthorizerPart {
  readonly typeName = 'kubernetes.authorization.GroupCheck';
  readonly group: string;

  constructor(port: AuthorizerPort, group: string) {
    super(port);
    this.group = group;
  }
}

export class ResourceValue extends AuthorizerPart {
  readonly typeName = 'kubernetes.authorization.ResourceCheck';
  readonly of: Omit<ResourceCheck, 'verb'>;

  constructor(port: AuthorizerPort, of: Omit<ResourceCheck, 'verb'>) {
    super(port);
    this.of = of;
  }

  with(change: Partial<ResourceCheck>): ResourceValue {
    return new ResourceValue(this.port, { ...this.of, ...change });
  }
}

class DecisionValue extends OpaqueValue {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly allowed: boolean;
  readonly reason: string;
  readonly error: string;

  constructor({ allowed, reason }: { allowed: boolean; reason: string }, error = '') {
    super();
    this.allowed = allowed;
    this.reason = reason;
    this.error = error;
  }

  equals(other: OpaqueValue): boolean {
    return this === other;
  }

  toString(): string {
    return this.typeName;
  }
}

function decide(port: AuthorizerPort, check: AuthorizerCheck): DecisionValue {
  try {
    return new DecisionValue(port.check(check));
  } catch (error) {
    return new DecisionValue({ allowed: false, reason: '' }, (error as Error).message);
  }
}

const A = 'kubernetes.authorization.Authorizer';
const path = 'kubernetes.authorization.PathCheck';
const group = 'kubernetes.authorization.GroupCheck';
const resource = 'kubernetes.authorization.ResourceCheck';
const decision = 'kubernetes.authorization.Decision';
/** Upstream's price of a question. */
const asking = () => 350_000;

function nothing(groupOf: string, name: string): Omit<ResourceCheck, 'verb'> {
  return { kind: 'resource', group: groupOf, resource: name, subresource: '', namespace: '', name: '' };
}

export const authorizerLibrary: readonly Overload[] = [
  fn(
    `${A}->path(string): ${path}`,
    ({ port }: AuthorizerValue, at: string): Value =>
      at === '' ? new CelError('path must not be empty') : new PathValue(port, at),
  ),
  fn(
    `${path}->check(string): ${decision}`,
    (of: PathValue, verb: string) => decide(of.port, { kind: 'path', path: of.path, verb }),
    asking,
  ),
  fn(
    `${A}->group(string): ${group}`,
    ({ port }: AuthorizerValue, name: string) => new GroupValue(port, name),
  ),
  fn(
    `${A}->serviceAccount(string, string): ${A}`,
    ({ port }: AuthorizerValue, namespace: string, name: string) => {
      const wrong = subdomainErrors(name)[0] ?? labelErrors(namespace)[0];
      return wrong
        ? new CelError(`Invalid service account: ${wrong}`)
        : new AuthorizerValue(port.serviceAccount(namespace, name));
    },
  ),
  fn(
    `${group}->resource(string): ${resource}`,
    (of: GroupValue, name: string): Value =>
      name === ''
        ? new CelError('resource must not be empty')
        : new ResourceValue(of.port, nothing(of.group, name)),
  ),
  fn(`${resource}->subresource(string): ${resource}`, (of: ResourceValue, subresource: string) =>
    of.with({ subresource }),
  ),
  fn(`${resource}->namespace(string): ${resource}`, (of: ResourceValue, namespace: string) =>
    of.with({ namespace }),
  ),
  fn(`${resource}->name(string): ${resource}`, (of: ResourceValue, name: string) => of.with({ name })),
  fn(`${resource}->fieldSelector(string): ${resource}`, (of: ResourceValue, fieldSelector: string) =>
    of.with({ fieldSelector }),
  ),
  fn(`${resource}->labelSelector(string): ${resource}`, (of: ResourceValue, labelSelector: string) =>
    of.with({ labelSelector }),
  ),
  fn(
    `${resource}->check(string): ${decision}`,
    (of: ResourceValue, verb: string) => decide(of.port, { ...of.of, verb }),
    asking,
  ),
  fn(`${decision}->allowed(): bool`, ({ allowed }: DecisionValue) => allowed),
  fn(`${decision}->reason(): string`, ({ reason }: DecisionValue) => reason),
  fn(`${decision}->errored(): bool`, ({ error }: DecisionValue) => error !== ''),
  fn(`${decision}->error(): string`, ({ error }: DecisionValue) => error),
];
