import { isDeepStrictEqual } from 'node:util';
import { InvalidArgumentError } from 'commander';
import { parseCidr } from '../../base/ip-address.ts';
import { apiServerPort, type ClusterConfig, nameFlag, nodeMaskSizes } from '../cluster-config.ts';
import { UsageFailure } from '../failure.ts';
import { familiesOf } from '../plan-cluster.ts';
import type { ClusterOptions } from './context.ts';

export interface UpOptions extends ClusterOptions {
  nodes?: number;
  isolated?: boolean;
  yes?: boolean;
  kubeconfig?: string;
  ipFamily?: 'ipv4' | 'ipv6' | 'dual';
  apiPort?: number;
  lbPool?: string[];
  dnsUpstream?: string[];
  nodeMaskSize?: number[];
  nodeSubnet?: string[];
  podSubnet?: string[];
  serviceSubnet?: string[];
  datastore?: 'sqlite' | 'etcd';
  etcdEndpoints?: string[];
  etcdPrefix?: string;
  etcdCafile?: string;
  etcdCertfile?: string;
  etcdKeyfile?: string;
  servers?: number;
  auditPolicy?: string;
}

/** What a cluster is made with stays: an option that says otherwise is refused, not ignored. */
export function refuseChanges(present: ClusterConfig | undefined, options: UpOptions): void {
  if (!present) return;
  if (options.nodes !== undefined && options.nodes !== present.nodes.length) {
    throw new UsageFailure(
      `the cluster "${present.name}" has ${present.nodes.length} nodes: use: causeway node add, or node remove NAME`,
    );
  }
  const families = options.ipFamily && familiesOf(options.ipFamily);
  const masks = nodeMaskSizes(present.ipFamilies, present.nodeMaskSizes);
  const rows: [option: string, asked: unknown, has: unknown][] = [
    ['isolated', options.isolated, present.isolated],
    ['ip-family', families, present.ipFamilies],
    ['api-port', options.apiPort, present.apiPort ?? apiServerPort],
    ['lb-pool', options.lbPool, present.lbPool],
    ['dns-upstream', options.dnsUpstream, present.dnsUpstreams ?? []],
    ['node-subnet', options.nodeSubnet, present.nodeSubnets],
    ['pod-subnet', options.podSubnet, present.podSubnets],
    ['service-subnet', options.serviceSubnet, present.serviceSubnets],
    ['node-mask-size', options.nodeMaskSize, masks],
    ['datastore', options.datastore, present.etcd ? 'etcd' : 'sqlite'],
    ['etcd-prefix', options.etcdPrefix, present.etcd?.prefix],
    ['servers', options.servers, present.servers ?? 1],
    ['audit-policy', options.auditPolicy && true, present.audit ?? false],
  ];
  for (const [option, asked, has] of rows) {
    if (asked === undefined || isDeepStrictEqual(asked, has)) continue;
    const made =
      Array.isArray(has) && has.length > 0 ? `with --${option} ${has.join(',')}` : `without that --${option}`;
    throw new UsageFailure(
      `the cluster "${present.name}" was made ${option === 'api-port' ? `with --api-port ${has}` : made}: remove it first with: causeway delete${nameFlag(present.name)}`,
    );
  }
}

/**
 * Refuses a subnet of a family the cluster does not have: it would be left out without a word.
 * @throws UsageFailure
 */
export function refuseFamilies(options: UpOptions): void {
  const families = familiesOf(options.ipFamily ?? 'ipv4');
  for (const subnet of [options.nodeSubnet, options.podSubnet, options.serviceSubnet].flatMap(
    list => list ?? [],
  )) {
    const cidr = parseCidr(subnet);
    if (!cidr || families.includes(cidr.family)) continue;
    throw new UsageFailure(
      `the subnet ${subnet} is of another family than the cluster: add --ip-family dual`,
    );
  }
}

/** A parser of whole numbers for commander. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It has to be a whole number from ${least} to ${most}.`);
  };
}

/** A parser of numbers or words with commas between. */
export function listOf<T>(parse: (text: string) => T): (text: string) => T[] {
  return text => text.split(',').map(part => parse(part.trim()));
}
