import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import type { ValueSlabs } from './value-slabs.ts';

/** Fast rather than small: what neighbours share, which is most of it, is found at any level. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Some values in one compressed piece. Opening it costs some microseconds; what was opened stays while
 * somebody holds it, so that values read one after another are opened together.
 */
export class RestingBlock {
  readonly #packed: Uint8Array;
  readonly #length: number;
  #open: WeakRef<Uint8Array> | undefined;

  private constructor(packed: Uint8Array, length: number) {
    this.#packed = packed;
    this.#length = length;
  }

  /** Compresses on another thread; the outcome lies in `slabs`. */
  static pack(values: readonly Uint8Array[], slabs: ValueSlabs): Promise<RestingBlock> {
    const bytes = Buffer.concat(values);
    return new Promise((resolve, reject) => {
      zstdCompress(bytes, options, (error, packed) => {
        if (error) reject(error);
        else resolve(new RestingBlock(slabs.copy(packed), bytes.length));
      });
    });
  }

  slice(start: number, end: number): Uint8Array {
    let open = this.#open?.deref();
    if (!open) {
      open = zstdDecompressSync(this.#packed, {
        maxOutputLength: this.#length,
        chunkSize: chunkSize(this.#length),
      });
      this.#open = new WeakRef(open);
    }
    return open.subarray(start, end);
  }
}

/** The output in one piece, where zlib allows it (64 bytes at least). */
function chunkSize(length: number): number {
  return Math.max(64, length);
}
