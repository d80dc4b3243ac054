/** Bytes of one slab: large enough that the allocator gives it back to the system when it is freed. */
const slabBytes = 256 * 1024;
/** Values above this get memory of their own. */
const largeBytes = 32 * 1024;

/**
 * Memory for values, in slabs that are filled one after another. Values of a few kilobytes by themselves, made
 * and dropped all the time, would leave the process's heap full of holes, which it can not give back.
 */
export class ValueSlabs {
  #slab = new Uint8Array(0);
  #used = 0;

  /** A copy of `value` that nobody else holds. */
  copy(value: Uint8Array): Uint8Array {
    const size = value.byteLength;
    if (size > largeBytes) return Uint8Array.from(value);
    if (this.#used + size > this.#slab.byteLength) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const copy = this.#slab.subarray(this.#used, this.#used + size);
    copy.set(value);
    this.#used += size;
    return copy;
  }
}
