import type { Service } from '../../../../api/generated/types.ts';
import {
  isHeadless,
  needsClusterIp,
  needsHealthCheck,
  needsNodePort,
} from '../../../../api/kinds/networking/service-fields.ts';
import type { KubeObject } from '../../../../api/objects.ts';
import { type FieldError, internalError, invalid } from '../../../../api/status.ts';
import { decisionObject } from '../../../../base/decisions.ts';
import type { IpFamily } from '../../../../base/ip-address.ts';
import { storageKey } from '../../../objects/storage-form.ts';
import type { ResourceEndpoint } from '../../resource-endpoint.ts';
import type { Strategy } from '../../strategies.ts';
import { type AddressAllocator, AddressUnavailable } from './address-allocator.ts';
import { completeFamilies } from './ip-families.ts';
import { type NodePortAllocator, PortUnavailable, portsOf } from './node-port-allocator.ts';
import type { NodePortClaims } from './node-port-claims.ts';

export interface ServiceDeps {
  addresses: AddressAllocator;
  ports: NodePortAllocator;
  /** Where other servers give node ports as well. */
  claims: NodePortClaims | undefined;
  services: ResourceEndpoint;
  /** The family of the cluster's first ServiceCIDR. */
  primary: IpFamily;
}

/** What one create or update took, to be given back when it fails. */
interface Taken {
  addresses: string[];
  ports: number[];
}

/** Services get their ClusterIPs and node ports when they are written, in the same request. */
export function serviceStrategy(deps: ServiceDeps): Strategy {
  const taken = new WeakMap<KubeObject, Taken>();
  const take = async (service: Service, old: Service | undefined) => {
    const mine: Taken = { addresses: [], ports: [] };
    taken.set(service, mine);
    try {
      completeFamilies(service, deps.addresses.families(deps.primary));
      await takeAddresses(deps, service, old, mine);
      await takePorts(deps, service, mine);
    } catch (error) {
      await giveBack(service);
      throw error;
    }
  };
  const giveBack = async (service: KubeObject) => {
    const mine = taken.get(service);
    if (!mine) return;
    taken.delete(service);
    const about = decisionObject(service);
    for (const address of mine.addresses) await deps.addresses.release(about, address);
    const key = keyOf(deps, service);
    deps.ports.settle(key, mine.ports);
    const lost = mine.ports.filter(port => !deps.ports.has(key, port));
    for (const port of lost) await deps.claims?.release(key, port);
  };
  /** Addresses and node ports of `old` that `service` has no more. */
  const releaseLeft = async (old: Service, service: Service | undefined) => {
    const kept = new Set(addressesOf(service));
    for (const address of addressesOf(old)) {
      if (!kept.has(address)) await deps.addresses.release(decisionObject(old), address);
    }
    const ports = new Set(service && portsOf(service));
    for (const port of portsOf(old)) if (!ports.has(port)) await deps.claims?.release(keyOf(deps, old), port);
  };
  return {
    beforeCreate: (_registry, object) => take(object as Service, undefined),
    afterFailedCreate: (_registry, object) => giveBack(object),
    beforeUpdate: (_registry, object, old) => take(object as Service, old as Service),
    afterFailedUpdate: (_registry, object) => giveBack(object),
    afterUpdate: (_registry, object, old) => releaseLeft(old as Service, object as Service),
    afterDelete: (_registry, object) => releaseLeft(object as Service, undefined),
  };
}

function keyOf({ services }: ServiceDeps, { metadata }: KubeObject): string {
  return storageKey(services.storage, metadata?.namespace ?? '', metadata?.name ?? '');
}

/** The ClusterIPs a Service has out of the ranges. */
export function addressesOf(service: Service | undefined): string[] {
  const spec = service?.spec;
  if (!spec || !needsClusterIp(spec) || isHeadless(spec)) return [];
  return (spec.clusterIPs ?? []).filter(address => address !== '' && address !== 'None');
}

