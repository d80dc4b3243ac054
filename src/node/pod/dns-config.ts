import type { Pod } from '../../api/generated/types.ts';

/** The contents of a resolv.conf, as CRI takes them. */
export interface DnsConfig {
  servers: string[];
  searches: string[];
  options: string[];
}

export interface ClusterDns {
  /** Addresses of the cluster's DNS. */
  servers: readonly string[];
  domain: string;
}

const maxServers = 3;
const maxSearches = 32;
const maxSearchLength = 2048;

/** Reads a resolv.conf; later `search` and `options` lines replace earlier ones. */
export function parseResolvConf(text: string): DnsConfig {
  const config: DnsConfig = { servers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0]) config.servers.push(values[0]);
    else if (keyword === 'search' || keyword === 'domain') config.searches = values;
    else if (keyword === 'options') config.options = values;
  }
  return config;
}

/**
 * A pod's resolver by its `dnsPolicy`. `problem` tells of what had to be cut to the limits.
 * Source: kubelet `GetPodDNS`; kubernetes.io/docs/concepts/services-networking/dns-pod-service
 */
export function podDnsConfig(
  pod: Pod,
  cluster: ClusterDns,
  host: DnsConfig,
): { config: DnsConfig; problem?: string } {
  const base = baseConfig(pod, cluster, host);
  const { nameservers = [], searches = [], options = [] } = pod.spec?.dnsConfig ?? {};
  const merged = {
    servers: unique([...base.servers, ...nameservers]),
    searches: unique([...base.searches, ...searches].map(trimDot)),
    options: mergeOptions(
      base.options,
      options.map(({ name = '', value }) => (value ? `${name}:${value}` : name)),
    ),
  };
  return limited(merged);
}

function baseConfig(pod: Pod, cluster: ClusterDns, host: DnsConfig): DnsConfig {
  const { dnsPolicy = 'ClusterFirst', hostNetwork } = pod.spec ?? {};
  if (dnsPolicy === 'None') return { servers: [], searches: [], options: [] };
  const useCluster =
    dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork);
  if (!useCluster || cluster.servers.length === 0) return host;
  const { domain } = cluster;
  const own = [`${pod.metadata?.namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return { servers: [...cluster.servers], searches: [...own, ...host.searches], options: ['ndots:5'] };
}

function trimDot(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/** The pod's options win over those of the same name. */
function mergeOptions(base: readonly string[], own: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const option of [...base, ...own]) byName.set(option.split(':')[0]!, option);
  return [...byName.values()];
}

function limited(config: DnsConfig): { config: DnsConfig; problem?: string } {
  const searches: string[] = [];
  let length = 0;
  for (const name of config.searches.slice(0, maxSearches)) {
    length += name.length + (searches.length > 0 ? 1 : 0);
    if (length > maxSearchLength) break;
    searches.push(name);
  }
  const servers = config.servers.slice(0, maxServers);
  const result = { ...config, servers, searches };
  if (servers.length < config.servers.length) {
    const applied = servers.join(' ');
    const problem = `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${applied}`;
    return { config: result, problem };
  }
  if (searches.length < config.searches.length) {
    const applied = searches.join(' ');
    const problem = `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${applied}`;
    return { config: result, problem };
  }
  return { config: result };
}
