import {
  addressBits,
  type Cidr,
  cidrContains,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
} from '../../base/ip-address.ts';
import type { PortMapping } from './cni.ts';

/** One attachment of a pod sandbox to the network: who has which addresses. */
export interface Attachment {
  containerId: string;
  ifname: string;
  netns: string;
  /** Without prefix, one a family, in the order of the node's podCIDRs. */
  addresses: string[];
  pod: { namespace: string; name: string; uid?: string };
  portMappings: PortMapping[];
}

/** A subnet of the node has no address left. */
export class AddressesExhausted extends Error {
  constructor(subnet: string) {
    super(`no addresses left in ${subnet}`);
    this.name = 'AddressesExhausted';
  }
}

export function attachmentKey({ containerId, ifname }: Pick<Attachment, 'containerId' | 'ifname'>): string {
  return `${containerId}/${ifname}`;
}

/**
 * Which addresses of the node's subnets are given and which was given up how long ago: the one that has been
 * free the longest is given next, so that a client that still knows a pod's old address meets another pod as
 * late as possible. Pure memory; `AddressLog` makes it last.
 */
export class AddressBook {
  readonly #attachments = new Map<string, Attachment>();
  readonly #given = new Map<string, Attachment>();
  #subnets: Subnet[] = [];

  get cidrs(): string[] {
    return this.#subnets.map(({ cidr }) => formatCidr(cidr));
  }

  /** Sets the subnets addresses are given from. What was given from others stays given. */
  setCidrs(cidrs: readonly string[]): void {
    const present = new Map(this.#subnets.map(subnet => [formatCidr(subnet.cidr), subnet]));
    this.#subnets = cidrs.map(text => {
      const cidr = parseCidr(text);
      if (!cidr) throw new Error(`podCIDR "${text}" is no subnet`);
      return present.get(formatCidr(cidr)) ?? new Subnet(cidr);
    });
    for (const address of this.#given.keys()) this.#passOver(address);
  }

  get(key: string): Attachment | undefined {
    return this.#attachments.get(key);
  }

  all(): Attachment[] {
    return [...this.#attachments.values()];
  }

  /** The addresses freed, the one that was first. */
  freed(): string[] {
    return this.#subnets.flatMap(subnet => [...subnet.freed]);
  }

  /**
   * Gives one address of each subnet.
   * @throws AddressesExhausted and gives none.
   */
  give(attachment: Omit<Attachment, 'addresses'>): Attachment {
    const taken = (address: string) => this.#given.has(address);
    const addresses = this.#subnets.map(subnet => {
      const address = subnet.next(taken);
      if (address === undefined) throw new AddressesExhausted(formatCidr(subnet.cidr));
      return address;
    });
    return this.restore({ ...attachment, addresses });
  }

  /** Enters an attachment with the addresses it has. */
  restore(attachment: Attachment): Attachment {
    this.#attachments.set(attachmentKey(attachment), attachment);
    for (const address of attachment.addresses) {
      this.#given.set(address, attachment);
      this.#passOver(address);
    }
    return attachment;
  }

  /** Takes the addresses of an attachment back; undefined where there is none. */
  free(key: string): Attachment | undefined {
    const attachment = this.#attachments.get(key);
    if (!attachment) return undefined;
    this.#attachments.delete(key);
    for (const address of attachment.addresses) {
      if (this.#given.get(address) !== attachment) continue;
      this.#given.delete(address);
      this.markFreed(address);
    }
    return attachment;
  }

  /** Puts an address at the end of those that wait to be given again. */
  markFreed(address: string): void {
    const parsed = parseAddress(address);
    this.#subnets.find(({ cidr }) => parsed && cidrContains(cidr, parsed))?.free(address);
  }

  #passOver(address: string): void {
    for (const subnet of this.#subnets) subnet.freed.delete(address);
  }
}

/** The first address of a subnet after its network's own is the pods' gateway. */
const gatewayOffset = 1n;

export function gatewayOf(cidr: Cidr): string {
  return formatAddress({ family: cidr.family, value: cidr.first + gatewayOffset });
}

class Subnet {
  readonly cidr: Cidr;
  /** In the order they were freed. */
  readonly freed = new Set<string>();
  readonly #last: bigint;
  /** Addresses from here on were never given. */
  #fresh: bigint;

  constructor(cidr: Cidr) {
    this.cidr = cidr;
    this.#fresh = cidr.first + gatewayOffset + 1n;
    // IPv4's last address is the broadcast address.
    this.#last = cidr.family === 'IPv4' ? cidr.last - 1n : cidr.last;
  }

  next(taken: (address: string) => boolean): string | undefined {
    for (; this.#fresh <= this.#last; this.#fresh++) {
      const address = formatAddress({ family: this.cidr.family, value: this.#fresh });
      if (!taken(address) && !this.freed.has(address)) return address;
    }
    for (const address of this.freed) if (!taken(address)) return address;
    return undefined;
  }

  free(address: string): void {
    const { value } = parseAddress(address)!;
    if (value <= this.cidr.first + gatewayOffset || value > this.#last) return;
    this.freed.delete(address);
    this.freed.add(address);
  }
}

/** `10.244.1.7` → `10.244.1.7/32`. */
export function hostCidr(address: string): string {
  return `${address}/${addressBits(address.includes(':') ? 'IPv6' : 'IPv4')}`;
}
