import type { Clock } from '../base/clock.ts';
import {
  type DnsRecord,
  dnsType,
  encodeMessage,
  headerFlag,
  headerLength,
  rcode,
  readName,
  recordPositions,
} from '../wire/dns-message.ts';
import { AnswerTemplate, ednsUdpSize, errorAnswer } from './answer-template.ts';
import type { DnsMetrics } from './dns-metrics.ts';
import type { Exchange, UpstreamServer } from './exchange.ts';
import { agedMessage, ForwardCache, type ForwardedAnswer, forwardedAnswer } from './forward-cache.ts';
import type { Query } from './question.ts';
import { UpstreamGroup } from './upstream-group.ts';

export interface ForwarderOptions {
  /** Servers for what no zone names. */
  upstreams: readonly UpstreamServer[];
  /** Servers of single zones (`example.com` and all below it); the longest match counts. */
  zones?: readonly { zone: string; upstreams: readonly UpstreamServer[] }[];
  maxEntries?: number;
  maxBytes?: number;
  /** Questions under way at a time; more are answered with SERVFAIL. */
  maxConcurrent?: number;
}

/** An answer that holds no more is given when the servers take longer than this, milliseconds (RFC 8767: 1.8 s). */
const staleAfter = 1_800;
const doBit = 0x8000;

/** Answers that come from other servers, kept as long as they hold. Equal questions under way are one. */
export class Forwarder {
  readonly #clock: Clock;
  readonly #metrics: DnsMetrics;
  readonly #cache: ForwardCache;
  readonly #running = new Map<string, Promise<ForwardedAnswer>>();
  readonly #default: UpstreamGroup | undefined;
  readonly #zones: { zone: string; group: UpstreamGroup }[];
  readonly #maxConcurrent: number;

  constructor(deps: { clock: Clock; exchange: Exchange; metrics: DnsMetrics }, options: ForwarderOptions) {
    const {
      upstreams,
      zones = [],
      maxEntries = 10_000,
      maxBytes = 16 * 1024 * 1024,
      maxConcurrent = 1_000,
    } = options;
    this.#clock = deps.clock;
    this.#metrics = deps.metrics;
    this.#cache = new ForwardCache({ maxEntries, maxBytes });
    this.#maxConcurrent = maxConcurrent;
    this.#default = upstreams.length === 0 ? undefined : new UpstreamGroup(deps, { servers: upstreams });
    this.#zones = zones
      .map(({ zone, upstreams: servers }) => ({
        zone: zone.toLowerCase().replace(/\.$/, ''),
        group: new UpstreamGroup(deps, { servers }),
      }))
      .sort((a, b) => b.zone.length - a.zone.length);
    deps.metrics.gauge('causeway_dns_forward_cache_entries', () => this.#cache.size);
  }

  /** The answer to `query`, whose name in lower case is `name`; at once where it is kept. */
  answer(query: Query, name: string, limit: number): Buffer | Promise<Buffer> {
    const group = this.#group(name);
    if (!group) return errorAnswer(query.message, rcode.REFUSED, query.questionEnd, query.edns?.flags);
    const wantsDnssec = ((query.edns?.flags ?? 0) & doBit) !== 0;
    const checkingDisabled = (query.message.readUInt16BE(2) & headerFlag.CD) !== 0;
    const key = `${query.key}${wantsDnssec ? 'd' : ''}${checkingDisabled ? 'c' : ''}`;
    const kept = this.#cache.get(key, this.#clock.monotonic());
    if (kept?.fresh) {
      this.#metrics.count('causeway_dns_forward_cache_hits_total');
      return this.#respond(query, kept.answer, limit);
    }
    const question = { name, type: query.type, class: query.class };
    const fresh = this.#ask(key, group, question, wantsDnssec, checkingDisabled);
    return this.#orStale(fresh, kept?.answer).then(
      answer => this.#respond(query, answer, limit),
      () => errorAnswer(query.message, rcode.SERVFAIL, query.questionEnd, query.edns?.flags),
    );
  }

