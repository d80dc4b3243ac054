import { isIP } from 'node:net';
import { subdomainErrors } from '../names.ts';
import type { FieldPath } from './field-path.ts';
import type { Findings } from './findings.ts';

/** 4, 6, or 0 for what is no address. */
export function familyOf(address: string): 0 | 4 | 6 {
  return address.includes('%') ? 0 : (isIP(address) as 0 | 4 | 6);
}

export function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  if (slash < 0) return false;
  const family = familyOf(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  return family !== 0 && /^(0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

export function familyOfCidr(text: string): 0 | 4 | 6 {
  return isCidr(text) ? familyOf(text.slice(0, text.indexOf('/'))) : 0;
}

/** Whether the addresses are of both families. */
export function isDualStack(addresses: readonly string[]): boolean {
  return addresses.some(a => familyOf(a) === 4) && addresses.some(a => familyOf(a) === 6);
}

/** Returns whether `text` is an address. */
export function checkIp(text: string, at: FieldPath, out: Findings): boolean {
  if (familyOf(text) !== 0) return true;
  out.invalid(at, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
  return false;
}

export function checkCidr(text: string, at: FieldPath, out: Findings): boolean {
  if (isCidr(text)) return true;
  out.invalid(at, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)');
  return false;
}

/** What a load balancer is reached by, in the status of a Service or an Ingress. */
export function checkBalancerAddress(
  { ip, hostname }: { ip?: string | undefined; hostname?: string | undefined },
  at: FieldPath,
  out: Findings,
): void {
  if (ip) checkIp(ip, at.child('ip'), out);
  if (!hostname) return;
  out.invalidAll(at.child('hostname'), hostname, subdomainErrors(hostname));
  if (familyOf(hostname)) {
    out.invalid(at.child('hostname'), hostname, 'must be a DNS name, not an IP address');
  }
}

/** An address with the length of its network, as interfaces have them; in the form Go prints. */
export function checkInterfaceAddress(text: string, at: FieldPath, out: Findings): void {
  if (!isCidr(text)) {
    const why = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)';
    out.invalid(at, text, why);
    return;
  }
  const [address = '', bits = ''] = text.split('/');
  const canonical = `${canonicalIp(address)}/${bits}`;
  if (text !== canonical) out.invalid(at, text, `must be in canonical form ("${canonical}")`);
}

/** Addresses that make no sense as an endpoint or an external address. */
export function checkNonSpecialIp(text: string, at: FieldPath, out: Findings): void {
  if (familyOf(text) === 0) {
    out.invalid(at, text, 'must be a valid IP address');
    return;
  }
  const ip = expandIp(text);
  if (ip.every(byte => byte === 0)) out.invalid(at, text, `may not be unspecified (${text})`);
  if (isLoopback(ip)) out.invalid(at, text, 'may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (isLinkLocal(ip)) {
    out.invalid(at, text, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  }
  if (isLinkLocalMulticast(ip)) {
    out.invalid(at, text, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  }
}

function isLoopback(ip: Uint8Array): boolean {
  return ip.length === 4 ? ip[0] === 127 : ip[15] === 1 && ip.subarray(0, 15).every(byte => byte === 0);
}

function isLinkLocal(ip: Uint8Array): boolean {
  return ip.length === 4 ? ip[0] === 169 && ip[1] === 254 : ip[0] === 0xfe && (ip[1]! & 0xc0) === 0x80;
}

function isLinkLocalMulticast(ip: Uint8Array): boolean {
  return ip.length === 4 ? ip[0] === 224 && ip[1] === 0 && ip[2] === 0 : ip[0] === 0xff && ip[1] === 0x02;
}

/** The bytes of an address: 4 or 16. `text` must be one. */
export function expandIp(text: string): Uint8Array {
  if (familyOf(text) === 4) return Uint8Array.from(text.split('.'), Number);
  let hex = text;
  const v4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (v4) {
    const [a, b, c, d] = v4.slice(2).map(Number) as [number, number, number, number];
    hex = `${v4[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', tail] = hex.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map(word => Number.parseInt(word, 16)));
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(all.flatMap(word => [word >> 8, word & 255]));
}

/** How Go prints an address: RFC 5952. */
export function canonicalIp(text: string): string {
  const bytes = expandIp(text);
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && words[end] === 0) end++;
    if (end - i > best.length) best = { at: i, length: end - i };
  }
  const hex = (part: number[]) => part.map(word => word.toString(16)).join(':');
  if (best.at < 0) return hex(words);
  return `${hex(words.slice(0, best.at))}::${hex(words.slice(best.at + best.length))}`;
}
