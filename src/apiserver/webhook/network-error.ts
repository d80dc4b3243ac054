import type { Address } from '../proxy/service-endpoints.ts';

const certificateFaults: Record<string, string> = {
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate signed by unknown authority',
  CERT_SIGNATURE_FAILURE: 'certificate signed by unknown authority',
  INVALID_PURPOSE: 'certificate specifies an incompatible key usage',
};

const connectFaults: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

const lookupFaults: Record<string, string> = {
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'server misbehaving',
};

/** A failed connection in the words of upstream's HTTP client, which people search the web for. */
export function networkErrorText(error: unknown, { host, port }: Address): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const connect = connectFaults[code];
  if (connect) return `dial tcp ${address}: connect: ${connect}`;
  const lookup = lookupFaults[code];
  if (lookup) return `dial tcp: lookup ${host}: ${lookup}`;
  const certificate = certificateFaults[code];
  if (certificate) return `tls: failed to verify certificate: x509: ${certificate}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return nameFault(error);
  if (code === 'ECONNRESET') return message === 'socket hang up' ? 'EOF' : 'read: connection reset by peer';
  if (code === 'EPIPE') return 'write: broken pipe';
  if (code === 'EPROTO' && /wrong version number|packet length too long|http request/i.test(message)) {
    return 'http: server gave HTTP response to HTTPS client';
  }
  return message || String(error);
}

/** A certificate for other names than the one asked for. */
function nameFault(error: unknown): string {
  const { host, cert } = error as { host?: string; cert?: { subjectaltname?: string } };
  const names = (cert?.subjectaltname ?? '').split(', ').filter(each => each !== '');
  const text = 'tls: failed to verify certificate: x509: ';
  if (names.length === 0) return `${text}certificate is not valid for any names, but wanted to match ${host}`;
  const valid = names.map(each => each.replace(/^(DNS|IP Address):/, '')).join(', ');
  return `${text}certificate is valid for ${valid}, not ${host}`;
}
