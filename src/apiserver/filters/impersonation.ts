import { subdomainErrors } from '../../api/names.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import { type ApiUser, header, headerValues, type ServerRequest } from '../exchange.ts';
import { type AccessAttributes, type Authorizer, accessDenied } from './authorization.ts';

const extraPrefix = 'impersonate-extra-';
const serviceAccountPrefix = 'system:serviceaccount:';
const nodePrefix = 'system:node:';
const authenticationGroup = 'authentication.k8s.io';

/** Whom the Impersonate-* headers ask for; nothing is filled in yet. */
interface Wanted {
  name: string;
  uid: string;
  groups: readonly string[];
  extra: ReadonlyMap<string, readonly string[]>;
}

export interface Impersonated {
  user: ApiUser;
  /** The verb that allowed it, for the audit log; undefined where the plain `impersonate` did. */
  constraint?: string;
}

/**
 * The user to act as: the one the Impersonate-* headers name, where the asking one may act as that user, either for
 * just this request (`impersonate:MODE` and `impersonate-on:MODE:VERB`, KEP-5284) or for all (`impersonate`).
 * After upstream's apiserver/pkg/endpoints/filters/impersonation. Undefined where nobody else is named.
 * @param attributes the request, of the asking user
 * @throws ApiError 403, 400 for groups or extras without a user.
 */
