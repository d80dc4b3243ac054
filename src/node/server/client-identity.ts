import type { TLSSocket } from 'node:tls';

export interface ClientIdentity {
  name: string;
  groups: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

/** Who the client's certificate says it is; undefined where it has none of the cluster's CA. */
export function clientIdentity(socket: TLSSocket): ClientIdentity | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (!subject) return undefined;
  const list = (value: string | string[] | undefined) => (value === undefined ? [] : [value].flat());
  const [name = ''] = list(subject.CN as string | string[] | undefined);
  return { name, groups: list(subject.O as string | string[] | undefined) };
}

/** The agent of a node of this cluster. */
export function isNode({ name, groups }: ClientIdentity): boolean {
  return groups.includes('system:nodes') && name.startsWith('system:node:');
}

/** The API server and the cluster's administrators; nobody else has business with a node's API. */
export function mayUseKubelet({ name, groups }: ClientIdentity): boolean {
  return name === 'kube-apiserver-kubelet-client' || groups.includes('system:masters');
}
