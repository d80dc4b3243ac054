import {
  type Cidr,
  cidrContains,
  formatAddress,
  type IpFamily,
  parseAddress,
  parseCidr,
} from '../../base/ip-address.ts';

interface Range {
  family: IpFamily;
  first: bigint;
  last: bigint;
}

/**
 * The addresses load balancers are given: subnets (`172.30.0.192/26`) and ranges
 * (`172.30.0.200-172.30.0.250`). Of an IPv4 subnet up to /30 the first and last address stay free.
 */
export class AddressPool {
  readonly #ranges: readonly Range[];
  /** By address, the key of the Service that has it. */
  readonly #holders = new Map<string, string>();

  /** @throws Error for a text that is no range */
  constructor(texts: readonly string[]) {
    this.#ranges = texts.map(parseRange);
  }

  /** Whether an address is of the pool. */
  includes(address: string): boolean {
    const parsed = parseAddress(address);
    if (!parsed) return false;
    return this.#ranges.some(
      ({ family, first, last }) => family === parsed.family && parsed.value >= first && parsed.value <= last,
    );
  }

  holder(address: string): string | undefined {
    return this.#holders.get(address);
  }

  /** Gives this very address. False where another Service has it or it is not of the pool. */
  take(address: string, key: string): boolean {
    const holder = this.#holders.get(address);
    if (!this.includes(address) || (holder !== undefined && holder !== key)) return false;
    this.#holders.set(address, key);
    return true;
  }

  /** Gives the address of a family a Service has, or the lowest free one; undefined where none is left. */
  allocate(family: IpFamily, key: string): string | undefined {
    for (const [address, holder] of this.#holders) {
      if (holder === key && parseAddress(address)?.family === family) return address;
    }
    for (const range of this.#ranges) {
      if (range.family !== family) continue;
      for (let value = range.first; value <= range.last; value++) {
        const address = formatAddress({ family, value });
        if (this.#holders.has(address)) continue;
        this.#holders.set(address, key);
        return address;
      }
    }
    return undefined;
  }

  /** Gives back all a Service has, but for `keep`. Says whether there was anything. */
  release(key: string, keep: readonly string[] = []): boolean {
    let released = false;
    for (const [address, holder] of this.#holders) {
      if (holder !== key || keep.includes(address)) continue;
      this.#holders.delete(address);
      released = true;
    }
    return released;
  }
}

function parseRange(text: string): Range {
  const cidr = parseCidr(text);
  if (cidr) return hostsOf(cidr);
  const [from, to] = text.split('-').map(part => parseAddress(part.trim()));
  if (!from || !to || from.family !== to.family || from.value > to.value) {
    throw new Error(
      `${text} is no range of addresses: write it like 172.30.0.192/26 or 172.30.0.200-172.30.0.250`,
    );
  }
  return { family: from.family, first: from.value, last: to.value };
}

function hostsOf(cidr: Cidr): Range {
  const { family, first, last, prefix } = cidr;
  const network = family === 'IPv4' && prefix <= 30 && cidrContains(cidr, { family, value: first });
  return network ? { family, first: first + 1n, last: last - 1n } : { family, first, last };
}
