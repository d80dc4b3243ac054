import 'reflect-metadata';
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { Clock } from '../base/clock.ts';
import { writeFileAtomically } from './cluster-config.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 24 * 60 * 60 * 1000;
const authorityLife = 3650 * day;
const leafLife = 365 * day;
/** A certificate that ends sooner than this is made anew at the next `up`. */
const renewBefore = 30 * day;

export interface KeyPair {
  cert: string;
  key: string;
}

export interface Subject {
  commonName: string;
  organization?: string;
  /** DNS names and IP addresses of a serving certificate. */
  names?: string[];
  usage: ('clientAuth' | 'serverAuth')[];
}

/**
 * The cluster's certificate authority and what it signs, as PEM files below `pki/`. Keys are readable by
 * their owner only. A pair that is there, valid for the asked names and not about to end is left alone.
 */
export class Pki {
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #name: string;
  #authority: { cert: x509.X509Certificate; key: CryptoKey; pem: KeyPair } | undefined;

  /** @param name the authority's common name */
  constructor(clock: Clock, folder: string, name = 'causeway-ca') {
    this.#clock = clock;
    this.#folder = folder;
    this.#name = name;
    x509.cryptoProvider.set(crypto);
  }

  /** The authority's pair, made at the first call. */
  async authority(): Promise<KeyPair> {
    return (await this.#loadAuthority()).pem;
  }

  /** The pair in `<name>.crt` and `<name>.key`, made or renewed where needed. */
  async issue(name: string, subject: Subject): Promise<KeyPair> {
    const authority = await this.#loadAuthority();
    const present = this.#read(name);
    if (present && this.#usable(present, subject, authority.cert)) return present;
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: subjectName(subject),
      issuer: authority.cert.subject,
      ...this.#validity(leafLife),
      signingKey: authority.key,
      publicKey: keys.publicKey as CryptoKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
          true,
        ),
        new x509.ExtendedKeyUsageExtension(subject.usage.map(usage => x509.ExtendedKeyUsage[usage])),
        await x509.AuthorityKeyIdentifierExtension.create(authority.cert.publicKey),
        ...(subject.names?.length ? [alternativeNames(subject.names)] : []),
      ],
    });
    return this.#write(name, cert, keys.privateKey as CryptoKey);
  }

  /** The pair that signs service-account tokens: `sa.key` (PKCS #8) and `sa.pub` (SPKI). */
  async serviceAccountKeys(): Promise<{ privateKey: string; publicKey: string }> {
    const path = join(this.#folder, 'sa.key');
    if (!existsSync(path)) {
      const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      this.#writeFile(path, await privatePem(keys.privateKey as CryptoKey), 0o600);
    }
    const privateKey = readFileSync(path, 'utf8');
    const publicKey = createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'pem' });
    return { privateKey, publicKey: publicKey as string };
  }

  async #loadAuthority() {
    if (this.#authority) return this.#authority;
    const pem = this.#read('ca') ?? (await this.#makeAuthority());
    const cert = new x509.X509Certificate(pem.cert);
    const der = createPrivateKey(pem.key).export({ type: 'pkcs8', format: 'der' });
    const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    this.#authority = { cert, key: key as CryptoKey, pem };
    return this.#authority;
  }

  async #makeAuthority(): Promise<KeyPair> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: `CN=${this.#name}`,
      ...this.#validity(authorityLife),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as CryptoKey),
      ],
    });
    return this.#write('ca', cert, keys.privateKey as CryptoKey);
  }

  #validity(life: number): { notBefore: Date; notAfter: Date } {
    const now = this.#clock.now();
    // A little into the past: the clocks of two machines differ.
    return { notBefore: new Date(now - 5 * 60 * 1000), notAfter: new Date(now + life) };
  }

  #usable(pair: KeyPair, subject: Subject, authority: x509.X509Certificate): boolean {
    const cert = new x509.X509Certificate(pair.cert);
    if (cert.issuer !== authority.subject || cert.subject !== subjectName(subject)) return false;
    if (cert.notAfter.getTime() - this.#clock.now() < renewBefore) return false;
    const names = cert.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
    const present = new Set(names.map(name => name.value));
    return (subject.names ?? []).every(name => present.has(name)) && this.#signedBy(pair.cert);
  }

  /** Whether the certificate's issuer key is today's: after `ca.key` was replaced nothing old is usable. */
  #signedBy(cert: string): boolean {
    const aki = new x509.X509Certificate(cert).getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId;
    const ski = this.#authority?.cert.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
    return aki !== undefined && aki === ski;
  }

  #read(name: string): KeyPair | undefined {
    const cert = join(this.#folder, `${name}.crt`);
    const key = join(this.#folder, `${name}.key`);
    if (!existsSync(cert) || !existsSync(key)) return undefined;
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  }

  async #write(name: string, cert: x509.X509Certificate, privateKey: CryptoKey): Promise<KeyPair> {
    const pair = { cert: `${cert.toString('pem')}\n`, key: await privatePem(privateKey) };
    this.#writeFile(join(this.#folder, `${name}.key`), pair.key, 0o600);
    this.#writeFile(join(this.#folder, `${name}.crt`), pair.cert, 0o644);
    return pair;
  }

  #writeFile(path: string, content: string, mode: number): void {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileAtomically(path, content, mode);
  }
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('hex');
}

function subjectName({ commonName, organization }: Subject): string {
  return organization ? `O=${organization}, CN=${commonName}` : `CN=${commonName}`;
}

function alternativeNames(names: string[]): x509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension(
    names.map(value => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
  );
}

async function privatePem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key as CryptoKey));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}
