/** Of a buffer that grew beyond this, no more is kept for what is written next. */
const keptBytes = 256 * 1024;
/** Characters of a short text. */
const shortText = 64;

/**
 * Writes the protobuf wire format from its end to its beginning, as gogo's generated code does: the length of
 * a nested message is known by the time it has to be written.
 */
export class WireWriter {
  #buffer: Buffer;
  #at: number;

  constructor(size = 16 * 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(size);
    this.#at = size;
  }

  /** Begins anew. */
  reset(): void {
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(keptBytes);
    this.#at = this.#buffer.length;
  }

  /** Bytes written so far. */
  get used(): number {
    return this.#buffer.length - this.#at;
  }

  /** What was written, in a buffer of its own size. */
  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(this.#at));
  }

  tag(number: number, wire: number): void {
    this.varint(number * 8 + wire);
  }

  /** Ends a length-delimited field that began (at its end) when `used` was `mark`. */
  delimited(number: number, mark: number): void {
    this.varint(this.used - mark);
    this.tag(number, 2);
  }

  /** An integer; negative ones take ten bytes. */
  varint(value: number): void {
    if (value < 0) {
      this.#bigVarint(BigInt.asUintN(64, BigInt(value)));
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
    this.#reserve(size);
    let at = this.#at;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#buffer[at++] = (rest % 0x80) | 0x80;
    this.#buffer[at] = rest;
  }

  #bigVarint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.bytes(Buffer.from(bytes));
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
  }

  text(text: string): void {
    if (text.length <= shortText && this.#ascii(text)) return;
    const length = Buffer.byteLength(text);
    this.#reserve(length);
    this.#buffer.write(text, this.#at, length, 'utf8');
  }

  /** Writes a short text by itself, which is faster than to call for it; false, and nothing done, if it is not ASCII. */
  #ascii(text: string): boolean {
    const { length } = text;
    this.#reserve(length);
    const at = this.#at;
    for (let n = 0; n < length; n++) {
      const code = text.charCodeAt(n);
      if (code > 0x7f) {
        this.#at += length;
        return false;
      }
      this.#buffer[at + n] = code;
    }
    return true;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#buffer.writeDoubleLE(value, this.#at);
  }

  #reserve(size: number): void {
    if (size > this.#at) this.#grow(size);
    this.#at -= size;
  }

  #grow(size: number): void {
    const { used } = this;
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + size));
    const at = bigger.length - used;
    this.#buffer.copy(bigger, at, this.#at);
    this.#buffer = bigger;
    this.#at = at;
  }
}
