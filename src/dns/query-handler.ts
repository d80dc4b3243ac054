import {
  type DnsRecord,
  dnsClassIn,
  dnsType,
  encodeMessage,
  headerFlag,
  headerLength,
  lowerCaseName,
  plainUdpSize,
  rcode,
  readName,
  recordPositions,
} from '../wire/dns-message.ts';
import { AnswerCache } from './answer-cache.ts';
import { AnswerTemplate, ednsUdpSize, errorAnswer, type Rotation } from './answer-template.ts';
import type { ClusterZone, ZoneAnswer } from './cluster-zone.ts';
import type { DnsMetrics, DnsProtocol } from './dns-metrics.ts';
import type { Forwarder } from './forwarder.ts';
import { NegativeAnswers } from './negative-answers.ts';
import { type Query, type Refusal, readQuery } from './question.ts';
import type { RecordIndex } from './record-index.ts';

export interface QueryHandlerDeps {
  index: RecordIndex;
  zone: ClusterZone;
  metrics: DnsMetrics;
  /** Undefined where there is no server to ask: names outside of the cluster are refused. */
  forwarder?: Forwarder;
  /** Whether the index has been filled. Before that the cluster's names are answered with SERVFAIL. */
  ready: () => boolean;
}

const maxAnswers = 16_384;
/** Clients that wait for another server's answer at a time; more are told SERVFAIL. */
const maxWaiting = 8_192;
const zoneFlags = headerFlag.QR | headerFlag.AA | headerFlag.RA;

/**
 * Turns a query's bytes into the answer's. The cluster's names are answered at once, mostly from a template;
 * what must be asked elsewhere is a promise.
 */
export class QueryHandler {
  readonly #deps: QueryHandlerDeps;
  readonly #answers = new AnswerCache(maxAnswers);
  readonly #negative: NegativeAnswers;
  #waiting = 0;

  constructor(deps: QueryHandlerDeps) {
    this.#deps = deps;
    this.#negative = new NegativeAnswers(deps.zone, deps.zone.domain);
    deps.index.onChange(keys => this.#answers.invalidate(keys));
    deps.metrics.gauge('causeway_dns_answer_templates', () => this.#answers.size);
  }

  /** The answer; undefined where none may be sent. */
  handle(message: Buffer, protocol: DnsProtocol): Buffer | undefined | Promise<Buffer | undefined> {
    const query = readQuery(message);
    if (!('key' in query)) return this.#refuse(message, query, protocol);
    const { metrics } = this.#deps;
    const limit = protocol === 'tcp' ? 0xffff : Math.min(query.edns?.udpSize ?? plainUdpSize, ednsUdpSize);
    const known = this.#answers.get(query.key);
    if (known) {
      metrics.answered(protocol, query.type, known.rcode);
      return known.respond(query, limit);
    }
    const made = this.#make(query, limit);
    if (Buffer.isBuffer(made)) return this.#counted(made, query, protocol);
    return this.#late(made, query, protocol);
  }

  async #late(made: Promise<Buffer>, query: Query, protocol: DnsProtocol): Promise<Buffer> {
    this.#waiting++;
    const answer = await made.catch(() => failure(query, rcode.SERVFAIL));
    this.#waiting--;
    return this.#counted(answer, query, protocol);
  }

  #make(query: Query, limit: number): Buffer | Promise<Buffer> {
    const asked = readName(query.message, headerLength);
    if (asked === undefined) return failure(query, rcode.FORMERR);
    if (query.class !== dnsClassIn) return failure(query, rcode.REFUSED);
    if (query.type === dnsType.AXFR || query.type === dnsType.IXFR || query.type === dnsType.OPT) {
      return failure(query, rcode.REFUSED);
    }
    const name = query.mixedCase ? lowerCaseName(asked) : asked;
    const { zone, ready } = this.#deps;
    const forwarder = this.#waiting < maxWaiting ? this.#deps.forwarder : undefined;
    if (!ready()) {
      if (zone.covers(name)) return failure(query, rcode.SERVFAIL);
    } else {
      const found = zone.answer(name, query.type);
      if (found?.continueAt !== undefined && this.#deps.forwarder) {
        if (!forwarder) return failure(query, rcode.SERVFAIL);
        return this.#complete(forwarder, query, name, found, limit);
      }
      if (found?.rcode === rcode.NXDOMAIN && found.answers.length === 0) {
        return this.#negative.respond(query, found.rcode, this.#deps.index.serial, limit);
      }
      if (found) return this.#remember(query, name, found).respond(query, limit);
    }
    if (forwarder) return forwarder.answer(query, name, limit);
    return failure(query, this.#deps.forwarder ? rcode.SERVFAIL : rcode.REFUSED);
  }

  #remember(query: Query, name: string, found: ZoneAnswer): AnswerTemplate {
    const template = this.#template(query, name, found);
    // The zone's serial number changes with every record: its own record is made anew each time.
    if (query.type !== dnsType.SOA) this.#answers.set(query.key, template, found.dependsOn);
    return template;
  }

  #template(query: Query, name: string, found: ZoneAnswer): AnswerTemplate {
    const { answers, additional } = found;
    const asked = answers.some(({ type }) => type === query.type || query.type === dnsType.ANY);
    const body = encodeMessage({
      flags: zoneFlags | found.rcode,
      question: { name, type: query.type },
      answers,
      // A negative answer, also one at the end of a CNAME, tells how long it holds.
      authority: asked || found.continueAt !== undefined ? [] : [this.#deps.zone.authority],
      additional,
    });
    return new AnswerTemplate(body, rotation(body, query.questionEnd, answers));
  }

  /** An ExternalName that leads out of the cluster: its CNAME, and what the name it leads to has. */
  async #complete(
    forwarder: Forwarder,
    query: Query,
    name: string,
    found: ZoneAnswer,
    limit: number,
  ): Promise<Buffer> {
    const outside = await forwarder.records(found.continueAt!, query.type);
    const answers = [...found.answers, ...outside.answers];
    const flags = zoneFlags | outside.rcode;
    const body = encodeMessage({ flags, question: { name, type: query.type }, answers });
    return new AnswerTemplate(body).respond(query, limit);
  }

  #refuse(message: Buffer, refusal: Refusal, protocol: DnsProtocol): Buffer | undefined {
    if (refusal.rcode === undefined) {
      this.#deps.metrics.dropped(protocol);
      return undefined;
    }
    this.#deps.metrics.answered(protocol, 0, refusal.rcode);
    return errorAnswer(message, refusal.rcode, headerLength, refusal.edns?.flags);
  }

  #counted(answer: Buffer, query: Query, protocol: DnsProtocol): Buffer {
    this.#deps.metrics.answered(protocol, query.type, answer[3]! & 0x0f);
    return answer;
  }
}

function failure(query: Query, code: number): Buffer {
  return errorAnswer(query.message, code, query.questionEnd, query.edns?.flags);
}

/** Where an answer's addresses stand, if there are several and nothing else. */
function rotation(body: Buffer, questionEnd: number, answers: readonly DnsRecord[]): Rotation | undefined {
  const [first] = answers;
  if (!first || answers.length < 2 || !answers.every(({ type }) => type === first.type)) return undefined;
  if (first.type !== dnsType.A && first.type !== dnsType.AAAA) return undefined;
  const records = recordPositions(body, questionEnd)?.slice(0, answers.length);
  const start = records?.[0]?.start;
  const end = records?.at(-1)?.end;
  if (start === undefined || end === undefined) return undefined;
  return { start, size: (end - start) / answers.length, count: answers.length };
}
