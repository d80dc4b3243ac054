import type { Service } from '../api/generated/types.ts';
import { addressBytes, type DnsRecord, dnsType, rcode } from '../wire/dns-message.ts';
import { clusterAddresses, isHeadless, type ReadyEndpoint, type RecordIndex } from './record-index.ts';

export interface ClusterZoneOptions {
  /** `cluster.local` */
  domain: string;
  /** Of records, seconds; CoreDNS as kubeadm sets it up: 30. */
  ttl: number;
  /** Of negative answers, seconds; the default of CoreDNS's kubernetes plugin: 5. */
  negativeTtl: number;
  /** Addresses of the DNS Service, which are those of the zone's name server. */
  serverAddresses: readonly string[];
}

/** What the cluster's own records say to a question. */
export interface ZoneAnswer {
  rcode: number;
  answers: DnsRecord[];
  additional: DnsRecord[];
  /** Of `RecordIndex`: the answer holds until one of these changes. */
  dependsOn: string[];
  /** A name outside of the zone that the last CNAME leads to; its records complete the answer. */
  continueAt?: string;
}

type ServiceAnswer = Pick<ZoneAnswer, 'answers' | 'additional'> & { exists: boolean };

const schemaVersion = '1.1.0';
const longestChain = 8;

/**
 * The records of the Kubernetes DNS specification 1.1 over a `RecordIndex`. What the specification leaves open
 * (names of endpoints without a hostname, weights, what does not exist) is as CoreDNS has it.
 */
export class ClusterZone {
  readonly #index: RecordIndex;
  readonly #options: ClusterZoneOptions;
  readonly #suffix: string;

  constructor(index: RecordIndex, options: ClusterZoneOptions) {
    this.#index = index;
    this.#options = options;
    this.#suffix = `.${options.domain}`;
  }

  /**
   * Answers for `name` (lower case). undefined where the name is not the cluster's: outside of its domain, or
   * an address that belongs to nothing in it.
   */
  answer(name: string, type: number): ZoneAnswer | undefined {
    if (this.covers(name)) return this.#chase(name, type);
    const address = reverseAddress(name);
    return address === undefined ? undefined : this.#pointer(name, address, type);
  }

  /** `cluster.local` */
  get domain(): string {
    return this.#options.domain;
  }

  /** Whether `name` (lower case) is in the cluster's domain. */
  covers(name: string): boolean {
    return name === this.#options.domain || name.endsWith(this.#suffix);
  }

  /** The SOA record of negative answers. */
  get authority(): DnsRecord {
    return this.#soa(this.#options.negativeTtl);
  }

