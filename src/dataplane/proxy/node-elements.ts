import type { Node } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { familyOf, parseCidr } from '../../base/ip-address.ts';
import type { WantedElement } from './plan.ts';
import { subnetKey } from './subnet-key.ts';

export interface NodeElementOptions {
  nodeName: string;
  podSubnets: readonly string[];
  serviceSubnets: readonly string[];
}

/** The elements that speak of this node and of the cluster's subnets, not of any Service. */
export function nodeElements(nodes: readonly Stored<Node>[], options: NodeElementOptions): WantedElement[] {
  const elements: WantedElement[] = [];
  const add = (set: string, text: string) => {
    const cidr = text.includes('/') ? parseCidr(text) : undefined;
    const key = cidr ? subnetKey(cidr) : text;
    const family = familyOf(text);
    if (family) elements.push({ family, set, key, data: '' });
  };
  const own = nodes.find(node => node.metadata.name === options.nodeName);
  const addresses = (own?.status?.addresses ?? [])
    .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
    .map(({ address }) => address);
  for (const address of new Set(addresses)) {
    add('node-addresses', address);
    add('cluster-sources', address);
  }
  for (const subnet of own?.spec?.podCIDRs ?? []) add('node-sources', subnet);
  for (const subnet of options.podSubnets) add('cluster-sources', subnet);
  for (const subnet of options.serviceSubnets) add('service-subnets', subnet);
  return elements;
}
