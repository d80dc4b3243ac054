import type { EndpointSlice, Namespace, Service } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';

/** An endpoint of a Service that is ready. */
export interface ReadyEndpoint {
  address: string;
  /** The endpoint's `hostname`, or its address with dashes. */
  hostname: string;
  ports: readonly EndpointPort[];
}

export interface EndpointPort {
  name: string;
  protocol: string;
  port: number;
}

/** Called with the keys whose answers may be different now: see `RecordIndex`. */
export type ChangeListener = (keys: readonly string[]) => void;

/**
 * The objects DNS answers come from, found by what names say: Services and their slices by `namespace/name`,
 * addresses to the Services that have them. It holds the informers' objects themselves, no copies.
 *
 * A change is told under these keys: `namespace/name` of a Service, `ip <address>` of an address, `ns <name>`
 * of a namespace.
 */
export class RecordIndex {
  readonly #namespaces = new Set<string>();
  readonly #services = new Map<string, Service>();
  /** By Service, then by the slice's name. */
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  /** Services by the address that is theirs or an endpoint's. */
  readonly #clusterAddresses = new Map<string, string>();
  readonly #endpointAddresses = new Map<string, string[]>();
  readonly #listeners: ChangeListener[] = [];

  /** Grows with every change; the serial number of the zone. */
  serial = 1;

  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.has(name);
  }

  service(key: string): Service | undefined {
    return this.#services.get(key);
  }

  /** The Service whose cluster IP `address` (in canonical form) is. */
  serviceAt(address: string): string | undefined {
    return this.#clusterAddresses.get(address);
  }

  /** The Services that have a slice with this address, ready or not. */
  servicesOfEndpoint(address: string): readonly string[] {
    return this.#endpointAddresses.get(address) ?? [];
  }

  /** The ready endpoints of a Service; one that several slices have is there once. */
  endpoints(key: string): ReadyEndpoint[] {
    const found: ReadyEndpoint[] = [];
    const seen = new Set<string>();
    for (const slice of this.#slices.get(key)?.values() ?? []) {
      if (slice.addressType === 'FQDN') continue;
      const ports = (slice.ports ?? []).map(({ name = '', protocol = 'TCP', port = 0 }) => ({
        name,
        protocol,
        port,
      }));
      for (const { addresses, conditions, hostname } of slice.endpoints ?? []) {
        const address = addresses[0];
        // An unknown state counts as ready (API of EndpointSlice).
        if (conditions?.ready === false || address === undefined) continue;
        const endpoint = { address, hostname: hostname || address.replaceAll(/[.:]/g, '-'), ports };
        const identity = `${endpoint.hostname} ${address} ${ports.map(p => `${p.name}/${p.protocol}/${p.port}`).join()}`;
        if (!seen.has(identity)) found.push(endpoint);
        seen.add(identity);
      }
    }
    return found;
  }

  setNamespace({ metadata }: Namespace): void {
    const name = metadata?.name ?? '';
    if (this.#namespaces.has(name)) return;
    this.#namespaces.add(name);
    this.#changed([`ns ${name}`]);
  }

  removeNamespace({ metadata }: Namespace): void {
    const name = metadata?.name ?? '';
    if (this.#namespaces.delete(name)) this.#changed([`ns ${name}`]);
  }

  setService(service: Service): void {
    const key = keyOf(service);
    const previous = this.#services.get(key);
    if (previous && sameRecords(previous, service)) {
      this.#services.set(key, service);
      return;
    }
    const changed = [key];
    if (previous) this.#dropAddresses(key, previous, changed);
    this.#services.set(key, service);
    for (const address of clusterAddresses(service)) {
      this.#clusterAddresses.set(address, key);
      changed.push(`ip ${address}`);
    }
    this.#changed(changed);
  }

  removeService(service: Service): void {
    const key = keyOf(service);
    const previous = this.#services.get(key);
    if (!previous) return;
    this.#services.delete(key);
    const changed = [key];
    this.#dropAddresses(key, previous, changed);
    this.#changed(changed);
  }

  setSlice(slice: EndpointSlice): void {
    const key = serviceOf(slice);
    const name = slice.metadata?.name ?? '';
    if (key === undefined) {
      this.removeSlice(slice);
      return;
    }
    const slices = this.#slices.get(key) ?? new Map<string, EndpointSlice>();
    const changed = [key];
    this.#dropEndpoints(key, slices.get(name), changed);
    slices.set(name, slice);
    this.#slices.set(key, slices);
    for (const address of endpointAddresses(slice)) {
      const holders = this.#endpointAddresses.get(address);
      if (!holders) this.#endpointAddresses.set(address, [key]);
      else if (!holders.includes(key)) holders.push(key);
      changed.push(`ip ${address}`);
    }
    this.#changed(changed);
  }

  /** @param slice as it was last known; its label tells the Service. */
  removeSlice(slice: EndpointSlice): void {
    const key = serviceOf(slice);
    const slices = key === undefined ? undefined : this.#slices.get(key);
    const name = slice.metadata?.name ?? '';
    const previous = slices?.get(name);
    if (!slices || !previous || key === undefined) return;
    slices.delete(name);
    if (slices.size === 0) this.#slices.delete(key);
    const changed = [key];
    this.#dropEndpoints(key, previous, changed);
    this.#changed(changed);
  }

  #dropAddresses(key: string, service: Service, changed: string[]): void {
    for (const address of clusterAddresses(service)) {
      if (this.#clusterAddresses.get(address) === key) this.#clusterAddresses.delete(address);
      changed.push(`ip ${address}`);
    }
  }

  /** Forgets the addresses of a slice that no other slice of the Service has. */
  #dropEndpoints(key: string, slice: EndpointSlice | undefined, changed: string[]): void {
    if (!slice) return;
    const kept = new Set<string>();
    for (const other of this.#slices.get(key)?.values() ?? []) {
      if (other !== slice) for (const address of endpointAddresses(other)) kept.add(address);
    }
    for (const address of endpointAddresses(slice)) {
      changed.push(`ip ${address}`);
      if (kept.has(address)) continue;
      const holders = this.#endpointAddresses.get(address)?.filter(holder => holder !== key) ?? [];
      if (holders.length === 0) this.#endpointAddresses.delete(address);
      else this.#endpointAddresses.set(address, holders);
    }
  }

  #changed(keys: readonly string[]): void {
    this.serial = (this.serial + 1) >>> 0;
    for (const listener of this.#listeners) listener(keys);
  }
}

