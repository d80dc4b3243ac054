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
      ...validity(),
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return new TestAuthority(cert, keys);
  }

  /**
   * @param subject as `O=system:masters, CN=admin`.
   * @param serves IP addresses and DNS names
   */
  async issue(subject: string, serves: string[] = []): Promise<TestPair> {
    const keys = await generateKeys();
    const names = serves.map(value => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
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
      extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
    });
    const der = Buffer.from(
      await webcrypto.subtle.exportKey('pkcs8', keys.privateKey as webcrypto.CryptoKey),
    );
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return { cert: cert.toString('pem'), key: key.export({ type: 'pkcs8', format: 'pem' }) as string };
  }
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

/** Real time, as TLS clients check it against their own clocks. */
function validity(): { notBefore: Date; notAfter: Date } {
  const day = 24 * 60 * 60 * 1000;
  const now = performance.timeOrigin + performance.now();
  return { notBefore: new Date(now - day), notAfter: new Date(now + day) };
}
