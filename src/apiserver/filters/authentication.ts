import { unauthorized } from '../../api/status.ts';
import { type ApiUser, header, type ServerRequest } from '../exchange.ts';

/** Finds the user a bearer token stands for; undefined where the token is none of its own. */
export interface TokenAuthenticator {
  /** @throws ApiError 401 for a token that is its own and not valid. */
  authenticateToken(token: string): ApiUser | undefined | Promise<ApiUser | undefined>;
}

export const anonymous: ApiUser = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/**
 * Who asks: what the transport knows (in process, or a client certificate), else the bearer token's user, else
 * nobody in particular.
 * @throws ApiError 401 for a token nobody knows.
 */
export async function authenticate(
  request: ServerRequest,
  authenticators: readonly TokenAuthenticator[],
): Promise<ApiUser> {
  if (request.user) return request.user;
  const token = bearerToken(request);
  if (token === undefined) return anonymous;
  for (const authenticator of authenticators) {
    const user = await authenticator.authenticateToken(token);
    if (user) return withAuthenticated(user);
  }
  throw unauthorized();
}

const webSocketTokenPrefix = 'base64url.bearer.authorization.k8s.io.';

/** From the Authorization header or, for browsers' WebSockets, from the sub-protocol list. */
function bearerToken(request: ServerRequest): string | undefined {
  const value = header(request, 'authorization');
  const match = value === undefined ? null : /^bearer\s+(\S+)\s*$/i.exec(value);
  if (match) return match[1];
  const protocols = header(request, 'sec-websocket-protocol');
  const encoded = protocols
    ?.split(',')
    .map(each => each.trim())
    .find(each => each.startsWith(webSocketTokenPrefix));
  return encoded && Buffer.from(encoded.slice(webSocketTokenPrefix.length), 'base64url').toString();
}

export function withAuthenticated(user: ApiUser): ApiUser {
  if (user.groups.includes('system:authenticated') || user.groups.includes('system:unauthenticated'))
    return user;
  return { ...user, groups: [...user.groups, 'system:authenticated'] };
}

/** Tokens fixed at start, for bootstrapping: token → user. */
export class StaticTokens implements TokenAuthenticator {
  readonly #users: ReadonlyMap<string, ApiUser>;

  constructor(users: ReadonlyMap<string, ApiUser>) {
    this.#users = users;
  }

  authenticateToken(token: string): ApiUser | undefined {
    return this.#users.get(token);
  }
}
