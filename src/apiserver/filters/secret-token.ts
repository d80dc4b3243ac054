import type { Secret } from '../../api/generated/types.ts';
import { unauthorized } from '../../api/status.ts';
import type { ApiUser } from '../exchange.ts';
import type { TokenAuthenticator } from './authentication.ts';
import { type TokenSigner, unverifiedClaims } from './jwt.ts';
import type { FindObject } from './service-account-token.ts';

const issuer = 'kubernetes/serviceaccount';
const claim = 'kubernetes.io/serviceaccount/';

/** Knows the tokens that stand in secrets: good as long as the secret and its account are there (upstream: pkg/serviceaccount/legacy.go). */
export class SecretTokens implements TokenAuthenticator {
  readonly #signer: TokenSigner;
  readonly #find: FindObject;

  constructor(deps: { signer: TokenSigner; find: FindObject }) {
    this.#signer = deps.signer;
    this.#find = deps.find;
  }

  authenticateToken(token: string): ApiUser | undefined {
    if (unverifiedClaims(token)?.iss !== issuer) return undefined;
    const claims = this.#signer.verify(token);
    const read = (name: string) => String(claims?.[`${claim}${name}`] ?? '');
    const [namespace, name, uid] = [
      read('namespace'),
      read('service-account.name'),
      read('service-account.uid'),
    ];
    const secret = this.#find('Secret', namespace, read('secret.name')) as Secret | undefined;
    const account = this.#find('ServiceAccount', namespace, name);
    const held = Buffer.from(secret?.data?.token ?? '', 'base64').toString('latin1');
    const isGood =
      claims !== undefined &&
      held === token &&
      !secret?.metadata?.deletionTimestamp &&
      account?.metadata.uid === uid &&
      !account.metadata.deletionTimestamp;
    if (!isGood) throw unauthorized();
    return {
      name: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    };
  }
}
