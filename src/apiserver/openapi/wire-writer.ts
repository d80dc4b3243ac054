/** Writes the protobuf wire format: fields of text, flags and nested messages, as OpenAPI documents need them. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(1024);
  #length = 0;

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  /** Empty texts are not written: they are the default. */
  text(field: number, value: unknown): void {
    if (typeof value !== 'string' || value === '') return;
    this.#tag(field, 2);
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  texts(field: number, values: unknown): void {
    if (Array.isArray(values)) for (const value of values) this.text(field, value);
  }

  flag(field: number, value: unknown): void {
    if (value !== true) return;
    this.#tag(field, 0);
    this.#varint(1);
  }

  integer(field: number, value: unknown): void {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) return;
    this.#tag(field, 0);
    this.#varint(value);
  }

  /** A message, written by `write`; its length is put before it once known. */
  message(field: number, write: () => void): void {
    this.#tag(field, 2);
    const start = this.#length;
    write();
    const size = this.#length - start;
    const prefix = varintLength(size);
    this.#reserve(prefix);
    this.#bytes.copyWithin(start + prefix, start, this.#length);
    this.#length = start;
    this.#varint(size);
    this.#length += size;
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe((this.#length + size) * 2);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}
