import type { TLSSocket } from 'node:tls';
import type { ApiUser } from '../exchange.ts';

/**
 * The user a verified client certificate stands for: its CN is the name, its Os are the groups (upstream's
 * x509 CommonNameUserConversion). Undefined without a certificate our authority signed.
 */
export function certificateUser(socket: TLSSocket): ApiUser | undefined {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerCertificate()?.subject as
    | { CN?: string | string[]; O?: string | string[] }
    | undefined;
  const name = single(subject?.CN);
  if (!name) return undefined;
  const organizations = subject?.O;
  const groups = organizations === undefined ? [] : [organizations].flat();
  return { name, groups: [...groups, 'system:authenticated'] };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
