import type { IPAddress, ServiceCIDR } from '../../../../api/generated/types.ts';
import type { KubeObject } from '../../../../api/objects.ts';
import { ApiError } from '../../../../api/status.ts';
import type { DecisionLog, DecisionObject } from '../../../../base/decisions.ts';
import { type IpFamily, parseAddress, parseCidr } from '../../../../base/ip-address.ts';
import type { Registry } from '../../registry.ts';
import type { ResourceEndpoint } from '../../resource-endpoint.ts';
import { AddressPool } from './address-pool.ts';

declare module '../../../../base/decisions.ts' {
  interface DecisionTypes {
    /** A Service was given a ClusterIP; `chosen` where the client had asked for this one. */
    'apiserver.clusterIP.allocated': { address: string; chosen: boolean };
    'apiserver.clusterIP.released': { address: string };
  }
}

/** Why an address can't be had; the message is upstream's. */
export class AddressUnavailable extends Error {
  override name = 'AddressUnavailable';
}

export const managedByLabel = 'ipaddress.kubernetes.io/managed-by';
export const managedBy = 'ipallocator.k8s.io';
const familyLabel = 'ipaddress.kubernetes.io/ip-family';

/**
 * Gives ClusterIPs out of the ServiceCIDRs. Each given address is an IPAddress object, whose name is the
 * address: that it can't exist twice is what keeps two servers from giving the same one (upstream:
 * pkg/registry/core/service/ipallocator).
 */
export class AddressAllocator {
  readonly #deps: { registry: Registry; addresses: ResourceEndpoint; decisions: DecisionLog };
  readonly #pools = new Map<string, AddressPool[]>();
  readonly #used: Record<IpFamily, Set<bigint>> = { IPv4: new Set(), IPv6: new Set() };

  constructor(deps: { registry: Registry; addresses: ResourceEndpoint; decisions: DecisionLog }) {
    this.#deps = deps;
  }

  setCidr(key: string, { spec, metadata }: ServiceCIDR): void {
    const cidrs = metadata?.deletionTimestamp ? [] : (spec?.cidrs ?? []);
    const parsed = cidrs.map(parseCidr).filter(each => each !== undefined);
    this.#pools.set(
      key,
      parsed.map(cidr => new AddressPool(cidr)),
    );
  }

  removeCidr(key: string): void {
    this.#pools.delete(key);
  }

  setAddress({ metadata }: IPAddress): void {
    const address = parseAddress(metadata?.name ?? '');
    if (address) this.#used[address.family].add(address.value);
  }

  removeAddress({ metadata }: IPAddress): void {
    const address = parseAddress(metadata?.name ?? '');
    if (address) this.#used[address.family].delete(address.value);
  }

  /** The families there are addresses of, that of the cluster's own ServiceCIDR first. */
  families(primary: IpFamily): IpFamily[] {
    const found = new Set([...this.#pools.values()].flat().map(pool => pool.cidr.family));
    return [primary, ...[...found].filter(family => family !== primary)];
  }

  /** @throws AddressUnavailable when none is left. */
  async allocateNext(service: DecisionObject, family: IpFamily): Promise<string> {
    const pools = [...this.#pools.values()].flat().filter(pool => pool.cidr.family === family);
    for (const pool of pools) {
      // Another server may be faster: its address shows up as used, and the next one is tried.
      for (let attempt = 0; attempt < 16; attempt++) {
        const value = pool.pick(this.#used[family], this.#deps.registry.random);
        if (value === undefined) break;
        const address = pool.describe(value);
        if (await this.#take(service, address, family, false)) return address;
      }
    }
    throw new AddressUnavailable('range is full');
  }

  /** @throws AddressUnavailable when it is given already or lies in no range. */
  async allocate(service: DecisionObject, address: string): Promise<void> {
    const parsed = parseAddress(address);
    const pools = [...this.#pools.values()].flat().filter(pool => pool.cidr.family === parsed?.family);
    if (!parsed || !pools.some(pool => pool.contains(parsed.value))) {
      throw new AddressUnavailable('the provided network does not match the current range');
    }
    if (
      this.#used[parsed.family].has(parsed.value) ||
      !(await this.#take(service, address, parsed.family, true))
    ) {
      throw new AddressUnavailable('provided IP is already allocated');
    }
  }

  /** Gives an address back; one that is not given is left alone. */
  async release(service: DecisionObject, address: string): Promise<void> {
    const { registry, addresses, decisions } = this.#deps;
    try {
      await registry.change(addresses, '', address, current =>
        current ? { kind: 'remove', object: current } : { kind: 'keep' },
      );
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return;
      throw error;
    }
    decisions.record('apiserver.clusterIP.released', service, { address });
  }

  /** False when someone else has it. */
  async #take(service: DecisionObject, address: string, family: IpFamily, chosen: boolean): Promise<boolean> {
    const { registry, addresses, decisions } = this.#deps;
    const value = parseAddress(address)!.value;
    // Marked at once, so that a request beside this one does not pick the same while this one is written.
    this.#used[family].add(value);
    let taken = false;
    try {
      await registry.change(addresses, '', address, current => {
        taken = current !== undefined;
        return taken ? { kind: 'keep' } : { kind: 'write', object: this.#object(service, address, family) };
      });
    } catch (error) {
      this.#used[family].delete(value);
      throw error;
    }
    if (!taken) decisions.record('apiserver.clusterIP.allocated', service, { address, chosen });
    return !taken;
  }

  #object(service: DecisionObject, address: string, family: IpFamily): KubeObject {
    const { registry } = this.#deps;
    return {
      kind: 'IPAddress',
      apiVersion: 'networking.k8s.io/v1',
      metadata: {
        name: address,
        uid: registry.random.uuid(),
        creationTimestamp: registry.timestamp(),
        labels: { [familyLabel]: family, [managedByLabel]: managedBy },
      },
      spec: {
        parentRef: { group: '', resource: 'services', namespace: service.namespace, name: service.name },
      },
    } as KubeObject;
  }
}