  /** The addresses of a name outside of the cluster with the CNAMEs that lead to them. */
  async records(name: string, type: number): Promise<{ rcode: number; answers: DnsRecord[] }> {
    const group = this.#group(name);
    // The CNAME itself is an answer: the client may know a server that we don't.
    if (!group) return { rcode: rcode.NOERROR, answers: [] };
    const question = { name, type, class: 1 };
    const key = encodeMessage({ flags: 0, question }).toString('latin1', headerLength);
    const kept = this.#cache.get(key, this.#clock.monotonic());
    try {
      const answer = kept?.fresh
        ? kept.answer
        : await this.#orStale(this.#ask(key, group, question, false, false), kept?.answer);
      return readAnswers(agedMessage(answer, this.#clock.monotonic()), answer.questionEnd);
    } catch {
      return { rcode: rcode.SERVFAIL, answers: [] };
    }
  }

  #group(name: string): UpstreamGroup | undefined {
    const match = this.#zones.find(({ zone }) => name === zone || name.endsWith(`.${zone}`));
    return match?.group ?? this.#default;
  }

  #ask(
    key: string,
    group: UpstreamGroup,
    question: { name: string; type: number; class: number },
    wantsDnssec: boolean,
    checkingDisabled: boolean,
  ): Promise<ForwardedAnswer> {
    const running = this.#running.get(key);
    if (running) return running;
    if (this.#running.size >= this.#maxConcurrent) {
      this.#metrics.count('causeway_dns_forward_overflow_total');
      return Promise.reject(new Error('too many questions are under way'));
    }
    this.#metrics.count('causeway_dns_forwards_total');
    const flags = headerFlag.RD | (checkingDisabled ? headerFlag.CD : 0);
    const edns = { udpSize: ednsUdpSize, flags: wantsDnssec ? doBit : 0 };
    const started = this.#fetch(key, group, encodeMessage({ flags, question, edns }));
    this.#running.set(key, started);
    const done = () => void this.#running.delete(key);
    started.then(done, done);
    return started;
  }

  async #fetch(key: string, group: UpstreamGroup, query: Buffer): Promise<ForwardedAnswer> {
    try {
      const answer = forwardedAnswer(await group.ask(query), this.#clock.monotonic());
      if (!answer) throw new Error('the answer is malformed');
      this.#cache.set(key, answer);
      return answer;
    } catch (error) {
      this.#metrics.count('causeway_dns_forward_failures_total');
      throw error;
    }
  }

  /** `fresh`, or `stale` where that fails or takes long. */
  #orStale(fresh: Promise<ForwardedAnswer>, stale: ForwardedAnswer | undefined): Promise<ForwardedAnswer> {
    if (!stale) return fresh;
    return new Promise(resolve => {
      const give = () => {
        this.#metrics.count('causeway_dns_forward_stale_total');
        resolve(stale);
      };
      const cancel = this.#clock.after(staleAfter, give);
      fresh.then(
        answer => {
          cancel();
          const failed = (answer.message[3]! & 0x0f) === rcode.SERVFAIL;
          if (failed) give();
          else resolve(answer);
        },
        () => {
          cancel();
          give();
        },
      );
    });
  }

  #respond(query: Query, answer: ForwardedAnswer, limit: number): Buffer {
    const body = agedMessage(answer, this.#clock.monotonic());
    const flags = body.readUInt16BE(2);
    body.writeUInt16BE((flags & ~(headerFlag.RD | headerFlag.CD | headerFlag.TC)) | headerFlag.RA, 2);
    return new AnswerTemplate(body).respond(query, limit);
  }
}

/** The CNAMEs and addresses among a message's answers. */
function readAnswers(message: Buffer, questionEnd: number): { rcode: number; answers: DnsRecord[] } {
  const records = recordPositions(message, questionEnd)?.slice(0, message.readUInt16BE(6)) ?? [];
  const answers = records.flatMap(({ start, type, ttl, data, end }): DnsRecord[] => {
    const name = readName(message, start);
    if (name === undefined) return [];
    const head = { name, ttl: message.readUInt32BE(ttl) };
    if (type === dnsType.CNAME) {
      const target = readName(message, data);
      return target === undefined ? [] : [{ ...head, type, target }];
    }
    const size = type === dnsType.A ? 4 : type === dnsType.AAAA ? 16 : -1;
    if (end - data !== size || (type !== dnsType.A && type !== dnsType.AAAA)) return [];
    return [{ ...head, type, address: message.subarray(data, end) }];
  });
  return { rcode: message[3]! & 0x0f, answers };
}
