import { type Cidr, cidrAround, cidrsOverlap, formatCidr, parseCidr } from '../../base/ip-address.ts';

/**
 * The subnets of one size in a range. Hands them out round-robin, so that one given back is not given again
 * at once, while routes to its old holder may still be about.
 */
export class SubnetPool {
  readonly #range: Cidr;
  readonly #prefix: number;
  readonly #size: bigint;
  readonly #taken = new Set<bigint>();
  #next = 0n;

  /** @throws RangeError where the subnets are larger than the range. */
  constructor(range: Cidr, prefix: number) {
    if (prefix < range.prefix) {
      throw new RangeError(`subnets of /${prefix} don't fit into ${formatCidr(range)}`);
    }
    this.#range = range;
    this.#prefix = prefix;
    const one = cidrAround({ family: range.family, value: range.first }, prefix);
    this.#size = one.last - one.first + 1n;
  }

  get range(): string {
    return formatCidr(this.#range);
  }

  get prefix(): number {
    return this.#prefix;
  }

  get #capacity(): bigint {
    return 1n << BigInt(this.#prefix - this.#range.prefix);
  }

  /** Marks whatever of the pool `text` overlaps as taken; no matter where it lies outside. */
  occupy(text: string): void {
    for (const index of this.#indexes(text)) this.#taken.add(index);
  }

  release(text: string): void {
    for (const index of this.#indexes(text)) this.#taken.delete(index);
  }

  /** The next free subnet, which is taken from now on; undefined where none is left. */
  allocate(): string | undefined {
    const capacity = this.#capacity;
    if (BigInt(this.#taken.size) >= capacity) return undefined;
    let index = this.#next % capacity;
    while (this.#taken.has(index)) index = (index + 1n) % capacity;
    this.#taken.add(index);
    this.#next = index + 1n;
    const value = this.#range.first + index * this.#size;
    return formatCidr(cidrAround({ family: this.#range.family, value }, this.#prefix));
  }

  #indexes(text: string): bigint[] {
    const cidr = parseCidr(text);
    if (!cidr || !cidrsOverlap(cidr, this.#range)) return [];
    const first = cidr.first < this.#range.first ? this.#range.first : cidr.first;
    const last = cidr.last > this.#range.last ? this.#range.last : cidr.last;
    const indexes: bigint[] = [];
    const end = (last - this.#range.first) / this.#size;
    for (let index = (first - this.#range.first) / this.#size; index <= end; index++) indexes.push(index);
    return indexes;
  }
}
