import { type Cidr, formatAddress } from '../../../../base/ip-address.ts';
import type { Random } from '../../../random.ts';

/** Addresses of one ServiceCIDR: which may be given, and where those given by ourselves lie. */
export class AddressPool {
  readonly cidr: Cidr;
  /** First and last address that can be given. */
  readonly #first: bigint;
  readonly #last: bigint;
  /** From here on addresses are given by ourselves before the lower ones are, which clients choose from. */
  readonly #dynamic: bigint;

  constructor(cidr: Cidr) {
    this.cidr = cidr;
    // The network's own address, and in IPv4 the broadcast address, are never given.
    this.#first = cidr.first + 1n;
    this.#last = cidr.family === 'IPv4' && cidr.prefix < 31 ? cidr.last - 1n : cidr.last;
    this.#dynamic = this.#first + staticBand(cidr.last - cidr.first + 1n);
  }

  contains(value: bigint): boolean {
    return value >= this.#first && value <= this.#last;
  }

  /** A free address, by chance within the dynamic part; from the static one when that is full. */
  pick(used: ReadonlySet<bigint>, random: Random): bigint | undefined {
    return (
      pickBetween(this.#dynamic, this.#last, used, random) ??
      pickBetween(this.#first, this.#dynamic - 1n, used, random)
    );
  }

  describe(value: bigint): string {
    return formatAddress({ family: this.cidr.family, value });
  }
}

/** Upstream's calculateRangeOffset: a sixteenth of the range, at least 16 and at most 256; none of a small one. */
function staticBand(size: bigint): bigint {
  const min = 16n;
  const max = 256n;
  if (size <= min) return 0n;
  const part = size / 16n;
  return part < min ? min : part > max ? max : part;
}

const maxRandom = 2 ** 32;

/** From a random start upwards and around. */
function pickBetween(
  first: bigint,
  last: bigint,
  used: ReadonlySet<bigint>,
  random: Random,
): bigint | undefined {
  if (last < first) return undefined;
  const size = last - first + 1n;
  const window = size < BigInt(maxRandom) ? Number(size) : maxRandom;
  const start = first + BigInt(random.integer(window));
  // At most as many steps as addresses are used: one more than that finds a free one.
  for (let step = 0n; step < size && step <= BigInt(used.size); step++) {
    const value = start + step <= last ? start + step : start + step - size;
    if (!used.has(value)) return value;
  }
  return undefined;
}
