import { dnsType, headerLength, rcode, recordPositions, skipName } from '../wire/dns-message.ts';

/** An answer of another server, without its OPT record. */
export interface ForwardedAnswer {
  message: Buffer;
  questionEnd: number;
  /** Where the TTLs stand. */
  ttls: readonly number[];
  /** Seconds it may be kept from `time` on; 0 where it may not. */
  ttl: number;
  /** Clock's monotonic milliseconds. */
  time: number;
}

/** Answers are kept for at most this many seconds, whatever their TTL; CoreDNS as kubeadm sets it up: 30. */
const longestTtl = 30;
/** An answer past its time is given for this long when no server answers (RFC 8767). */
const staleFor = 60 * 60;
/** The TTL of such an answer, seconds. */
const staleTtl = 30;
const maxRecords = 1000;

/**
 * Takes an upstream's answer apart. undefined where it is malformed.
 * @param now monotonic milliseconds.
 */
export function forwardedAnswer(received: Buffer, now: number): ForwardedAnswer | undefined {
  const nameEnd = skipName(received, headerLength, true);
  if (nameEnd < 0 || nameEnd + 4 > received.length) return undefined;
  const questionEnd = nameEnd + 4;
  const records = recordPositions(received, questionEnd, maxRecords);
  if (!records) return undefined;
  const answerCount = received.readUInt16BE(6);
  const kept = answerCount + received.readUInt16BE(8);
  const additional = records.slice(kept);
  // What stands after an OPT record may point past it: only an OPT record at the end can be cut off alone.
  const option = additional.findIndex(({ type }) => type === dnsType.OPT);
  const whole = option < 0 ? additional : option === additional.length - 1 ? additional.slice(0, -1) : [];
  const last = [...records.slice(0, kept), ...whole].at(-1);
  const message = Buffer.from(received.subarray(0, last?.end ?? questionEnd));
  message.writeUInt16BE(whole.length, 10);
  const ttls = [...records.slice(0, kept), ...whole].map(({ ttl }) => ttl);
  const ttl = lifetime(received, records.slice(0, answerCount), records.slice(answerCount, kept));
  return { message, questionEnd, ttls, ttl, time: now };
}

type Positions = NonNullable<ReturnType<typeof recordPositions>>;

function lifetime(message: Buffer, answers: Positions, authority: Positions): number {
  const code = message[3]! & 0x0f;
  if (code !== rcode.NOERROR && code !== rcode.NXDOMAIN) return 0;
  if (code === rcode.NOERROR && answers.length > 0) {
    return Math.min(longestTtl, ...answers.map(({ ttl }) => message.readUInt32BE(ttl)));
  }
  const soa = authority.find(({ type }) => type === dnsType.SOA);
  // Without an SOA record a negative answer is not kept (RFC 2308, 5).
  if (!soa || soa.end - soa.data < 22) return 0;
  return Math.min(longestTtl, message.readUInt32BE(soa.ttl), message.readUInt32BE(soa.end - 4));
}

/** A copy of the answer with TTLs of now. */
export function agedMessage({ message, ttls, ttl, time }: ForwardedAnswer, now: number): Buffer {
  const copy = Buffer.from(message);
  const age = Math.floor((now - time) / 1000);
  for (const at of ttls) {
    const left = age > ttl ? staleTtl : Math.max(0, copy.readUInt32BE(at) - age);
    copy.writeUInt32BE(left, at);
  }
  return copy;
}

/** Answers of other servers by question, bounded in number and in bytes; the oldest go first. */
export class ForwardCache {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #entries = new Map<string, ForwardedAnswer>();
  #bytes = 0;

  constructor(options: { maxEntries: number; maxBytes: number }) {
    this.#maxEntries = options.maxEntries;
    this.#maxBytes = options.maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** An answer and whether it still holds; one that is too old even for need is gone. */
  get(key: string, now: number): { answer: ForwardedAnswer; fresh: boolean } | undefined {
    const answer = this.#entries.get(key);
    if (!answer) return undefined;
    const age = (now - answer.time) / 1000;
    if (age < answer.ttl) return { answer, fresh: true };
    if (age < answer.ttl + staleFor) return { answer, fresh: false };
    this.#delete(key);
    return undefined;
  }

  set(key: string, answer: ForwardedAnswer): void {
    if (answer.ttl <= 0) return;
    this.#delete(key);
    this.#entries.set(key, answer);
    this.#bytes += cost(key, answer);
    while (this.#entries.size > this.#maxEntries || this.#bytes > this.#maxBytes) {
      this.#delete(this.#entries.keys().next().value!);
    }
  }

  #delete(key: string): void {
    const answer = this.#entries.get(key);
    if (!answer) return;
    this.#entries.delete(key);
    this.#bytes -= cost(key, answer);
  }
}

function cost(key: string, { message, ttls }: ForwardedAnswer): number {
  return message.length + key.length + ttls.length * 8 + 200;
}