async function takeAddresses(
  { addresses }: ServiceDeps,
  service: Service,
  old: Service | undefined,
  mine: Taken,
): Promise<void> {
  const spec = service.spec!;
  if (!needsClusterIp(spec) || isHeadless(spec)) return;
  const about = decisionObject(service);
  const held = addressesOf(old);
  const wanted = [...(spec.clusterIPs ?? [])];
  for (const [at, family] of (spec.ipFamilies ?? []).entries()) {
    const asked = wanted[at];
    // One in the place of another is for the validation to refuse: they may not change.
    if (asked && (held.includes(asked) || held[at] !== undefined)) continue;
    try {
      if (asked) await addresses.allocate(about, asked);
      else wanted[at] = await addresses.allocateNext(about, family as IpFamily);
    } catch (error) {
      if (!(error instanceof AddressUnavailable)) throw error;
      throw asked
        ? addressRefused(service, asked, error)
        : internalError(new Error(`failed to allocate a serviceIP: ${error.message}`, { cause: error }));
    }
    mine.addresses.push(wanted[at]!);
  }
  // Releasing the second family leaves the first one's address.
  spec.clusterIPs = wanted.slice(0, spec.ipFamilies?.length);
  spec.clusterIP = spec.clusterIPs[0]!;
}

function addressRefused(service: Service, address: string, error: Error) {
  const message = `Invalid value: ${JSON.stringify(service.spec!.clusterIPs)}: failed to allocate IP ${address}: ${error.message}`;
  return refused(service, { reason: 'FieldValueInvalid', field: 'spec.clusterIPs', message });
}

async function takePorts(deps: ServiceDeps, service: Service, mine: Taken): Promise<void> {
  const key = keyOf(deps, service);
  const spec = service.spec!;
  if (needsNodePort(spec)) {
    const given = new Map<string, number>();
    for (const [at, port] of (spec.ports ?? []).entries()) {
      // The same port over two protocols gets one node port, where the client did not choose otherwise.
      const shared = given.get(`${port.port}`);
      if (!port.nodePort && shared && !usesProtocol(spec.ports!, shared, port.protocol))
        port.nodePort = shared;
      port.nodePort = await take(deps, service, key, port.nodePort, `spec.ports[${at}].nodePort`, mine);
      given.set(`${port.port}`, port.nodePort);
    }
  } else {
    // A Service of another type that asks for ports holds them, and validation speaks of it.
    for (const port of portsOf(service)) mine.ports.push(port);
  }
  if (needsHealthCheck(spec)) {
    const field = 'spec.healthCheckNodePort';
    spec.healthCheckNodePort = await take(deps, service, key, spec.healthCheckNodePort, field, mine);
  }
}

function usesProtocol(
  ports: NonNullable<NonNullable<Service['spec']>['ports']>,
  nodePort: number,
  protocol = 'TCP',
): boolean {
  return ports.some(port => port.nodePort === nodePort && (port.protocol ?? 'TCP') === protocol);
}

/** Holds the asked port, or a free one. @throws ApiError 422 for the asked one, 500 when none is free. */
async function take(
  { ports, claims }: ServiceDeps,
  service: Service,
  key: string,
  asked: number | undefined,
  field: string,
  mine: Taken,
): Promise<number> {
  try {
    for (let attempt = 0; attempt < 16; attempt++) {
      const port = asked || ports.holdNext(key);
      if (asked) ports.hold(key, asked);
      mine.ports.push(port);
      if (!claims || (await claims.claim(key, port))) return port;
      // Another server is giving it away at this moment.
      mine.ports.pop();
      ports.settle(key, [port]);
      if (asked) throw new PortUnavailable('provided port is already allocated');
    }
    throw new PortUnavailable('range is full');
  } catch (error) {
    if (!(error instanceof PortUnavailable)) throw error;
    if (!asked)
      throw internalError(new Error(`failed to allocate a nodePort: ${error.message}`, { cause: error }));
    const message = `Invalid value: ${asked}: ${error.message}`;
    throw refused(service, { reason: 'FieldValueInvalid', field, message });
  }
}

function refused(service: Service, cause: FieldError) {
  return invalid({ resource: 'Service' }, service.metadata?.name ?? '', [cause]);
}
