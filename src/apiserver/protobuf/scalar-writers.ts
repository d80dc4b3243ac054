import type { WireWriter } from './writer.ts';

/** Writes a value as the field of a number. */
export type ValueWriter = (writer: WireWriter, value: unknown, number: number) => void;

export function writeText(writer: WireWriter, number: number, text: string): void {
  const mark = writer.used;
  writer.text(text);
  writer.delimited(number, mark);
}

function writeInteger(writer: WireWriter, value: unknown, number: number): void {
  writer.varint(Math.trunc(Number(value)) || 0);
  writer.tag(number, 0);
}

export const scalarWriters: Readonly<Record<string, ValueWriter>> = {
  string: (writer, value, number) => writeText(writer, number, String(value)),
  bool(writer, value, number) {
    writer.varint(value === true ? 1 : 0);
    writer.tag(number, 0);
  },
  int32: writeInteger,
  int64: writeInteger,
  uint32: writeInteger,
  uint64: writeInteger,
  double(writer, value, number) {
    writer.double(Number(value));
    writer.tag(number, 1);
  },
  bytes(writer, value, number) {
    const mark = writer.used;
    writer.bytes(Buffer.from(String(value), 'base64'));
    writer.delimited(number, mark);
  },
};
