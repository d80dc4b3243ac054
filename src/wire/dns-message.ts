/**
 * The wire format of DNS (RFC 1035, EDNS0 of RFC 6891), as far as a server and a forwarder need it. Names are
 * strings of labels joined by dots without the last dot; the root is ''. Bytes of a label stand as latin1
 * characters; a dot or backslash inside a label is written `\.` and `\\`.
 */

export const dnsType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

export const dnsClassIn = 1;

export const rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

/** Bits of the header's second 16-bit word. */
export const headerFlag = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  AD: 0x0020,
  CD: 0x0010,
} as const;

export const headerLength = 12;
/** What a client without EDNS takes over UDP. */
export const plainUdpSize = 512;
const maxNameLength = 255;
const maxPointers = 64;

export type DnsRecord = { name: string; ttl: number } & (
  | { type: typeof dnsType.A | typeof dnsType.AAAA; address: Uint8Array }
  | { type: typeof dnsType.CNAME | typeof dnsType.NS | typeof dnsType.PTR; target: string }
  | { type: typeof dnsType.SRV; priority: number; weight: number; port: number; target: string }
  | { type: typeof dnsType.TXT; text: string }
  | {
      type: typeof dnsType.SOA;
      primary: string;
      mailbox: string;
      serial: number;
      refresh: number;
      retry: number;
      expire: number;
      minimum: number;
    }
);

/** Where the parts of a message's record are. */
export interface RecordPosition {
  /** Of its name. */
  start: number;
  type: number;
  /** Of its 32-bit TTL. */
  ttl: number;
  /** Of its data. */
  data: number;
  /** After its data. */
  end: number;
}

/**
 * The end of the name that begins at `at`, as it stands in the message (a compression pointer ends it).
 * -1 where it is malformed. `plain` refuses pointers: the question's name has none.
 */
export function skipName(message: Buffer, at: number, plain = false): number {
  const start = at;
  for (;;) {
    const length = message[at];
    if (length === undefined) return -1;
    if (length === 0) return at + 1 - start > maxNameLength ? -1 : at + 1;
    if (length >= 0xc0) return plain || at + 2 > message.length ? -1 : at + 2;
    if (length > 63) return -1;
    at += length + 1;
    if (at - start > maxNameLength) return -1;
  }
}

/** The name at `at`, following pointers. undefined where it is malformed. */
export function readName(message: Buffer, at: number): string | undefined {
  let name = '';
  let length = 1;
  for (let pointers = 0; pointers < maxPointers; ) {
    const label = message[at];
    if (label === undefined) return undefined;
    if (label === 0) return name;
    if (label >= 0xc0) {
      const low = message[at + 1];
      if (low === undefined) return undefined;
      const target = ((label & 0x3f) << 8) | low;
      // A pointer that does not lead back may lead in a circle.
      if (target >= at) return undefined;
      at = target;
      pointers++;
      continue;
    }
    length += label + 1;
    if (label > 63 || length > maxNameLength || at + 1 + label > message.length) return undefined;
    const text = message.toString('latin1', at + 1, at + 1 + label);
    name += (name === '' ? '' : '.') + (/[.\\]/.test(text) ? text.replaceAll(/[.\\]/g, '\\$&') : text);
    at += label + 1;
  }
  return undefined;
}

/** A name with A-Z in lower case; other bytes stay, they are no letters to DNS (RFC 4343). */
export function lowerCaseName(name: string): string {
  return name.replaceAll(/[A-Z]+/g, capitals => capitals.toLowerCase());
}

/** The labels of a name. */
export function splitName(name: string): string[] {
  if (name === '') return [];
  if (!name.includes('\\')) return name.split('.');
  const labels: string[] = [];
  let label = '';
  for (let at = 0; at < name.length; at++) {
    if (name[at] === '.') {
      labels.push(label);
      label = '';
    } else label += name[at] === '\\' ? (name[++at] ?? '') : name[at];
  }
  return [...labels, label];
}

/**
 * The records after the question, in order. undefined where the message is malformed or has more than
 * `limit` records. @param at end of the question.
 */
export function recordPositions(message: Buffer, at: number, limit = 512): RecordPosition[] | undefined {
  const count = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  if (count > limit) return undefined;
  const positions: RecordPosition[] = [];
  for (let index = 0; index < count; index++) {
    const nameEnd = skipName(message, at);
    if (nameEnd < 0 || nameEnd + 10 > message.length) return undefined;
    const data = nameEnd + 10;
    const end = data + message.readUInt16BE(nameEnd + 8);
    if (end > message.length) return undefined;
    positions.push({ start: at, type: message.readUInt16BE(nameEnd), ttl: nameEnd + 4, data, end });
    at = end;
  }
  return positions;
}

