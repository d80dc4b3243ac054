import type { Pod, ServiceAccountTokenProjection } from '../../api/generated/types.ts';
import { timeOf } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import type { NodeApi } from '../node-api.ts';

interface Cached {
  token: string;
  issued: number;
  expires: number;
}

const dayMs = 24 * 3600 * 1000;
const defaultSeconds = 3600;

/**
 * Tokens of the pods' service accounts, from TokenRequest, bound to their pod. A token is asked for anew when
 * 80 % of its life or 24 hours have passed, as kubelet does; while that fails, the old one serves.
 */
export class ServiceAccountTokens {
  readonly #api: NodeApi;
  readonly #clock: Clock;
  readonly #cache = new Map<string, Cached>();

  constructor(deps: { api: NodeApi; clock: Clock }) {
    this.#api = deps.api;
    this.#clock = deps.clock;
  }

  async token(pod: Pod, projection: ServiceAccountTokenProjection): Promise<string> {
    const { audience = '', expirationSeconds = defaultSeconds } = projection;
    const key = `${pod.metadata?.uid}/${audience}/${expirationSeconds}`;
    const cached = this.#cache.get(key);
    if (cached && !this.#isOld(cached)) return cached.token;
    try {
      const fresh = await this.#request(pod, audience, expirationSeconds);
      this.#cache.set(key, fresh);
      return fresh.token;
    } catch (cause) {
      if (cached && cached.expires > this.#clock.now()) return cached.token;
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`failed to fetch token: ${message}`, { cause });
    }
  }

  forget(uid: string): void {
    for (const key of this.#cache.keys()) if (key.startsWith(`${uid}/`)) this.#cache.delete(key);
  }

  #isOld({ issued, expires }: Cached): boolean {
    const age = this.#clock.now() - issued;
    return age > (expires - issued) * 0.8 || age > dayMs;
  }

  async #request(pod: Pod, audience: string, expirationSeconds: number): Promise<Cached> {
    const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
    const account = pod.spec?.serviceAccountName || 'default';
    const issued = this.#clock.now();
    const { status } = await this.#api.createToken(namespace, account, {
      audiences: audience ? [audience] : [],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    } as NonNullable<Parameters<NodeApi['createToken']>[2]>);
    if (!status?.token) throw new Error('the answer has no token');
    const expires = timeOf(status.expirationTimestamp) || issued + expirationSeconds * 1000;
    return { token: status.token, issued, expires };
  }
}
