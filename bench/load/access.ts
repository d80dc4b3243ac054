import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { parse } from 'yaml';

/** How a load client reaches the API: what its kubeconfig says. */
export interface Access {
  host: string;
  port: number;
  tls: ConnectionOptions;
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** Reads the first cluster and user of a kubeconfig with a client certificate. */
export function readAccess(path = process.env.KUBECONFIG ?? ''): Access {
  const { clusters, users } = parse(readFileSync(path, 'utf8')) as Kubeconfig;
  const { cluster } = clusters[0]!;
  const { user } = users[0]!;
  const decode = (text: string) => Buffer.from(text, 'base64').toString();
  const url = new URL(cluster.server);
  const secureContext = createSecureContext({
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  });
  return { host: url.hostname, port: Number(url.port || 443), tls: { secureContext } };
}
