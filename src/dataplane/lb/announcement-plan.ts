import { createHash } from 'node:crypto';
import type { Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';

/** A node as the choice sees it. */
export interface Speaker {
  name: string;
  /** It has said within the last seconds that it is there. */
  alive: boolean;
}

/** A load-balancer address and the Services that share it. */
export interface BalancerAddress {
  address: string;
  services: Stored<Service>[];
}

/** The addresses in use, from the status of the Services. */
export function balancerAddresses(services: readonly Stored<Service>[]): BalancerAddress[] {
  const found = new Map<string, BalancerAddress>();
  for (const service of services) {
    if (service.spec?.type !== 'LoadBalancer' || service.metadata.deletionTimestamp) continue;
    for (const { ip, ipMode = 'VIP' } of service.status?.loadBalancer?.ingress ?? []) {
      if (!ip || ipMode !== 'VIP') continue;
      const entry = found.get(ip) ?? { address: ip, services: [] };
      entry.services.push(service);
      found.set(ip, entry);
    }
  }
  return [...found.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
}

/**
 * The node that answers for an address: of the nodes that are alive, and with externalTrafficPolicy Local
 * have an endpoint, the one with the highest hash of node and address. All nodes compute the same; when one
 * goes only its addresses move. Undefined where no node can.
 */
export function announcingNode(
  { address, services }: BalancerAddress,
  speakers: readonly Speaker[],
  hasLocalEndpoint: (service: Stored<Service>, node: string) => boolean,
): string | undefined {
  const local = services.filter(service => service.spec?.externalTrafficPolicy === 'Local');
  const alive = speakers.filter(speaker => speaker.alive);
  const serving = alive.filter(({ name }) => local.every(service => hasLocalEndpoint(service, name)));
  // Services that share an address may have no node in common: better some of them than none.
  const candidates = serving.length > 0 ? serving : alive;
  let best: { name: string; weight: string } | undefined;
  for (const { name } of candidates) {
    const weight = createHash('sha256').update(`${name} ${address}`).digest('hex');
    if (!best || weight > best.weight) best = { name, weight };
  }
  return best?.name;
}
