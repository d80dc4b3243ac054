import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

export type Claims = Record<string, unknown>;

/** Signs and checks JSON Web Tokens with one key: ES256 for EC keys (P-256), RS256 for RSA ones. */
export class TokenSigner {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #algorithm: 'ES256' | 'RS256';
  readonly #head: string;

  /** @param privateKey PEM. */
  constructor(privateKey: string) {
    this.#private = createPrivateKey(privateKey);
    this.#public = createPublicKey(this.#private);
    this.#algorithm = this.#private.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
    this.#head = encode({ alg: this.#algorithm, kid: this.keyId, typ: 'JWT' });
  }

  /** The key's name in tokens and in the key set: the key's own hash. */
  get keyId(): string {
    const der = this.#public.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(der).digest('base64url');
  }

  /** The public key as a JSON Web Key, for `/openid/v1/jwks`. */
  get publicJwk(): object {
    return { use: 'sig', alg: this.#algorithm, kid: this.keyId, ...this.#public.export({ format: 'jwk' }) };
  }

  get algorithm(): string {
    return this.#algorithm;
  }

  sign(claims: Claims): string {
    const text = `${this.#head}.${encode(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), this.#key(this.#private)).toString('base64url')}`;
  }

  /** The claims of a token this key signed; undefined for any other. Times are not looked at. */
  verify(token: string): Claims | undefined {
    const [head, body, signature, ...rest] = token.split('.');
    if (!head || !body || !signature || rest.length > 0) return undefined;
    if (decode(head)?.alg !== this.#algorithm) return undefined;
    const text = Buffer.from(`${head}.${body}`);
    const valid = verify('sha256', text, this.#key(this.#public), Buffer.from(signature, 'base64url'));
    return valid ? decode(body) : undefined;
  }

  #key(key: KeyObject) {
    return this.#algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  }
}

/** The claims without any check: to see whose token it is. */
export function unverifiedClaims(token: string): Claims | undefined {
  return decode(token.split('.')[1] ?? '');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}
