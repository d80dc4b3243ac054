import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2049-01-01') };

export interface TestPair {
  cert: string;
  key: string;
}

/** A throw-away CA with a serving certificate for 127.0.0.1 and one of a client. */
export async function testCertificates(): Promise<{ ca: string; server: TestPair; client: TestPair }> {
  x509.cryptoProvider.set(webcrypto as Crypto);
  const keys = await newKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=test-ca',
    ...validity,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const issue = async (serialNumber: string, subject: string): Promise<TestPair> => {
    const own = await newKeys();
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber,
      subject,
      issuer: authority.subject,
      ...validity,
      signingKey: keys.privateKey,
      publicKey: own.publicKey,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
    });
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey));
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
      type: 'pkcs8',
      format: 'pem',
    });
    return { cert: cert.toString('pem'), key: key as string };
  };
  return {
    ca: authority.toString('pem'),
    server: await issue('02', 'CN=mirror'),
    client: await issue('03', 'CN=system:node:test, O=system:nodes'),
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
