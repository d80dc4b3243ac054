import type { Entry } from '../../store/store.ts';
import type { LateChunk } from '../exchange.ts';
import { asBuffer, metadataOffset } from '../objects/encoding.ts';

/** Bytes of the items that are made together, where they are not one item that is longer. */
const chunkBytes = 32 * 1024;

const comma = 0x2c;
const brace = 0x7b;

/**
 * Stored objects of one kind as items of a list, commas between the items of a chunk.
 * @param whole whether items keep their kind and apiVersion, which are the same in all.
 */
export function storedItems(entries: readonly Entry[], whole: boolean): LateChunk[] {
  const [first] = entries;
  if (!first) return [];
  const skip = whole ? 1 : metadataOffset(first.value);
  const chunks: LateChunk[] = [];
  let start = 0;
  let length = 0;
  for (let at = 0; at <= entries.length; at++) {
    const size = entries[at] ? itemSize(entries[at]!, skip) : Number.POSITIVE_INFINITY;
    if (length > 0 && length + size > chunkBytes) {
      chunks.push(new StoredItems(entries.slice(start, at), skip, length - 1));
      start = at;
      length = 0;
    }
    length += size;
  }
  return chunks;
}

/** With the comma behind it. */
function itemSize({ size }: Entry, skip: number): number {
  return size - skip + 2;
}

class StoredItems implements LateChunk {
  readonly #entries: readonly Entry[];
  readonly #skip: number;
  readonly length: number;

  constructor(entries: readonly Entry[], skip: number, length: number) {
    this.#entries = entries;
    this.#skip = skip;
    this.length = length;
  }

  copy(into: Buffer, start: number): void {
    let at = start;
    for (const { value } of this.#entries) {
      if (at > start) into[at++] = comma;
      into[at++] = brace;
      at += asBuffer(value).copy(into, at, this.#skip);
    }
  }
}
