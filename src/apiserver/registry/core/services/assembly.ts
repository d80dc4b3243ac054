import type { IPAddress, Service, ServiceCIDR } from '../../../../api/generated/types.ts';
import type { DecisionLog } from '../../../../base/decisions.ts';
import { familyOf } from '../../../../base/ip-address.ts';
import type { Logger } from '../../../../base/log.ts';
import type { Store } from '../../../../store/store.ts';
import type { ObjectReader } from '../../../admission/object-reader.ts';
import { followResource } from '../../../objects/resource-follower.ts';
import { type ApiServerOptions, defaultNodePorts, defaultServiceCidrs } from '../../../options.ts';
import type { Random } from '../../../random.ts';
import type { ResourceHubs } from '../../../watch/resource-hub.ts';
import type { Registry } from '../../registry.ts';
import type { ResourceEndpoint } from '../../resource-endpoint.ts';
import type { Strategy } from '../../strategies.ts';
import { AddressAllocator } from './address-allocator.ts';
import { NodePortAllocator } from './node-port-allocator.ts';
import { NodePortClaims } from './node-port-claims.ts';
import { repairAddresses } from './repair.ts';
import { serviceStrategy } from './service-strategy.ts';

export interface ServiceAssemblyDeps {
  registry: Registry;
  reader: ObjectReader;
  store: Store;
  hubs: ResourceHubs;
  random: Random;
  decisions: DecisionLog;
  log: Logger;
}

/** Milliseconds after which the request that took an address has been answered, whichever way. */
const longestRequest = 120_000;

/** The allocators of Services, fed from what is stored. */
export function assembleServices(
  deps: ServiceAssemblyDeps,
  options: ApiServerOptions,
  endpoints: ReadonlyMap<string, ResourceEndpoint>,
): { strategy: Strategy; start(): Promise<void> } {
  const services = endpoints.get('/v1/services')!;
  const addressEndpoint = endpoints.get('networking.k8s.io/v1/ipaddresses')!;
  const { registry, random, decisions, reader, log, store } = deps;
  const addresses = new AddressAllocator({ registry, addresses: addressEndpoint, decisions });
  const ports = new NodePortAllocator({ random }, options.nodePorts ?? defaultNodePorts);
  const { clock } = registry;
  const has = (owner: string, port: number) => ports.has(owner, port);
  const claims = store.shared && new NodePortClaims({ clock, store, has });
  const primary = familyOf((options.serviceCidrs ?? defaultServiceCidrs)[0]!) ?? 'IPv4';
  return {
    strategy: serviceStrategy({ addresses, ports, claims, services, primary }),
    async start() {
      followResource<Service>(deps, services, {
        set: (key, service) => ports.setService(key, service),
        removed: key => ports.removeService(key),
      });
      followResource<IPAddress>(deps, addressEndpoint, {
        set: (_key, address) => addresses.setAddress(address),
        removed: (_key, address) => addresses.removeAddress(address),
      });
      followResource<ServiceCIDR>(deps, endpoints.get('networking.k8s.io/v1/servicecidrs')!, {
        set: (key, cidr) => addresses.setCidr(key, cidr),
        removed: key => addresses.removeCidr(key),
      });
      const underWaySince = store.shared && registry.clock.now() - longestRequest;
      await repairAddresses({ reader, allocator: addresses, log, underWaySince });
    },
  };
}
