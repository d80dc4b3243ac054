import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { SubjectAccessReviewSpec, TokenReviewStatus } from '../../api/generated/types.ts';
import type { Clock } from '../../base/clock.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import { type ClientIdentity, clientIdentity, mayUseKubelet } from './client-identity.ts';
import { RequestError } from './log-request.ts';

/** The API server's word on who and whether. */
export interface AccessReviews {
  reviewToken(token: string): Promise<TokenReviewStatus>;
  reviewAccess(spec: SubjectAccessReviewSpec): Promise<boolean>;
}

/** How long an answer counts, milliseconds (kubelet: `authentication.webhook`, `authorization.webhook`). */
export const kept = { token: 120_000, allowed: 300_000, denied: 30_000 };
/** So many answers of each kind are remembered. */
const maxKept = 256;

/**
 * Who may use the kubelet API: whoever has a certificate of the cluster or a token that the API server knows, for
 * what it allows on `nodes/proxy` and the finer subresources (kubelet's webhook mode).
 */
export class KubeletAccess {
  readonly #reviews: AccessReviews;
  readonly #log: Logger;
  readonly #nodeName: () => string;
  readonly #identities: RecentAnswers<ClientIdentity | undefined>;
  readonly #decisions: RecentAnswers<boolean>;

  constructor(deps: { reviews: AccessReviews; clock: Clock; log: Logger; nodeName: () => string }) {
    this.#reviews = deps.reviews;
    this.#log = deps.log;
    this.#nodeName = deps.nodeName;
    this.#identities = new RecentAnswers(deps.clock);
    this.#decisions = new RecentAnswers(deps.clock);
  }

  /** @throws RequestError 401 */
  async authenticate(request: IncomingMessage): Promise<ClientIdentity> {
    const certified = clientIdentity(request.socket as TLSSocket);
    if (certified) return certified;
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const identity = token && (await this.#identityOf(token));
    if (!identity) throw new RequestError(401, 'Unauthorized');
    return identity;
  }

  /** @throws RequestError 403; 500 where the API server does not say */
  async authorize(request: IncomingMessage, identity: ClientIdentity): Promise<void> {
    // These may do everything; the API server would otherwise be asked whether it may ask.
    if (mayUseKubelet(identity)) return;
    const { verb, subresources } = accessAsked(request.method ?? 'GET', request.url ?? '/');
    for (const subresource of subresources) {
      if (await this.#allowed(identity, verb, subresource)) return;
    }
    throw new RequestError(
      403,
      `Forbidden (user=${identity.name}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])`,
    );
  }

  /** Tokens themselves are not kept. */
  async #identityOf(token: string): Promise<ClientIdentity | undefined> {
    const key = createHash('sha256').update(token).digest('base64');
    try {
      return await this.#identities.get(key, async () => {
        const { authenticated, user } = await this.#reviews.reviewToken(token);
        const { username = '', groups = [], ...rest } = user ?? {};
        return authenticated
          ? { answer: { name: username, groups, ...rest }, keep: kept.token }
          : { answer: undefined, keep: 0 };
      });
    } catch (error) {
      this.#log.warn('a token could not be reviewed', { error: errorChain(error) });
      return undefined;
    }
  }

  async #allowed(identity: ClientIdentity, verb: string, subresource: string): Promise<boolean> {
    const { name: user, groups, uid, extra } = identity;
    const resourceAttributes = {
      verb,
      version: 'v1',
      resource: 'nodes',
      subresource,
      name: this.#nodeName(),
    };
    const spec = { user, groups, ...(uid && { uid }), ...(extra && { extra }), resourceAttributes };
    try {
      return await this.#decisions.get(JSON.stringify(spec), async () => {
        const answer = await this.#reviews.reviewAccess(spec);
        return { answer, keep: answer ? kept.allowed : kept.denied };
      });
    } catch (error) {
      this.#log.warn('an access could not be reviewed', { user, error: errorChain(error) });
      const asked = `user=${user}, verb=${verb}, resource=nodes, subresource=${subresource}`;
      throw new RequestError(500, `Authorization error (${asked})`);
    }
  }
}

const verbs: Readonly<Record<string, string>> = {
  ...{ GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' },
};
/** By the first part of the path; what is not here is `proxy`. */
const subresourcesOf: Readonly<Record<string, readonly string[]>> = {
  configz: ['configz', 'proxy'],
  healthz: ['healthz', 'proxy'],
  logs: ['log'],
  metrics: ['metrics'],
  pods: ['pods', 'proxy'],
  runningpods: ['pods', 'proxy'],
  stats: ['stats'],
};

/** What a request needs of `nodes/…`; any one subresource is enough (kubelet: server/auth.go). */
export function accessAsked(method: string, url: string): { verb: string; subresources: readonly string[] } {
  const first = new URL(url, 'https://node').pathname.split('/')[1] ?? '';
  const subresources = Object.hasOwn(subresourcesOf, first) ? subresourcesOf[first]! : ['proxy'];
  return { verb: verbs[method] ?? '', subresources };
}

/** Answers for as long as they count, the latest few; requests for the same at the same time are one. */
class RecentAnswers<T> {
  readonly #clock: Clock;
  readonly #kept = new Map<string, { until: number; answer: T }>();
  readonly #asked = new Map<string, Promise<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string, ask: () => Promise<{ answer: T; keep: number }>): Promise<T> {
    const present = this.#kept.get(key);
    if (present && this.#clock.monotonic() < present.until) return Promise.resolve(present.answer);
    const asked = this.#asked.get(key) ?? this.#ask(key, ask).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  async #ask(key: string, ask: () => Promise<{ answer: T; keep: number }>): Promise<T> {
    const { answer, keep } = await ask();
    this.#kept.delete(key);
    if (keep > 0) this.#kept.set(key, { until: this.#clock.monotonic() + keep, answer });
    if (this.#kept.size > maxKept) this.#kept.delete(this.#kept.keys().next().value!);
    return answer;
  }
}
