import type { Pod } from '../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { unauthorized } from '../../api/status.ts';
import type { Clock } from '../../base/clock.ts';
import type { ApiUser } from '../exchange.ts';
import type { TokenAuthenticator } from './authentication.ts';
import { type Claims, type TokenSigner, unverifiedClaims } from './jwt.ts';

/** Reads the objects tokens are bound to. `kind` is Pod, Secret, Node or ServiceAccount. */
export type FindObject = (kind: string, namespace: string, name: string) => Stored | undefined;

interface Reference {
  name: string;
  uid: string;
}

/** The `kubernetes.io` claim of a service-account token. */
export interface KubernetesClaims {
  namespace: string;
  serviceaccount: Reference;
  pod?: Reference;
  secret?: Reference;
  node?: Reference;
  warnafter?: number;
}

export interface ServiceAccountTokenOptions {
  issuer: string;
  /** Audiences of this API server; a token must name one of them. */
  audiences: readonly string[];
}

/** How long a bound pod may be past its deletion before its token ends, milliseconds (upstream: 60 s). */
const deletionLeeway = 60_000;
const maxCached = 10_000;

/** Knows the tokens of service accounts: signature, time, audience, and that all they are bound to still exists. */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #clock: Clock;
  readonly #signer: TokenSigner;
  readonly #find: FindObject;
  readonly #options: ServiceAccountTokenOptions;
  /** Tokens whose signature was checked before; what can change is checked each time. */
  readonly #verified = new Map<string, Claims>();

  constructor(
    deps: { clock: Clock; signer: TokenSigner; find: FindObject },
    options: ServiceAccountTokenOptions,
  ) {
    this.#clock = deps.clock;
    this.#signer = deps.signer;
    this.#find = deps.find;
    this.#options = options;
  }

  authenticateToken(token: string): ApiUser | undefined {
    if (unverifiedClaims(token)?.iss !== this.#options.issuer) return undefined;
    const user = this.authenticateFor(token, this.#options.audiences)?.user;
    if (!user) throw unauthorized();
    return user;
  }

  /** The user of a token for one of `audiences` (empty: this server's own), with those it is good for. */
  authenticateFor(
    token: string,
    audiences: readonly string[],
  ): { user: ApiUser; audiences: string[] } | undefined {
    const claims = this.#claimsOf(token);
    if (!claims || !this.#isCurrent(claims)) return undefined;
    const own = [claims.aud].flat() as string[];
    const wanted = audiences.length > 0 ? audiences : this.#options.audiences;
    const common = wanted.filter(audience => own.includes(audience));
    if (common.length === 0) return undefined;
    const bound = claims['kubernetes.io'] as KubernetesClaims | undefined;
    if (!bound?.serviceaccount || !this.#isAlive(bound)) return undefined;
    return { user: userOf(bound, claims), audiences: common };
  }

  #claimsOf(token: string): Claims | undefined {
    const known = this.#verified.get(token);
    if (known) return known;
    const claims = this.#signer.verify(token);
    if (!claims || claims.iss !== this.#options.issuer) return undefined;
    if (this.#verified.size >= maxCached) this.#verified.delete(this.#verified.keys().next().value!);
    this.#verified.set(token, claims);
    return claims;
  }

  #isCurrent({ exp, nbf }: Claims): boolean {
    const seconds = this.#clock.now() / 1000;
    return typeof exp === 'number' && seconds < exp && (typeof nbf !== 'number' || seconds >= nbf - 60);
  }

  #isAlive({ namespace, serviceaccount, pod, secret, node }: KubernetesClaims): boolean {
    const same = (kind: string, reference: Reference | undefined, within: string) =>
      reference === undefined || this.#isSame(this.#find(kind, within, reference.name), reference);
    // A token bound to a pod outlives its node object (upstream checks the node of node-bound tokens only).
    const nodeHolds = pod !== undefined || same('Node', node, '');
    return (
      same('ServiceAccount', serviceaccount, namespace) &&
      same('Pod', pod, namespace) &&
      same('Secret', secret, namespace) &&
      nodeHolds
    );
  }

  #isSame(object: KubeObject | undefined, reference: Reference): boolean {
    if (!object || object.metadata?.uid !== reference.uid) return false;
    const deleted = (object as Pod).metadata?.deletionTimestamp;
    return deleted === undefined || this.#clock.now() < Date.parse(deleted) + deletionLeeway;
  }
}

const extraPrefix = 'authentication.kubernetes.io/';

function userOf({ namespace, serviceaccount, pod, node }: KubernetesClaims, claims: Claims): ApiUser {
  const extra: Record<string, string[]> = {};
  if (typeof claims.jti === 'string') extra[`${extraPrefix}credential-id`] = [`JTI=${claims.jti}`];
  if (node) {
    extra[`${extraPrefix}node-name`] = [node.name];
    if (node.uid) extra[`${extraPrefix}node-uid`] = [node.uid];
  }
  if (pod) {
    extra[`${extraPrefix}pod-name`] = [pod.name];
    extra[`${extraPrefix}pod-uid`] = [pod.uid];
  }
  return {
    name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra,
  };
}