export interface MessageParts {
  id?: number;
  /** The header's flags with the response code in the low four bits. */
  flags: number;
  question: { name: string; type: number; class?: number };
  answers?: readonly DnsRecord[];
  authority?: readonly DnsRecord[];
  additional?: readonly DnsRecord[];
  /** An OPT record of this UDP payload size and these flags (the DO bit is 0x8000) is added. */
  edns?: { udpSize: number; flags?: number };
}

/** Encodes a message; names are compressed. */
export function encodeMessage(parts: MessageParts): Buffer {
  const { id = 0, flags, question, answers = [], authority = [], additional = [], edns } = parts;
  const writer = new MessageWriter();
  writer.uint16(id, flags, 1, answers.length, authority.length, additional.length + (edns ? 1 : 0));
  writer.name(question.name);
  writer.uint16(question.type, question.class ?? dnsClassIn);
  for (const record of [...answers, ...authority, ...additional]) writer.record(record);
  if (edns) writer.opt(edns.udpSize, edns.flags ?? 0);
  return writer.finish();
}

class MessageWriter {
  #buffer = Buffer.allocUnsafe(512);
  #length = 0;
  /** Offsets of names written, by their text in lower case. */
  readonly #names = new Map<string, number>();

  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  uint16(...values: number[]): void {
    this.#room(values.length * 2);
    for (const value of values) this.#length = this.#buffer.writeUInt16BE(value, this.#length);
  }

  uint32(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32BE(value >>> 0, this.#length);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** @param compress false where older readers do not expect pointers (SRV, RFC 2782). */
  name(name: string, compress = true): void {
    const labels = splitName(name);
    for (let index = 0; index < labels.length; index++) {
      const rest = lowerCaseName(labels.slice(index).join('.'));
      const known = compress ? this.#names.get(rest) : undefined;
      if (known !== undefined) {
        this.uint16(0xc000 | known);
        return;
      }
      if (this.#length < 0x4000) this.#names.set(rest, this.#length);
      const label = labels[index]!;
      this.#room(label.length + 1);
      this.#buffer[this.#length++] = label.length;
      this.#length += this.#buffer.write(label, this.#length, 'latin1');
    }
    this.#room(1);
    this.#buffer[this.#length++] = 0;
  }

  record(record: DnsRecord): void {
    this.name(record.name);
    this.uint16(record.type, dnsClassIn);
    this.uint32(record.ttl);
    const lengthAt = this.#length;
    this.uint16(0);
    this.#data(record);
    this.#buffer.writeUInt16BE(this.#length - lengthAt - 2, lengthAt);
  }

  opt(udpSize: number, flags: number): void {
    this.bytes(Uint8Array.of(0));
    this.uint16(dnsType.OPT, udpSize, 0, flags, 0);
  }

  #data(record: DnsRecord): void {
    switch (record.type) {
      case dnsType.A:
      case dnsType.AAAA:
        this.bytes(record.address);
        break;
      case dnsType.CNAME:
      case dnsType.NS:
      case dnsType.PTR:
        this.name(record.target);
        break;
      case dnsType.SRV:
        this.uint16(record.priority, record.weight, record.port);
        this.name(record.target, false);
        break;
      case dnsType.TXT:
        this.bytes(Uint8Array.of(record.text.length));
        this.bytes(Buffer.from(record.text, 'latin1'));
        break;
      case dnsType.SOA:
        this.name(record.primary);
        this.name(record.mailbox);
        for (const value of [record.serial, record.refresh, record.retry, record.expire, record.minimum]) {
          this.uint32(value);
        }
    }
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** The bytes of an IPv4 or IPv6 address; undefined where the text is neither. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (text.includes(':')) return ipv6Bytes(text);
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return Uint8Array.from(parts, Number);
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const words =
    tail === undefined
      ? front
      : [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back];
  if (words.length !== 8 || (tail !== undefined && front.length + back.length > 7)) return undefined;
  const bytes = new Uint8Array(16);
  for (const [index, word] of words.entries()) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(word)) return undefined;
    const value = Number.parseInt(word, 16);
    bytes[index * 2] = value >> 8;
    bytes[index * 2 + 1] = value & 0xff;
  }
  return bytes;
}
