/**
 * Delegated authentication and authorization, as k8s.io/apiserver has them for extension API servers: whom the front
 * proxy vouches for, whom the cluster's own certificates name, whose token the cluster knows; and what the cluster
 * says they may do.
 */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { ClusterApi } from './cluster-api.ts';
import { StatusError } from './status.ts';

export interface User {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

export interface Attributes {
  verb: string;
  path: string;
  group?: string;
  version?: string;
  resource?: string;
  namespace?: string;
  name?: string;
}

/** What the ConfigMap `extension-apiserver-authentication` says. */
export interface TrustedClients {
  clientAuthority: string;
  proxyAuthority: string;
  proxyNames: string[];
  userHeaders: string[];
  uidHeaders: string[];
  groupHeaders: string[];
  extraPrefixes: string[];
}

/** @throws Error where the ConfigMap cannot be read. */
export async function trustedClients(api: ClusterApi): Promise<TrustedClients> {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { code, body } = await api.ask('GET', path);
  if (code !== 200) throw new Error(`${path}: ${body.message}`);
  const data: Record<string, string> = body.data ?? {};
  const list = (key: string): string[] => JSON.parse(data[key] ?? '[]');
  return {
    clientAuthority: data['client-ca-file'] ?? '',
    proxyAuthority: data['requestheader-client-ca-file'] ?? '',
    proxyNames: list('requestheader-allowed-names'),
    userHeaders: list('requestheader-username-headers'),
    uidHeaders: list('requestheader-uid-headers'),
    groupHeaders: list('requestheader-group-headers'),
    extraPrefixes: list('requestheader-extra-headers-prefix'),
  };
}

const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/** @throws StatusError 401 */
export async function authenticate(
  request: IncomingMessage,
  trusted: TrustedClients,
  api: ClusterApi,
): Promise<User> {
  const socket = request.socket as TLSSocket;
  const raw = socket.authorized ? socket.getPeerCertificate().raw : undefined;
  const certificate = raw && new X509Certificate(raw);
  if (certificate && isIssuedBy(certificate, trusted.proxyAuthority)) {
    const { proxyNames } = trusted;
    const allowed = proxyNames.length === 0 || proxyNames.includes(namesOf(certificate, 'CN')[0] ?? '');
    const user = allowed ? userOfHeaders(request, trusted) : undefined;
    if (user) return user;
  }
  if (certificate && isIssuedBy(certificate, trusted.clientAuthority)) {
    const groups = [...namesOf(certificate, 'O'), 'system:authenticated'];
    return { username: namesOf(certificate, 'CN')[0] ?? '', groups };
  }
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return anonymous;
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const { body } = await api.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review);
  if (!body.status?.authenticated) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
  return { groups: [], ...body.status.user };
}

/** @throws StatusError 403 */
export async function authorize(user: User, attributes: Attributes, api: ClusterApi): Promise<void> {
  if (user.groups.includes('system:masters')) return;
  const { verb, path, ...resource } = attributes;
  const spec = {
    user: user.username,
    uid: user.uid,
    groups: user.groups,
    extra: user.extra,
    ...(resource.resource
      ? { resourceAttributes: { verb, ...resource } }
      : { nonResourceAttributes: { verb, path } }),
  };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const { body } = await api.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
  if (body.status?.allowed) return;
  throw new StatusError(403, 'Forbidden', refusal(user, attributes));
}

function refusal(
  { username }: User,
  { verb, path, group, resource, namespace, name = '' }: Attributes,
): string {
  const who = `User ${JSON.stringify(username)} cannot ${verb}`;
  if (!resource) return `forbidden: ${who} path ${JSON.stringify(path)}`;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  const what = `resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)}`;
  return `${resource}.${group} ${JSON.stringify(name)} is forbidden: ${who} ${what} ${where}`;
}

function isIssuedBy(certificate: X509Certificate, authority: string): boolean {
  const pems = authority.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return pems.some(pem => {
    const issuer = new X509Certificate(pem);
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  });
}

function namesOf(certificate: X509Certificate, type: 'CN' | 'O'): string[] {
  const lines = certificate.subject?.split('\n') ?? [];
  return lines.filter(line => line.startsWith(`${type}=`)).map(line => line.slice(type.length + 1));
}

function userOfHeaders(request: IncomingMessage, trusted: TrustedClients): User | undefined {
  const { headersDistinct } = request;
  const valuesOf = (names: string[]) =>
    names.flatMap(name => headersDistinct[name.toLowerCase()] ?? []).filter(value => value !== '');
  const username = valuesOf(trusted.userHeaders)[0];
  if (username === undefined) return undefined;
  const uid = valuesOf(trusted.uidHeaders)[0];
  const extra: Record<string, string[]> = {};
  for (const prefix of trusted.extraPrefixes.map(text => text.toLowerCase())) {
    for (const [name, values] of Object.entries(headersDistinct)) {
      if (values && name.startsWith(prefix)) extra[decodeURIComponent(name.slice(prefix.length))] = values;
    }
  }
  return { username, ...(uid && { uid }), groups: valuesOf(trusted.groupHeaders), extra };
}
