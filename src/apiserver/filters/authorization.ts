import { ApiError, forbidden } from '../../api/status.ts';
import type { ApiUser } from '../exchange.ts';
import type { RequestInfo } from './request-info.ts';

/** What is asked of an authorizer (upstream's authorizer.Attributes). */
export interface AccessAttributes {
  user: ApiUser;
  verb: string;
  isResource: boolean;
  namespace: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  name: string;
  /** Of a request that is about no resource. */
  path: string;
  /** The query's field selector, for authorizers that look at what a list is restricted to. */
  fieldSelector?: string;
}

export interface Decision {
  /** Undefined: no opinion, the next authorizer is asked. */
  allowed: boolean | undefined;
  reason: string;
}

export interface Authorizer {
  authorize(attributes: AccessAttributes): Decision;
}

export const noOpinion: Decision = { allowed: undefined, reason: '' };

/** Asks the authorizers in turn; the first opinion counts. */
export class AuthorizerChain implements Authorizer {
  readonly #authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers;
  }

  authorize(attributes: AccessAttributes): Decision {
    const reasons: string[] = [];
    for (const authorizer of this.#authorizers) {
      const decision = authorizer.authorize(attributes);
      if (decision.allowed !== undefined) return decision;
      if (decision.reason) reasons.push(decision.reason);
    }
    return { allowed: undefined, reason: reasons.join('\n') };
  }
}

/** The group that may do everything, so that a cluster whose RBAC objects are lost can be mended. */
export const privilegedGroup: Authorizer = {
  authorize: ({ user }) =>
    user.groups.includes('system:masters') ? { allowed: true, reason: '' } : noOpinion,
};

export function attributesOf(user: ApiUser, info: RequestInfo, query: URLSearchParams): AccessAttributes {
  const { verb, isResource, namespace, group, version, resource, subresource, name, path } = info;
  const fieldSelector = query.get('fieldSelector');
  return {
    user,
    verb,
    isResource,
    namespace,
    group,
    version,
    resource,
    subresource,
    name,
    path,
    ...(fieldSelector && { fieldSelector }),
  };
}

/** The 403 in upstream's words (apiserver/pkg/endpoints/handlers/responsewriters/errors.go). */
export function accessDenied(attributes: AccessAttributes, reason: string): ApiError {
  const text = deniedText(attributes) + (reason ? `: ${reason}` : '');
  if (!attributes.isResource) {
    return new ApiError({ message: `forbidden: ${text}`, reason: 'Forbidden', code: 403, details: {} });
  }
  return forbidden({ group: attributes.group, resource: attributes.resource }, attributes.name, text);
}

export function deniedText(attributes: AccessAttributes): string {
  const who = `User ${JSON.stringify(attributes.user.name)} cannot ${attributes.verb}`;
  if (!attributes.isResource) return `${who} path ${JSON.stringify(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}