/** The addresses of a Service that are its own; none of a headless one. */
export function clusterAddresses({ spec }: Service): string[] {
  if (spec?.type === 'ExternalName') return [];
  const addresses = spec?.clusterIPs?.length ? spec.clusterIPs : [spec?.clusterIP ?? ''];
  return addresses.filter(address => address !== '' && address !== 'None');
}

export function isHeadless({ spec }: Service): boolean {
  return spec?.type !== 'ExternalName' && spec?.clusterIP === 'None';
}

/** Whether two versions of a Service have the same records: most updates are of the status. */
function sameRecords(a: Service, b: Service): boolean {
  return a.spec === b.spec || JSON.stringify(recordParts(a)) === JSON.stringify(recordParts(b));
}

function recordParts({ spec }: Service): unknown {
  const ports = spec?.ports?.map(({ name, protocol, port }) => [name, protocol, port]);
  return [spec?.type, spec?.clusterIP, spec?.clusterIPs, spec?.externalName, ports];
}

function endpointAddresses(slice: EndpointSlice): string[] {
  if (slice.addressType === 'FQDN') return [];
  return (slice.endpoints ?? []).flatMap(({ addresses }) => addresses[0] ?? []);
}

function serviceOf(slice: EndpointSlice): string | undefined {
  const name = slice.metadata?.labels?.['kubernetes.io/service-name'];
  return name ? `${slice.metadata?.namespace ?? ''}/${name}` : undefined;
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}
