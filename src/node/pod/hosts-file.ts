import type { Pod } from '../../api/generated/types.ts';

/** A pod's host name and, with a subdomain, the DNS domain it stands in. */
export interface PodHostname {
  hostname: string;
  domain: string;
}

/** Linux takes 64 bytes with the closing zero. */
const maxHostname = 63;

export function podHostname(pod: Pod, clusterDomain: string, nodeName: string): PodHostname {
  const { hostname: set, subdomain, hostNetwork, hostnameOverride } = pod.spec ?? {};
  if (hostnameOverride) return { hostname: hostnameOverride, domain: '' };
  if (hostNetwork) return { hostname: nodeName, domain: '' };
  const name = set || (pod.metadata?.name ?? '');
  const hostname = name.slice(0, maxHostname).replace(/[-.]+$/, '');
  const domain = subdomain ? `${subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}` : '';
  return { hostname, domain };
}

/** What the kernel is given: the whole name where the pod asks for it. @throws Error where it is too long. */
export function sandboxHostname(pod: Pod, { hostname, domain }: PodHostname): string {
  if (!pod.spec?.setHostnameAsFQDN || !domain) return hostname;
  const whole = `${hostname}.${domain}`;
  if (whole.length > maxHostname) {
    throw new Error(
      `Failed to construct FQDN from Pod hostname and cluster domain, FQDN ${whole} is too long (64 characters is the max, ${whole.length} characters requested)`,
    );
  }
  return whole;
}

/** `/etc/hosts` of a pod; on the host network it is the node's with the aliases added. */
export function hostsFile(
  pod: Pod,
  { hostname, domain }: PodHostname,
  podIPs: readonly string[],
  nodeHosts: string,
): string {
  const aliases = aliasLines(pod);
  if (pod.spec?.hostNetwork) {
    return `# Kubernetes-managed hosts file (host network).\n${nodeHosts}${aliases}`;
  }
  const own = domain ? `${hostname}.${domain}\t${hostname}` : hostname;
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...podIPs.map(ip => `${ip}\t${own}`),
  ];
  return `${lines.join('\n')}\n${aliases}`;
}

function aliasLines(pod: Pod): string {
  const aliases = pod.spec?.hostAliases ?? [];
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`);
  return `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`;
}
