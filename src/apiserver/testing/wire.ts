/**
 * The protobuf wire format as tests need it, apart from the server's own: with it they write and read messages by
 * field numbers that stand in the test.
 */
export type Part = Buffer | string | number;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

/** A field: a number is a varint; text, bytes and nested fields are length-delimited. */
export function field(number: number, value: Part | readonly Buffer[]): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes =
    typeof value === 'string' ? Buffer.from(value) : Buffer.isBuffer(value) ? value : Buffer.concat(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** The fields of a message, in the order they came. */
export class Fields {
  readonly #values: { number: number; value: number | Buffer }[] = [];

  /** @throws RangeError for what is no message of varints and delimited fields */
  constructor(bytes: Buffer) {
    let at = 0;
    const next = () => {
      let value = 0;
      for (let scale = 1; ; scale *= 0x80) {
        const byte = bytes.readUInt8(at++);
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
    };
    while (at < bytes.length) {
      const tag = next();
      const number = Math.floor(tag / 8);
      if (tag % 8 === 0) this.#values.push({ number, value: next() });
      else if (tag % 8 === 2) {
        const length = next();
        if (at + length > bytes.length) throw new RangeError('a field is cut off');
        this.#values.push({ number, value: bytes.subarray(at, at + length) });
        at += length;
      } else throw new RangeError(`wire type ${tag % 8} of field ${number}`);
    }
  }

  /** What is delimited under a number, every time it occurs. */
  all(number: number): Buffer[] {
    const values = this.#values.filter(field => field.number === number).map(({ value }) => value);
    return values.filter(value => Buffer.isBuffer(value));
  }

  /** The message under a number, without fields where there is none. */
  message(number: number): Fields {
    return new Fields(this.all(number).at(-1) ?? Buffer.alloc(0));
  }

  /** The text under a number, empty where there is none. */
  text(number: number): string {
    return this.all(number).at(-1)?.toString() ?? '';
  }

  /** The integer under a number, 0 where there is none. */
  integer(number: number): number {
    const found = this.#values.findLast(field => field.number === number)?.value;
    return typeof found === 'number' ? found : 0;
  }

  /** A map of text under a number: its entries are messages of key (1) and value (2). */
  map(number: number): Record<string, string> {
    const entries = this.all(number).map(bytes => new Fields(bytes));
    return Object.fromEntries(entries.map(entry => [entry.text(1), entry.text(2)]));
  }
}
