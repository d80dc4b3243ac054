export type IpFamily = 'IPv4' | 'IPv6';

/** An address as a number: 32 bits of IPv4, 128 of IPv6. */
export interface IpValue {
  family: IpFamily;
  value: bigint;
}

/** A subnet: its first and last address, both included. */
export interface Cidr {
  family: IpFamily;
  /** Bits of the prefix. */
  prefix: number;
  first: bigint;
  last: bigint;
}

const bits: Record<IpFamily, number> = { IPv4: 32, IPv6: 128 };

/** Bits of an address of `family`. */
export function addressBits(family: IpFamily): number {
  return bits[family];
}

/** Reads `10.0.0.1` or `fd00::1`; undefined where `text` is no address. Zones (`%eth0`) are none. */
export function parseAddress(text: string): IpValue | undefined {
  if (!text.includes(':')) {
    const value = parseIPv4(text);
    return value === undefined ? undefined : { family: 'IPv4', value };
  }
  const value = parseIPv6(text);
  return value === undefined ? undefined : { family: 'IPv6', value };
}

/** The family of an address or subnet in text form; undefined where it is neither. */
export function familyOf(text: string): IpFamily | undefined {
  return (text.includes('/') ? parseCidr(text) : parseAddress(text))?.family;
}

/** The canonical text: RFC 5952 for IPv6. */
export function formatAddress({ family, value }: IpValue): string {
  return family === 'IPv4' ? formatIPv4(value) : formatIPv6(value);
}

/** Reads `10.244.0.0/16`; host bits are allowed and cut off. Undefined where `text` is no subnet. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match && parseAddress(match[1]!);
  if (!address) return undefined;
  const prefix = Number(match[2]);
  if (prefix > bits[address.family]) return undefined;
  return cidrAround(address, prefix);
}

/** The subnet of `prefix` bits that holds `address`. */
export function cidrAround({ family, value }: IpValue, prefix: number): Cidr {
  const hostBits = BigInt(bits[family] - prefix);
  const first = (value >> hostBits) << hostBits;
  return { family, prefix, first, last: first + (1n << hostBits) - 1n };
}

export function formatCidr({ family, prefix, first }: Cidr): string {
  return `${formatAddress({ family, value: first })}/${prefix}`;
}

export function cidrContains(cidr: Cidr, { family, value }: IpValue): boolean {
  return cidr.family === family && value >= cidr.first && value <= cidr.last;
}

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** The address `index` after the subnet's first one, as text; undefined past its end. */
export function addressAt(cidr: Cidr, index: bigint | number): string | undefined {
  const value = cidr.first + BigInt(index);
  return value > cidr.last ? undefined : formatAddress({ family: cidr.family, value });
}

function parseIPv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return BigInt(value);
}

function parseIPv6(text: string): bigint | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const low = parseIPv4(dotted[2]!);
    if (low === undefined) return undefined;
    return parseIPv6(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!);
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : [];
  if (!head || !tail) return undefined;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined;
  return [...head, ...Array<bigint>(gap).fill(0n), ...tail].reduce((sum, group) => (sum << 16n) | group, 0n);
}

function groupsOf(text: string): bigint[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  if (!groups.every(group => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.map(group => BigInt(`0x${group}`));
}

function formatIPv4(value: bigint): string {
  const number = Number(value);
  return [number / 2 ** 24, number / 2 ** 16, number / 2 ** 8, number]
    .map(part => Math.floor(part) % 256)
    .join('.');
}

function formatIPv6(value: bigint): string {
  // An IPv4-mapped address keeps its dotted half (RFC 5952, section 5).
  if (value >> 32n === 0xffffn) return `::ffff:${formatIPv4(value & 0xffffffffn)}`;
  const groups: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(((value >> shift) & 0xffffn).toString(16));
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === '0') end++;
    if (end - start > best.length) best = { start, length: end - start };
    start = Math.max(start, end - 1);
  }
  return best;
}
