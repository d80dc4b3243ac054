import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface TestPair {
  cert: string;
  key: string;
}

/** A certificate authority of a test, and what it signs. Lives in memory only. */
export class TestAuthority {
  readonly cert: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #authority: x509.X509Certificate;

  private constructor(authority: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#authority = authority;
    this.#keys = keys;
    this.cert = authority.toString('pem');
  }

  static async create(): Promise<TestAuthority> {
    x509.cryptoProvider.set(webcrypto as Crypto);
    const keys = await generateKeys();
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: 'CN=test-ca',
      ...validity(3650),
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return new TestAuthority(cert, keys);
  }

  /** The authority's own pair. */
  async pair(): Promise<TestPair> {
    return { cert: this.cert, key: await privatePem(this.#keys.privateKey as webcrypto.CryptoKey) };
  }

  /** A signing request and its private key, PEM. @param subject as `O=a, CN=b`. */
  async request(subject: string, names: string[] = []): Promise<{ request: string; key: string }> {
    const keys = await generateKeys();
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: subject,
      keys,
      signingAlgorithm: algorithm,
      extensions: names.length > 0 ? [alternativeNames(names)] : [],
    });
    return {
      request: request.toString('pem'),
      key: await privatePem(keys.privateKey as webcrypto.CryptoKey),
    };
  }

  /**
   * @param subject as `O=system:masters, CN=admin`.
   * @param serves IP addresses and DNS names
   */
  async issue(subject: string, serves: string[] = []): Promise<TestPair> {
    const keys = await generateKeys();
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)))
        .toString('hex')
        .replace(/^./, '1'),
      subject,
      issuer: this.#authority.subject,
      ...validity(),
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      signingAlgorithm: algorithm,
      extensions: serves.length > 0 ? [alternativeNames(serves)] : [],
    });
    return { cert: cert.toString('pem'), key: await privatePem(keys.privateKey as webcrypto.CryptoKey) };
  }
}

function alternativeNames(values: string[]): x509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension(
    values.map(value => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
  );
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

/** Real time, as TLS clients check it against their own clocks. */
function validity(days = 1): { notBefore: Date; notAfter: Date } {
  const day = 24 * 60 * 60 * 1000;
  const now = performance.timeOrigin + performance.now();
  return { notBefore: new Date(now - day), notAfter: new Date(now + days * day) };
}
