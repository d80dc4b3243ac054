import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type * as X509 from '@peculiar/x509';
import type { CertificateAuthority, RequestedCertificate, SigningTerms } from './certificate-authority.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const keyUsages = {
  signing: 'digitalSignature',
  'digital signature': 'digitalSignature',
  'content commitment': 'nonRepudiation',
  'key encipherment': 'keyEncipherment',
  'data encipherment': 'dataEncipherment',
  'key agreement': 'keyAgreement',
  'cert sign': 'keyCertSign',
  'crl sign': 'cRLSign',
  'encipher only': 'encipherOnly',
  'decipher only': 'decipherOnly',
} as const;

const extendedUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

type Library = typeof X509;

/** The library, which takes a while to load, is first needed when somebody asks for a certificate. */
let library: Promise<Library> | undefined;

function load(): Promise<Library> {
  library ??= (async () => {
    await import('reflect-metadata');
    const x509 = await import('@peculiar/x509');
    x509.cryptoProvider.set(crypto);
    return x509;
  })();
  return library;
}

/** Signs with a P-256 key in this process; nothing hands the key out. */
export class X509Authority implements CertificateAuthority {
  readonly #cert: string;
  readonly #key: KeyObject;

  /** @param pair the authority's certificate and its private key, PEM. */
  constructor(pair: { cert: string; key: string }) {
    this.#cert = pair.cert;
    this.#key = createPrivateKey(pair.key);
  }

  async read(pem: string): Promise<RequestedCertificate> {
    const x509 = await load();
    const request = await parse(x509, pem);
    const names = alternativeNames(x509, request);
    const of = (type: X509.GeneralNameType) =>
      names.filter(each => each.type === type).map(({ value }) => value);
    return {
      commonName: request.subjectName.getField('CN')[0] ?? '',
      organizations: request.subjectName.getField('O'),
      dnsNames: of('dns'),
      ipAddresses: of('ip'),
      emails: of('email'),
      uris: of('url'),
    };
  }

  async sign(pem: string, { usages, notBefore, notAfter }: SigningTerms): Promise<string> {
    const x509 = await load();
    const request = await parse(x509, pem);
    const authority = new x509.X509Certificate(this.#cert);
    const names = alternativeNames(x509, request).map(({ type, value }) => ({ type, value }));
    const flags = usages.map(usage => keyUsages[usage as keyof typeof keyUsages]).filter(Boolean);
    const basic = flags.reduce((sum, flag) => sum | x509.KeyUsageFlags[flag], 0);
    const extended = usages.flatMap(usage => extendedUsages[usage] ?? []);
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: request.subjectName.toJSON(),
      issuer: authority.subject,
      notBefore: new Date(notBefore),
      // Nothing outlives the authority.
      notAfter: new Date(Math.min(notAfter, authority.notAfter.getTime())),
      signingKey: this.#key.toCryptoKey(algorithm, false, ['sign']) as CryptoKey,
      publicKey: request.publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        ...(basic ? [new x509.KeyUsagesExtension(basic, true)] : []),
        ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension([...new Set(extended)])] : []),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    return `${cert.toString('pem')}\n`;
  }
}

async function parse(x509: Library, pem: string): Promise<X509.Pkcs10CertificateRequest> {
  let request: X509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
  } catch (error) {
    throw new Error('the request cannot be read', { cause: error });
  }
  if (!(await request.verify())) throw new Error('the request is not signed with the key it names');
  return request;
}

/** The names of the kinds that certificates of the cluster may carry; others are left out. */
function alternativeNames(x509: Library, request: X509.Pkcs10CertificateRequest): X509.GeneralName[] {
  const names = request.extensions.flatMap(each =>
    each instanceof x509.SubjectAlternativeNameExtension ? [...each.names.items] : [],
  );
  return names.filter(
    ({ type, value }) =>
      type === 'dns' || type === 'email' || type === 'url' || (type === 'ip' && isIP(value)),
  );
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('hex');
}
