import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import type { OpenBlock, OpenBlocks } from './open-blocks.ts';
import type { ValueSlabs } from './value-slabs.ts';

/** Fast rather than small: what neighbours share, which is most of it, is found at any level. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Some values in one compressed piece. Opening it costs some microseconds; what was opened stays while
 * somebody holds it, so that values read one after another are opened together.
 */
export class RestingBlock implements OpenBlock {
  #packed: Uint8Array;
  readonly #length: number;
  readonly #openBlocks: OpenBlocks;
  #open: WeakRef<Uint8Array> | undefined;
  #kept: Uint8Array | undefined;
  #used = false;

  private constructor(packed: Uint8Array, length: number, openBlocks: OpenBlocks) {
    this.#packed = packed;
    this.#length = length;
    this.#openBlocks = openBlocks;
  }

  /**
   * Compresses on another thread; the outcome lies in `slabs`.
   * @param scratch room to lay the values side by side, where they fit, until the promise is settled.
   */
  static pack(
    values: readonly Uint8Array[],
    scratch: Uint8Array,
    slabs: ValueSlabs,
    openBlocks: OpenBlocks,
  ): Promise<RestingBlock> {
    const bytes = joined(values, scratch);
    const { length } = bytes;
    return new Promise((resolve, reject) => {
      zstdCompress(bytes, options, (error, packed) => {
        if (error) reject(error);
        else resolve(new RestingBlock(slabs.copy(packed), length, openBlocks));
      });
    });
  }

  /** Bytes it takes. */
  get packedBytes(): number {
    return this.#packed.byteLength;
  }

  /** It lies in `slabs` from now on. */
  move(slabs: ValueSlabs): void {
    this.#packed = slabs.copy(this.#packed);
  }

  slice(start: number, end: number): Uint8Array {
    this.#used = true;
    return this.#opened().subarray(start, end);
  }

  keep(): void {
    this.#kept = this.#opened();
  }

  takeUsed(): boolean {
    const used = this.#used;
    this.#used = false;
    return used;
  }

  drop(): void {
    this.#kept = undefined;
  }

  #opened(): Uint8Array {
    const open = this.#kept ?? this.#open?.deref();
    if (open) return open;
    const unpacked = zstdDecompressSync(this.#packed, {
      maxOutputLength: this.#length,
      chunkSize: chunkSize(this.#length),
    });
    this.#open = new WeakRef(unpacked);
    this.#openBlocks.opened(this, this.#length);
    return unpacked;
  }
}

function joined(values: readonly Uint8Array[], scratch: Uint8Array): Uint8Array {
  const length = values.reduce((sum, value) => sum + value.byteLength, 0);
  if (length > scratch.byteLength) return Buffer.concat(values, length);
  let end = 0;
  for (const value of values) {
    scratch.set(value, end);
    end += value.byteLength;
  }
  return scratch.subarray(0, length);
}

/** The output in one piece, where zlib allows it (64 bytes at least). */
function chunkSize(length: number): number {
  return Math.max(64, length);
}