export function impersonate(
  request: ServerRequest,
  attributes: AccessAttributes,
  authorizer: Authorizer,
): Impersonated | undefined {
  const wanted: Wanted = {
    name: header(request, 'impersonate-user') ?? '',
    uid: header(request, 'impersonate-uid') ?? '',
    groups: headerValues(request, 'impersonate-group').flatMap(splitJoined),
    extra: extrasOf(request),
  };
  if (!wanted.name) {
    if (wanted.groups.length === 0 && !wanted.uid && wanted.extra.size === 0) return undefined;
    throw badRequest('requested impersonation without impersonating a user');
  }
  let first: unknown;
  for (const mode of modes) {
    if (!mode.applies(wanted, attributes.user)) continue;
    try {
      return tryMode(mode, wanted, attributes, authorizer);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** One way to be allowed to act as somebody. */
interface Mode {
  /** Undefined: the plain verb, for all that the other may do. */
  name?: string;
  /** Whether the asking user is allowed without its own name and extras having a say. */
  associated?: true;
  applies(wanted: Wanted, requestor: ApiUser): boolean;
}

const nodeNameKey = 'authentication.kubernetes.io/node-name';

/** Tried in this order; the first refusal is what the client is told. */
const modes: readonly Mode[] = [
  {
    name: 'associated-node',
    associated: true,
    applies: (wanted, { name, extra }) => {
      const node = nodeNameOf(wanted.name);
      const own = extra?.[nodeNameKey];
      const runsThere = node !== undefined && own?.length === 1 && own[0] === node;
      return onlyName(wanted) && serviceAccountOf(name) !== undefined && runsThere;
    },
  },
  { name: 'arbitrary-node', applies: wanted => onlyName(wanted) && nodeNameOf(wanted.name) !== undefined },
  {
    name: 'serviceaccount',
    applies: wanted => onlyName(wanted) && serviceAccountOf(wanted.name) !== undefined,
  },
  { name: 'user-info', applies: ({ name }) => !nodeNameOf(name) && !serviceAccountOf(name) },
  { applies: () => true },
];

function onlyName({ uid, groups, extra }: Wanted): boolean {
  return uid === '' && groups.length === 0 && extra.size === 0;
}

function nodeNameOf(userName: string): string | undefined {
  const name = userName.startsWith(nodePrefix) ? userName.slice(nodePrefix.length) : '';
  return subdomainErrors(name).length === 0 ? name : undefined;
}

/** `example.com/scopes` */
function isDomainPrefixedPath(key: string): boolean {
  const slash = key.indexOf('/');
  const [domain, path] = [key.slice(0, slash), key.slice(slash + 1)];
  return slash > 0 && subdomainErrors(domain).length === 0 && /^[\w/\-.~%!$&'()*+,;=:]+$/.test(path);
}

/** @throws ApiError 403 */
function tryMode(
  mode: Mode,
  wanted: Wanted,
  attributes: AccessAttributes,
  authorizer: Authorizer,
): Impersonated {
  const requestor = mode.associated ? withoutExtraValues(attributes.user) : attributes.user;
  const verb = mode.name === undefined ? 'impersonate' : `impersonate:${mode.name}`;
  const own = mode.name === undefined ? '' : authenticationGroup;
  const check: Check = (asked, refused) => checkMay(requestor, verb, authorizer, asked, refused);
  if (mode.name !== undefined) {
    const action = { ...attributes, user: requestor, verb: `impersonate-on:${mode.name}:${attributes.verb}` };
    const decision = authorizer.authorize(action);
    if (!decision.allowed) throw accessDenied(action, decision.reason);
  }
  const account = serviceAccountOf(wanted.name);
  const node = mode.name === undefined ? undefined : nodeNameOf(wanted.name);
  if (node !== undefined) check({ group: own, resource: 'nodes', name: mode.associated ? '*' : node });
  else if (account) check({ group: own, resource: 'serviceaccounts', ...account });
  else check({ group: own, resource: 'users', name: wanted.name });
  if (wanted.uid) check({ group: authenticationGroup, resource: 'uids', name: wanted.uid });
  checkGroups(wanted.groups, own, mode.name !== undefined, check);
  checkExtra(wanted.extra, mode.name !== undefined, check);
  const user = {
    name: wanted.name,
    groups:
      node === undefined ? groupsOf(wanted.name, wanted.groups) : ['system:nodes', 'system:authenticated'],
    ...(wanted.uid && { uid: wanted.uid }),
    ...(wanted.extra.size > 0 && { extra: Object.fromEntries(wanted.extra) }),
  };
  return { user, ...(mode.name !== undefined && { constraint: verb }) };
}

type Check = (asked: Partial<AccessAttributes>, refused?: string) => void;

/** From as many on, the right to all of them is asked for first. */
const manyChecks = 4;

function checkGroups(groups: readonly string[], group: string, constrained: boolean, check: Check): void {
  if (constrained && groups.includes('system:masters')) {
    const name = 'system:masters';
    check({ group, resource: 'groups', name }, 'impersonating the system:masters group is not allowed');
  }
  if (constrained && groups.length >= manyChecks && allows(check, { group, resource: 'groups', name: '*' }))
    return;
  for (const name of groups) check({ group, resource: 'groups', name });
}

function checkExtra(extra: Wanted['extra'], constrained: boolean, check: Check): void {
  const asked = { group: authenticationGroup, resource: 'userextras' };
  const values = [...extra].flatMap(([key, each]) => each.map(value => [key, value] as const));
  if (constrained) {
    for (const [key, value] of values) {
      if (!isDomainPrefixedPath(key)) {
        check(asked, `impersonating an invalid key in extra is not allowed: ${JSON.stringify(key)}`);
      }
      if (value === '') check(asked, 'impersonating the empty string value in extra is not allowed');
    }
    if (values.length >= manyChecks && allows(check, { ...asked, subresource: '*', name: '*' })) return;
  }
  for (const [subresource, name] of values) check({ ...asked, subresource, name });
}

function allows(check: Check, asked: Partial<AccessAttributes>): boolean {
  try {
    check(asked);
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

/**
 * A right that holds for the account on whatever node its pod runs must not hang on which one it is: only the names
 * of the extras are shown to authorizers.
 */
function withoutExtraValues(user: ApiUser): ApiUser {
  const keys = Object.keys(user.extra ?? {}).sort();
  return { ...user, extra: { 'authentication.kubernetes.io/associated-node-keys': keys } };
}

function groupsOf(name: string, asked: readonly string[]): string[] {
  const groups = [...asked];
  const account = serviceAccountOf(name);
  if (account && asked.length === 0)
    groups.push('system:serviceaccounts', `system:serviceaccounts:${account.namespace}`);
  const known = groups.includes('system:authenticated') || groups.includes('system:unauthenticated');
  if (!known) groups.push(name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated');
  return groups;
}

export function serviceAccountOf(userName: string): { namespace: string; name: string } | undefined {
  if (!userName.startsWith(serviceAccountPrefix)) return undefined;
  const [namespace, name, ...rest] = userName.slice(serviceAccountPrefix.length).split(':');
  return namespace && name && rest.length === 0 ? { namespace, name } : undefined;
}

/** @param refused why it is not allowed, whoever asks. @throws ApiError 403 */
function checkMay(
  user: ApiUser,
  verb: string,
  authorizer: Authorizer,
  asked: Partial<AccessAttributes>,
  refused?: string,
): void {
  const attributes: AccessAttributes = {
    user,
    verb,
    isResource: true,
    namespace: '',
    group: '',
    version: 'v1',
    resource: '',
    subresource: '',
    name: '',
    path: '',
    ...asked,
  };
  if (refused !== undefined) throw accessDenied(attributes, refused);
  const decision = authorizer.authorize(attributes);
  if (!decision.allowed) throw accessDenied(attributes, decision.reason);
}

function extrasOf(request: ServerRequest): Map<string, readonly string[]> {
  const extras = new Map<string, readonly string[]>();
  for (const name of Object.keys(request.headers)) {
    if (!name.startsWith(extraPrefix)) continue;
    const key = name.slice(extraPrefix.length);
    extras.set(key.includes('%') ? safeDecode(key) : key, headerValues(request, name));
  }
  return extras;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** HTTP/1.1 servers of Node join repeated headers with commas. */
function splitJoined(value: string): string[] {
  return value
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '');
}
