import { badRequest } from '../../api/status.ts';
import { type ApiUser, header, headerValues, type ServerRequest } from '../exchange.ts';
import { type AccessAttributes, type Authorizer, accessDenied } from './authorization.ts';

const extraPrefix = 'impersonate-extra-';
const serviceAccountPrefix = 'system:serviceaccount:';

/**
 * The user to act as: the one the Impersonate-* headers name, where the asking one may take that name, those
 * groups, uid and extras (upstream: apiserver/pkg/endpoints/filters/impersonation).
 * @throws ApiError 403, 400 for groups or extras without a user.
 */
export function impersonate(request: ServerRequest, user: ApiUser, authorizer: Authorizer): ApiUser {
  const name = header(request, 'impersonate-user');
  const groups = headerValues(request, 'impersonate-group').flatMap(splitJoined);
  const uid = header(request, 'impersonate-uid');
  const extra = extrasOf(request);
  if (!name) {
    if (groups.length === 0 && !uid && extra.size === 0) return user;
    throw badRequest('requested impersonation without impersonating a user');
  }
  const check = (attributes: Partial<AccessAttributes>) => checkMay(user, authorizer, attributes);
  checkUser(name, check);
  for (const group of groups) check({ resource: 'groups', name: group });
  for (const [key, values] of extra) {
    for (const value of values)
      check({ group: 'authentication.k8s.io', resource: 'userextras', subresource: key, name: value });
  }
  if (uid) check({ group: 'authentication.k8s.io', resource: 'uids', name: uid });
  return {
    name,
    groups: groupsOf(name, groups),
    ...(uid && { uid }),
    ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
  };
}

function checkUser(name: string, check: (attributes: Partial<AccessAttributes>) => void): void {
  const account = serviceAccountOf(name);
  if (account) check({ resource: 'serviceaccounts', namespace: account.namespace, name: account.name });
  else check({ resource: 'users', name });
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

function checkMay(user: ApiUser, authorizer: Authorizer, asked: Partial<AccessAttributes>): void {
  const attributes: AccessAttributes = {
    user,
    verb: 'impersonate',
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
