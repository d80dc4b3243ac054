import type { RequestedCertificate } from './certificate-authority.ts';

const clientSigner = 'kubernetes.io/kube-apiserver-client';
export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
const kubeletServingSigner = 'kubernetes.io/kubelet-serving';
const unknownSigner = 'kubernetes.io/legacy-unknown';

type SignerRule = (asked: RequestedCertificate, usages: readonly string[]) => string | undefined;

/** The signers of the cluster and what they do not sign, in upstream's words (pkg/controller/certificates/signer, pkg/apis/certificates). */
export const signerRules: Readonly<Record<string, SignerRule>> = {
  [clientSigner]: (_asked, usages) => clientUsageError(usages),
  [kubeletClientSigner]: kubeletClientError,
  [kubeletServingSigner]: kubeletServingError,
  [unknownSigner]: () => undefined,
};

const optionalUsages = ['digital signature', 'key encipherment'];

function clientUsageError(usages: readonly string[]): string | undefined {
  const other = usages.find(usage => usage !== 'client auth' && !optionalUsages.includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth')
    ? undefined
    : 'missing required usage for client certificate: client auth';
}

/** Why the request is not one of a kubelet that wants to show itself to the API server. */
export function kubeletClientError(
  asked: RequestedCertificate,
  usages: readonly string[],
): string | undefined {
  if (!isOfNodes(asked)) return 'subject organization is not system:nodes';
  if (asked.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (asked.emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (asked.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (asked.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!isNodeName(asked)) return 'subject common name does not begin with system:node: ';
  return usageError(usages, 'client auth');
}

function kubeletServingError(asked: RequestedCertificate, usages: readonly string[]): string | undefined {
  if (!isOfNodes(asked)) return 'subject organization is not system:nodes';
  if (asked.dnsNames.length + asked.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (asked.emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (asked.uris.length > 0) return 'URI subjectAltNames are not allowed';
  const wrong = usageError(usages, 'server auth');
  if (wrong) return wrong;
  return isNodeName(asked) ? undefined : 'subject common name does not begin with system:node: ';
}

function isOfNodes({ organizations }: RequestedCertificate): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes';
}

function isNodeName({ commonName }: RequestedCertificate): boolean {
  return commonName.startsWith('system:node:');
}

/** Keys that only sign need no `key encipherment`. */
function usageError(usages: readonly string[], main: string): string | undefined {
  const required = [main, 'digital signature'].sort();
  const asked = [...new Set(usages)].filter(usage => usage !== 'key encipherment').sort();
  return asked.join() === required.join() ? undefined : `usages did not match [${required.join(' ')}]`;
}
