import { encodeMessage, headerFlag, headerLength } from '../wire/dns-message.ts';
import { AnswerTemplate } from './answer-template.ts';
import type { ClusterZone } from './cluster-zone.ts';
import type { Query } from './question.ts';

const flags = headerFlag.QR | headerFlag.AA | headerFlag.RA;
const longestLabel = 63;

/**
 * Answers for names that do not exist in the cluster's domain, made without keeping anything for the name:
 * whoever asks for ever new names fills no cache. They differ only in the question and in where in it the
 * domain begins, to which the SOA record's names point.
 */
export class NegativeAnswers {
  readonly #zone: ClusterZone;
  readonly #domain: string;
  /** The SOA record by the offset of the domain in the message. */
  readonly #authorities = new Map<number, Buffer>();
  #serial = -1;

  constructor(zone: ClusterZone, domain: string) {
    this.#zone = zone;
    this.#domain = domain;
  }

  /** @param query for a name below the domain. @param serial of the zone now. */
  respond(query: Query, rcode: number, serial: number, limit: number): Buffer {
    const { message, questionEnd } = query;
    if (serial !== this.#serial) this.#authorities.clear();
    this.#serial = serial;
    const authority = this.#authority(questionEnd);
    const body = Buffer.allocUnsafe(questionEnd + authority.length);
    message.copy(body, 0, 0, questionEnd);
    body.writeUInt16BE(flags | rcode, 2);
    body.writeUInt32BE(0x00010000, 4);
    body.writeUInt32BE(0x00010000, 8);
    authority.copy(body, questionEnd);
    return new AnswerTemplate(body).respond(query, limit);
  }

  #authority(questionEnd: number): Buffer {
    const known = this.#authorities.get(questionEnd);
    if (known) return known;
    const name = stretchedName(this.#domain, questionEnd - headerLength - 4);
    const message = encodeMessage({ flags, question: { name, type: 1 }, authority: [this.#zone.authority] });
    const authority = Buffer.from(message.subarray(questionEnd));
    this.#authorities.set(questionEnd, authority);
    return authority;
  }
}

/** Some name of `length` bytes that ends with `domain`. */
function stretchedName(domain: string, length: number): string {
  const labels: string[] = [];
  for (let left = length - domain.length - 2; left > 0; ) {
    // A label of at least one letter must remain possible: two bytes.
    const label =
      left <= longestLabel + 1 ? left - 1 : left === longestLabel + 2 ? longestLabel - 1 : longestLabel;
    labels.push('-'.repeat(label));
    left -= label + 1;
  }
  return [...labels, domain].join('.');
}
