import {
  dnsType,
  headerFlag,
  headerLength,
  lowerCaseName,
  plainUdpSize,
  rcode,
  recordPositions,
  skipName,
} from '../wire/dns-message.ts';

/** A query that can be answered. */
export interface Query {
  message: Buffer;
  /** After the question. */
  questionEnd: number;
  type: number;
  class: number;
  /** The question as it stands in the message, with its name in lower case: what answers are kept under. */
  key: string;
  /** Whether the name as sent has capitals: the answer repeats them (0x20). */
  mixedCase: boolean;
  edns: Edns | undefined;
}

export interface Edns {
  /** What the client takes over UDP, bytes. */
  udpSize: number;
  version: number;
  /** Its DO bit is 0x8000. */
  flags: number;
}

/** What is wrong with a message: a response code, or `undefined` where nothing may be sent back. */
export interface Refusal {
  rcode: number | undefined;
  edns?: Edns | undefined;
}

const opcodeMask = 0x7800;

/**
 * Reads a query. Responses and what is shorter than a header are dropped without an answer, lest two servers
 * talk to each other for ever.
 */
export function readQuery(message: Buffer): Query | Refusal {
  if (message.length < headerLength) return { rcode: undefined };
  const flags = message.readUInt16BE(2);
  if (flags & headerFlag.QR) return { rcode: undefined };
  if (flags & opcodeMask) return { rcode: rcode.NOTIMP };
  // One question, no answers, no authority: RFC 9619.
  if (message.readUInt16BE(4) !== 1 || message.readUInt32BE(6) !== 0) return { rcode: rcode.FORMERR };
  const nameEnd = skipName(message, headerLength, true);
  if (nameEnd < 0 || nameEnd + 4 > message.length) return { rcode: rcode.FORMERR };
  const questionEnd = nameEnd + 4;
  const edns = message.readUInt16BE(10) === 0 ? undefined : readEdns(message, questionEnd);
  if (edns === 'malformed') return { rcode: rcode.FORMERR };
  if (edns && edns.version !== 0) return { rcode: rcode.BADVERS, edns };
  const mixedCase = hasCapitals(message, headerLength, nameEnd);
  const text = message.toString('latin1', headerLength, questionEnd);
  return {
    message,
    questionEnd,
    type: message.readUInt16BE(nameEnd),
    class: message.readUInt16BE(nameEnd + 2),
    key: mixedCase ? lowerCase(text, nameEnd - headerLength) : text,
    mixedCase,
    edns,
  };
}

/** The flags of an answer that come from the query: RD and CD. */
export function copiedFlags(message: Buffer): number {
  return message.readUInt16BE(2) & (headerFlag.RD | headerFlag.CD);
}

function readEdns(message: Buffer, at: number): Edns | undefined | 'malformed' {
  const records = recordPositions(message, at, 16);
  if (!records) return 'malformed';
  const options = records.filter(({ type }) => type === dnsType.OPT);
  const [option] = options;
  if (!option) return undefined;
  // One OPT, owned by the root: RFC 6891, 6.1.1.
  if (options.length > 1 || message[option.start] !== 0) return 'malformed';
  return {
    udpSize: Math.max(plainUdpSize, message.readUInt16BE(option.start + 3)),
    version: message[option.start + 6]!,
    flags: message.readUInt16BE(option.start + 7),
  };
}

function hasCapitals(message: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = message[at]!;
    // Lengths of labels are below 64, so they are no letters.
    if (byte > 0x40 && byte < 0x5b) return true;
  }
  return false;
}

/** Lower-cases the name, which is the first `length` characters; type and class after it stay. */
function lowerCase(text: string, length: number): string {
  return lowerCaseName(text.slice(0, length)) + text.slice(length);
}
