import {
  addressBits,
  type Cidr,
  cidrAround,
  cidrContains,
  formatAddress,
  type IpValue,
  parseAddress,
  parseCidr,
} from '../../../base/ip-address.ts';
import { fn, type Overload } from '../signatures.ts';
import { CelError, OpaqueValue } from '../values.ts';

/** Kubernetes' IP addresses and subnets. */

class Address extends OpaqueValue {
  readonly typeName = 'net.IP';
  readonly ip: IpValue;

  constructor(ip: IpValue) {
    super();
    this.ip = ip;
  }

  equals({ ip }: Address): boolean {
    return this.ip.family === ip.family && this.ip.value === ip.value;
  }

  toString(): string {
    return formatAddress(this.ip);
  }
}

class Subnet extends OpaqueValue {
  readonly typeName = 'net.CIDR';
  /** As written, with its host bits. */
  readonly ip: IpValue;
  readonly range: Cidr;

  constructor(ip: IpValue, range: Cidr) {
    super();
    this.ip = ip;
    this.range = range;
  }

  equals(other: Subnet): boolean {
    return this.toString() === other.toString();
  }

  toString(): string {
    return `${formatAddress(this.ip)}/${this.range.prefix}`;
  }
}

const mapped = 0xffffn << 32n;

/** IPv4 in IPv6's form is refused, as are zones. */
function readAddress(text: string): Address | CelError {
  const wrong = `IP Address ${JSON.stringify(text)} parse error during conversion from string: `;
  const ip = parseAddress(text);
  if (!ip) return new CelError(`${wrong}ParseAddr(${JSON.stringify(text)}): unable to parse IP`);
  if (ip.family === 'IPv6' && ip.value >> 32n === mapped >> 32n)
    return new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new Address(ip);
}

function readSubnet(text: string): Subnet | CelError {
  const range = parseCidr(text);
  const ip = range && readAddress(text.slice(0, text.indexOf('/')));
  if (ip instanceof Address) return new Subnet(ip.ip, range!);
  return new CelError(`network address parse error during conversion from string: ${text}`);
}

/** Whether an address is in one of these subnets. */
function within(...ranges: string[]) {
  const parsed = ranges.map(range => parseCidr(range)!);
  return ({ ip }: Address) => parsed.some(range => cidrContains(range, ip));
}

const unspecified = within('0.0.0.0/32', '::/128');
const loopback = within('127.0.0.0/8', '::1/128');
const linkLocalMulticast = within('224.0.0.0/24', 'ff02::/16');
const linkLocalUnicast = within('169.254.0.0/16', 'fe80::/10');
const multicast = within('224.0.0.0/4', 'ff00::/8');
const broadcast = within('255.255.255.255/32');

function isGlobalUnicast(address: Address): boolean {
  return ![unspecified, loopback, multicast, linkLocalUnicast, broadcast].some(is => is(address));
}

function canonical(text: string): boolean | CelError {
  const address = readAddress(text);
  return address instanceof CelError ? address : address.toString() === text;
}

function contains(outer: Subnet, inner: Subnet): boolean {
  return inner.range.prefix >= outer.range.prefix && cidrContains(outer.range, inner.ip);
}

const containsAddress = ({ range }: Subnet, { ip }: Address) => cidrContains(range, ip);
const family = ({ family: of }: IpValue) => (of === 'IPv4' ? 4n : 6n);
const parsing = (text: string) => Math.max(1, Math.ceil(text.length / 10));

export const networks: readonly Overload[] = [
  fn('ip(string): net.IP', readAddress, parsing),
  fn('isIP(string): bool', (text: string) => readAddress(text) instanceof Address, parsing),
  fn('ip.isCanonical(string): bool', canonical, parsing),
  fn('net.IP->family(): int', ({ ip }: Address) => family(ip)),
  fn('net.IP->isUnspecified(): bool', unspecified),
  fn('net.IP->isLoopback(): bool', loopback),
  fn('net.IP->isLinkLocalMulticast(): bool', linkLocalMulticast),
  fn('net.IP->isLinkLocalUnicast(): bool', linkLocalUnicast),
  fn('net.IP->isGlobalUnicast(): bool', isGlobalUnicast),
  fn('cidr(string): net.CIDR', readSubnet, parsing),
  fn('isCIDR(string): bool', (text: string) => readSubnet(text) instanceof Subnet, parsing),
  fn('net.CIDR->containsIP(net.IP): bool', containsAddress),
  fn('net.CIDR->containsIP(string): bool', (subnet: Subnet, text: string) => {
    const address = readAddress(text);
    return address instanceof CelError ? address : containsAddress(subnet, address);
  }),
  fn('net.CIDR->containsCIDR(net.CIDR): bool', contains),
  fn('net.CIDR->containsCIDR(string): bool', (subnet: Subnet, text: string) => {
    const inner = readSubnet(text);
    return inner instanceof CelError ? inner : contains(subnet, inner);
  }),
  fn('net.CIDR->ip(): net.IP', ({ ip }: Subnet) => new Address(ip)),
  fn('net.CIDR->masked(): net.CIDR', ({ range }: Subnet) => {
    const first = { family: range.family, value: range.first };
    return new Subnet(first, cidrAround(first, range.prefix));
  }),
  fn('net.CIDR->prefixLength(): int', ({ range }: Subnet) =>
    BigInt(Math.min(range.prefix, addressBits(range.family))),
  ),
];