  /** Follows CNAMEs of ExternalName Services as long as they stay in the zone. */
  #chase(name: string, type: number): ZoneAnswer {
    const whole: ZoneAnswer = { rcode: rcode.NOERROR, answers: [], additional: [], dependsOn: [] };
    const visited = new Set<string>();
    for (let at = name; ; ) {
      visited.add(at);
      const step = this.#step(at, type, whole.dependsOn);
      whole.rcode = step.rcode;
      whole.answers.push(...step.answers);
      whole.additional.push(...step.additional);
      const last = step.answers.at(-1);
      if (last?.type !== dnsType.CNAME || type === dnsType.CNAME) return whole;
      at = last.target.toLowerCase();
      if (!this.covers(at)) return { ...whole, continueAt: at };
      if (visited.has(at) || visited.size >= longestChain) return { ...whole, rcode: rcode.SERVFAIL };
    }
  }

  #step(name: string, type: number, dependsOn: string[]): Omit<ZoneAnswer, 'dependsOn'> {
    const labels = name.slice(0, -this.#suffix.length).split('.');
    if (name === this.#options.domain) return this.#apex(name, type);
    const kind = labels.pop();
    if (labels.length === 0) {
      if (kind === 'dns-version')
        return this.#record(type, { ...this.#head(name), type: dnsType.TXT, text: schemaVersion });
      return kind === 'svc' || kind === 'pod' || kind === 'dns' ? noData : nameError;
    }
    if (kind === 'dns' && labels.length === 1 && labels[0] === 'ns') return this.#nameServer(name, type);
    const namespace = labels.pop() ?? '';
    if (kind === 'pod') return this.#pod(name, namespace, labels, type, dependsOn);
    if (kind !== 'svc') return nameError;
    const service = labels.pop();
    if (service === undefined) {
      dependsOn.push(`ns ${namespace}`);
      return this.#index.hasNamespace(namespace) ? noData : nameError;
    }
    dependsOn.push(`${namespace}/${service}`);
    const found = this.#index.service(`${namespace}/${service}`);
    if (!found || labels.length > 2) return nameError;
    const { exists, answers, additional } = this.#service(
      name,
      `${namespace}/${service}`,
      found,
      labels,
      type,
    );
    return { rcode: exists ? rcode.NOERROR : rcode.NXDOMAIN, answers, additional };
  }

  #service(name: string, key: string, service: Service, labels: string[], type: number): ServiceAnswer {
    const { externalName } = service.spec ?? {};
    if (service.spec?.type === 'ExternalName') {
      if (labels.length > 0 || !externalName || addressBytes(externalName)) return missing;
      const target = externalName.replace(/\.$/, '');
      return {
        exists: true,
        answers: [{ ...this.#head(name), type: dnsType.CNAME, target }],
        additional: [],
      };
    }
    const port = labels.length === 2 ? portFilter(labels) : anyPort;
    if (!port) return missing;
    const endpointName = labels.length === 1 ? labels[0] : undefined;
    if (endpointName !== undefined || isHeadless(service)) {
      const endpoints = this.#index.endpoints(key);
      const wanted =
        endpointName === undefined ? endpoints : endpoints.filter(e => e.hostname === endpointName);
      return this.#endpoints(name, key, wanted, port, type);
    }
    const ports = (service.spec?.ports ?? []).filter(p => port(p.name ?? '', p.protocol ?? 'TCP'));
    if (ports.length === 0 && labels.length > 0) return missing;
    const addresses = clusterAddresses(service);
    if (type !== dnsType.SRV)
      return { exists: true, answers: this.#addresses(name, addresses, type), additional: [] };
    const target = this.#serviceName(key);
    return {
      exists: true,
      answers: this.#srv(
        name,
        ports.map(p => ({ port: p.port, target })),
      ),
      additional: ports.length === 0 ? [] : this.#addresses(target, addresses, dnsType.ANY),
    };
  }

  #endpoints(
    name: string,
    key: string,
    endpoints: readonly ReadyEndpoint[],
    port: PortFilter,
    type: number,
  ): ServiceAnswer {
    const matching = endpoints.filter(
      ({ ports }) => port === anyPort || ports.some(p => port(p.name, p.protocol)),
    );
    // As CoreDNS: a headless Service without a ready endpoint has no name.
    if (matching.length === 0) return missing;
    const addresses = [...new Set(matching.map(({ address }) => address))];
    if (type !== dnsType.SRV)
      return { exists: true, answers: this.#addresses(name, addresses, type), additional: [] };
    const targets: { port: number; target: string }[] = [];
    const additional: DnsRecord[] = [];
    const suffix = this.#serviceName(key);
    for (const { address, hostname, ports } of matching) {
      const target = `${hostname}.${suffix}`;
      for (const p of ports) if (port(p.name, p.protocol)) targets.push({ port: p.port, target });
      if (ports.length > 0) additional.push(...this.#addresses(target, [address], dnsType.ANY));
    }
    return { exists: true, answers: this.#srv(name, targets), additional };
  }

  /** `1-2-3-4.default.pod`: answered for any address in a namespace that exists (CoreDNS: `pods insecure`). */
  #pod(
    name: string,
    namespace: string,
    labels: string[],
    type: number,
    dependsOn: string[],
  ): Omit<ZoneAnswer, 'dependsOn'> {
    dependsOn.push(`ns ${namespace}`);
    if (!this.#index.hasNamespace(namespace) || labels.length > 1) return nameError;
    const [dashed] = labels;
    if (dashed === undefined) return noData;
    const dotted = dashed.replaceAll('-', '.');
    const address = addressBytes(dotted) ? dotted : dashed.replaceAll('-', ':');
    if (!addressBytes(address)) return nameError;
    return { rcode: rcode.NOERROR, answers: this.#addresses(name, [address], type), additional: [] };
  }

  #pointer(name: string, address: string, type: number): ZoneAnswer | undefined {
    const service = this.#index.serviceAt(address);
    const targets = service === undefined ? this.#endpointNames(address) : [this.#serviceName(service)];
    if (targets.length === 0) return undefined;
    const answers = targets.map(target => ({ ...this.#head(name), type: dnsType.PTR, target }));
    const asked = type === dnsType.PTR || type === dnsType.ANY;
    const services = service === undefined ? this.#index.servicesOfEndpoint(address) : [service];
    return {
      rcode: rcode.NOERROR,
      answers: asked ? answers : [],
      additional: [],
      dependsOn: [`ip ${address}`, ...services],
    };
  }

  #endpointNames(address: string): string[] {
    const names = this.#index.servicesOfEndpoint(address).flatMap(key => {
      if (!this.#index.service(key)) return [];
      const ready = this.#index.endpoints(key).filter(endpoint => endpoint.address === address);
      return ready.map(({ hostname }) => `${hostname}.${this.#serviceName(key)}`);
    });
    return [...new Set(names)];
  }

  #apex(name: string, type: number): Omit<ZoneAnswer, 'dependsOn'> {
    if (type === dnsType.SOA) return this.#record(type, this.#soa(this.#options.ttl));
    if (type !== dnsType.NS) return noData;
    const target = `ns.dns.${name}`;
    const additional = this.#addresses(target, this.#options.serverAddresses, dnsType.ANY);
    return { rcode: rcode.NOERROR, answers: [{ ...this.#head(name), type: dnsType.NS, target }], additional };
  }

  #nameServer(name: string, type: number): Omit<ZoneAnswer, 'dependsOn'> {
    const answers = this.#addresses(name, this.#options.serverAddresses, type);
    return { rcode: rcode.NOERROR, answers, additional: [] };
  }

  #record(type: number, record: DnsRecord): Omit<ZoneAnswer, 'dependsOn'> {
    const asked = type === record.type || type === dnsType.ANY;
    return { rcode: rcode.NOERROR, answers: asked ? [record] : [], additional: [] };
  }

  #addresses(name: string, addresses: readonly string[], type: number): DnsRecord[] {
    return addresses.flatMap((text): DnsRecord[] => {
      const address = addressBytes(text);
      if (!address) return [];
      const family = address.length === 4 ? dnsType.A : dnsType.AAAA;
      return type === family || type === dnsType.ANY ? [{ ...this.#head(name), type: family, address }] : [];
    });
  }

  /** One record for each port and name: an endpoint of both families has them once. */
  #srv(name: string, targets: readonly { port: number; target: string }[]): DnsRecord[] {
    const distinct = [...new Map(targets.map(to => [`${to.port} ${to.target}`, to])).values()];
    const weight = Math.max(1, Math.floor(100 / distinct.length));
    const head = { ...this.#head(name), type: dnsType.SRV, priority: 0, weight };
    return distinct.map(({ port, target }) => ({ ...head, port, target }));
  }

  #serviceName(key: string): string {
    const slash = key.indexOf('/');
    return `${key.slice(slash + 1)}.${key.slice(0, slash)}.svc${this.#suffix}`;
  }

  #soa(ttl: number): DnsRecord {
    const { domain, negativeTtl } = this.#options;
    return {
      name: domain,
      ttl,
      type: dnsType.SOA,
      primary: `ns.dns.${domain}`,
      mailbox: `hostmaster.${domain}`,
      serial: this.#index.serial,
      refresh: 7200,
      retry: 1800,
      expire: 86400,
      minimum: negativeTtl,
    };
  }

  #head(name: string): { name: string; ttl: number } {
    return { name, ttl: this.#options.ttl };
  }
}

const noData = { rcode: rcode.NOERROR, answers: [], additional: [] };
const nameError = { rcode: rcode.NXDOMAIN, answers: [], additional: [] };
const missing: ServiceAnswer = { exists: false, answers: [], additional: [] };

type PortFilter = (name: string, protocol: string) => boolean;
const anyPort: PortFilter = () => true;

/** `_http._tcp`; undefined where the labels are none of a port. */
function portFilter([port = '', protocol = '']: string[]): PortFilter | undefined {
  if (!port.startsWith('_') || !protocol.startsWith('_')) return undefined;
  return (name, proto) => name.toLowerCase() === port.slice(1) && proto.toLowerCase() === protocol.slice(1);
}

/** The address a name of in-addr.arpa or ip6.arpa stands for, in canonical form; undefined for another name. */
export function reverseAddress(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa')) {
    const address = name.slice(0, -'.in-addr.arpa'.length).split('.').reverse().join('.');
    return addressBytes(address) ? address : undefined;
  }
  if (!name.endsWith('.ip6.arpa')) return undefined;
  const nibbles = name.slice(0, -'.ip6.arpa'.length).split('.').reverse();
  if (nibbles.length !== 32 || !nibbles.every(nibble => /^[0-9a-f]$/.test(nibble))) return undefined;
  const words = nibbles
    .join('')
    .match(/.{4}/g)!
    .map(word => word.replace(/^0{1,3}/, ''));
  return compressedIpv6(words);
}

/** RFC 5952: the longest run of at least two zero words, the first of them where there are several, is `::`. */
function compressedIpv6(words: string[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (words[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return words.join(':');
  return `${words.slice(0, best.start).join(':')}::${words.slice(best.start + best.length).join(':')}`;
}
