/** Reads the protobuf wire format. Every fault is a RangeError; nothing is read past the end. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next field's number and wire type. */
  tag(): { number: number; wire: number } {
    const tag = Number(this.varint());
    const number = Math.floor(tag / 8);
    if (number === 0) throw new RangeError('field number 0');
    return { number, wire: tag % 8 };
  }

  varint(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.done) throw new RangeError('unexpected EOF');
      const byte = this.#bytes[this.#at++]!;
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, result);
    }
    throw new RangeError('integer overflow');
  }

  /** A signed number; past 2^53 it loses precision, as in every JSON client. */
  integer(): number {
    return Number(BigInt.asIntN(64, this.varint()));
  }

  bytes(): Buffer {
    const length = Number(this.varint());
    if (length > this.#bytes.length - this.#at) throw new RangeError('unexpected EOF');
    const slice = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return slice;
  }

  double(): number {
    if (this.#bytes.length - this.#at < 8) throw new RangeError('unexpected EOF');
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 2) this.bytes();
    else if (wire === 1 || wire === 5) this.#advance(wire === 1 ? 8 : 4);
    else throw new RangeError(`illegal wireType ${wire}`);
  }

  #advance(count: number): void {
    if (this.#bytes.length - this.#at < count) throw new RangeError('unexpected EOF');
    this.#at += count;
  }
}
