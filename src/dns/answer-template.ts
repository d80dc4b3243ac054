import { headerFlag, headerLength } from '../wire/dns-message.ts';
import { copiedFlags, type Query } from './question.ts';

/** What we take over UDP and offer at most: no fragments on any usual link (DNS flag day 2020). */
export const ednsUdpSize = 1232;
const optLength = 11;

/** Records of one size that stand one after the other: they are sent in turning order. */
export interface Rotation {
  start: number;
  size: number;
  count: number;
}

/**
 * An answer as bytes, ready but for what differs from query to query: id, flags, letter case of the question,
 * OPT record. `body` has no OPT record and a question in lower case.
 */
export class AnswerTemplate {
  readonly body: Buffer;
  readonly #rotation: Rotation | undefined;
  #turn = 0;

  constructor(body: Buffer, rotation?: Rotation) {
    this.body = body;
    this.#rotation = rotation;
  }

  get rcode(): number {
    return this.body[3]! & 0x0f;
  }

  /** The answer to `query` in at most `limit` bytes; truncated (TC) where it does not fit. */
  respond(query: Query, limit: number): Buffer {
    const { message, questionEnd, edns, mixedCase } = query;
    const { body } = this;
    const length = body.length + (edns ? optLength : 0);
    if (length > limit) return truncated(query, body.readUInt16BE(2));
    const answer = Buffer.allocUnsafe(length);
    body.copy(answer);
    if (this.#rotation) this.#rotate(answer, this.#rotation);
    answer[0] = message[0]!;
    answer[1] = message[1]!;
    answer.writeUInt16BE(body.readUInt16BE(2) | copiedFlags(message), 2);
    if (mixedCase) message.copy(answer, headerLength, headerLength, questionEnd);
    if (edns) addOpt(answer, body.length, edns.flags);
    return answer;
  }

  #rotate(answer: Buffer, { start, size, count }: Rotation): void {
    this.#turn = (this.#turn + 1) % count;
    const split = start + this.#turn * size;
    const end = start + count * size;
    this.body.copy(answer, start, split, end);
    this.body.copy(answer, start + end - split, start, split);
  }
}

/** An answer without records that asks the client to come back over TCP. */
export function truncated(query: Query, flags: number): Buffer {
  return bare(query.message, query.questionEnd, flags | headerFlag.TC, query.edns?.flags);
}

/**
 * An answer of header and question alone. @param code response code, the high bits of which go to the OPT
 * record. @param questionEnd headerLength where the question cannot be repeated.
 */
export function errorAnswer(
  message: Buffer,
  code: number,
  questionEnd = headerLength,
  ednsFlags?: number,
): Buffer {
  return bare(message, questionEnd, (code & 0x0f) | headerFlag.QR | headerFlag.RA, ednsFlags, code >> 4);
}

function bare(
  message: Buffer,
  questionEnd: number,
  flags: number,
  ednsFlags?: number,
  extendedCode = 0,
): Buffer {
  const answer = Buffer.alloc(questionEnd + (ednsFlags === undefined ? 0 : optLength));
  message.copy(answer, 0, 0, questionEnd);
  const opcode = message.readUInt16BE(2) & 0x7800;
  answer.writeUInt16BE(flags | opcode | copiedFlags(message), 2);
  answer.writeUInt16BE(questionEnd > headerLength ? 1 : 0, 4);
  answer.fill(0, 6, headerLength);
  if (ednsFlags !== undefined) addOpt(answer, questionEnd, ednsFlags, extendedCode);
  return answer;
}

/** Writes the OPT record at `at` and counts it. Of the client's flags only DO is repeated. */
function addOpt(answer: Buffer, at: number, flags: number, extendedCode = 0): void {
  answer[at] = 0;
  answer.writeUInt16BE(41, at + 1);
  answer.writeUInt16BE(ednsUdpSize, at + 3);
  answer[at + 5] = extendedCode;
  answer[at + 6] = 0;
  answer.writeUInt16BE(flags & 0x8000, at + 7);
  answer.writeUInt16BE(0, at + 9);
  answer.writeUInt16BE(answer.readUInt16BE(10) + 1, 10);
}
