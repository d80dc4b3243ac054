/** What a PKCS #10 request asks for, as far as signers look at it. */
export interface RequestedCertificate {
  commonName: string;
  organizations: readonly string[];
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  emails: readonly string[];
  uris: readonly string[];
}

export interface SigningTerms {
  /** Of `certificates.k8s.io`: `client auth`, `digital signature`. */
  usages: readonly string[];
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
}

/** The cluster's certificate authority, as far as signing requests go. Who holds it holds the key. */
export interface CertificateAuthority {
  /** @param pem @throws Error for what is no request, or is not signed with its own key. */
  read(pem: string): Promise<RequestedCertificate>;
  /** The certificate, PEM. @throws Error as `read` does. */
  sign(pem: string, terms: SigningTerms): Promise<string>;
}
