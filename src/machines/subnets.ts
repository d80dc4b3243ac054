import {
  addressAt,
  type Cidr,
  cidrsOverlap,
  formatCidr,
  type IpFamily,
  parseCidr,
} from '../base/ip-address.ts';

export interface SubnetRequest {
  families: readonly IpFamily[];
  /** What the user chose, in any order of families; free ones are chosen for the rest. */
  nodeSubnets?: readonly string[];
  podSubnets?: readonly string[];
  serviceSubnets?: readonly string[];
}

/** One subnet a family, in the order of the request's families. */
export interface Subnets {
  nodeSubnets: string[];
  podSubnets: string[];
  serviceSubnets: string[];
  /** The host side's address in each node subnet: the first one. */
  gateways: string[];
}

/** Somebody else uses what is asked for, or nothing is free. */
export class SubnetConflict extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SubnetConflict';
  }
}

type Purpose = 'nodeSubnets' | 'podSubnets' | 'serviceSubnets';

const purposes: Record<Purpose, { words: string; candidates: Record<IpFamily, () => Iterable<string>> }> = {
  nodeSubnets: {
    words: 'node network',
    candidates: {
      IPv4: () => nodeNetworks(),
      IPv6: () => numbered(0x30, 0x2ff, third => `fd00:172:${third.toString(16)}::/64`),
    },
  },
  podSubnets: {
    words: 'pods',
    candidates: {
      IPv4: () => around(244, 128, 254, second => `10.${second}.0.0/16`),
      IPv6: () => numbered(0x244, 0x4ff, third => `fd00:10:${third.toString(16)}::/56`),
    },
  },
  serviceSubnets: {
    words: 'services',
    candidates: {
      IPv4: () => around(96, 64, 127, second => `10.${second}.0.0/16`),
      IPv6: () => numbered(0x96, 0x1ff, third => `fd00:10:${third.toString(16)}::/112`),
    },
  },
};

/**
 * Chooses the subnets of a cluster so that they overlap neither `taken` nor each other.
 * @param taken subnets in use: the destinations of the host's routes and the other clusters' subnets.
 * @throws SubnetConflict when a chosen subnet overlaps, is malformed, or when none is free.
 */
export function chooseSubnets(request: SubnetRequest, taken: readonly string[]): Subnets {
  const used: { cidr: Cidr; by: string }[] = taken.flatMap(text => {
    const cidr = parseCidr(text);
    // A default route says nothing of what is behind it.
    return cidr && cidr.prefix > 0 ? [{ cidr, by: text }] : [];
  });
  const chosen: Pick<Subnets, Purpose> = { nodeSubnets: [], podSubnets: [], serviceSubnets: [] };
  const names = Object.keys(purposes) as Purpose[];
  // The user's own first: what is chosen freely keeps away from them.
  for (const purpose of names) for (const text of request[purpose] ?? []) claim(purpose, text, used);
  for (const purpose of names) {
    for (const family of request.families) {
      const asked = (request[purpose] ?? []).find(text => parseCidr(text)?.family === family);
      chosen[purpose].push(asked ? formatCidr(parseCidr(asked)!) : firstFree(purpose, family, used));
    }
  }
  return { ...chosen, gateways: chosen.nodeSubnets.map(subnet => addressAt(parseCidr(subnet)!, 1)!) };
}

function claim(purpose: Purpose, text: string, used: { cidr: Cidr; by: string }[]): void {
  const { words } = purposes[purpose];
  const cidr = parseCidr(text);
  if (!cidr) throw new SubnetConflict(`"${text}" for ${words} is no subnet: write it as 10.244.0.0/16`);
  const other = used.find(entry => cidrsOverlap(entry.cidr, cidr));
  if (other)
    throw new SubnetConflict(`the subnet ${text} for ${words} overlaps ${other.by}, which is in use`);
  used.push({ cidr, by: `${text} (${words})` });
}

function firstFree(purpose: Purpose, family: IpFamily, used: { cidr: Cidr; by: string }[]): string {
  const { words, candidates } = purposes[purpose];
  for (const text of candidates[family]()) {
    const cidr = parseCidr(text)!;
    if (used.some(entry => cidrsOverlap(entry.cidr, cidr))) continue;
    used.push({ cidr, by: `${text} (${words})` });
    return text;
  }
  throw new SubnetConflict(
    `no free ${family} subnet for ${words} is left on this machine: choose one yourself`,
  );
}

/** 172.30.0.0/24 first, then the rest of 172.16.0.0/12 from behind; Docker takes it from the front. */
function* nodeNetworks(): Iterable<string> {
  for (const second of [30, 31, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20]) {
    yield* numbered(0, 255, third => `172.${second}.${third}.0/24`);
  }
}

/** `first`, then upwards to `max`, then downwards to `min`. */
function* around(first: number, min: number, max: number, text: (n: number) => string): Iterable<string> {
  for (let n = first; n <= max; n++) yield text(n);
  for (let n = first - 1; n >= min; n--) yield text(n);
}

function* numbered(first: number, last: number, text: (n: number) => string): Iterable<string> {
  for (let n = first; n <= last; n++) yield text(n);
}
