import type { Service } from '../../../../api/generated/types.ts';
import type { Random } from '../../../random.ts';

/** Why a port can't be had; the message is upstream's. */
export class PortUnavailable extends Error {
  override name = 'PortUnavailable';
}

/**
 * Which node ports are given to which Service. The Services themselves are the record; what is given to one
 * that is not stored yet is held in between.
 */
export class NodePortAllocator {
  readonly #first: number;
  readonly #last: number;
  readonly #random: Random;
  /** Port → key of the Service that has it. */
  readonly #owners = new Map<number, string>();
  readonly #ports = new Map<string, number[]>();

  constructor(deps: { random: Random }, range: { first: number; last: number }) {
    this.#random = deps.random;
    this.#first = range.first;
    this.#last = range.last;
  }

  /** What a stored Service has. */
  setService(key: string, service: Service): void {
    this.removeService(key);
    const ports = portsOf(service);
    this.#ports.set(key, ports);
    for (const port of ports) this.#owners.set(port, key);
  }

  removeService(key: string): void {
    for (const port of this.#ports.get(key) ?? []) {
      if (this.#owners.get(port) === key) this.#owners.delete(port);
    }
    this.#ports.delete(key);
  }

  /** Holds a chosen port for `key`. @throws PortUnavailable */
  hold(key: string, port: number): void {
    if (port < this.#first || port > this.#last) {
      throw new PortUnavailable(
        `provided port is not in the valid range. The range of valid ports is ${this.#first}-${this.#last}`,
      );
    }
    const owner = this.#owners.get(port);
    if (owner !== undefined && owner !== key) throw new PortUnavailable('provided port is already allocated');
    this.#owners.set(port, key);
  }

  /** Holds some free port for `key`, by chance. @throws PortUnavailable when none is left. */
  holdNext(key: string): number {
    const dynamic = this.#first + staticBand(this.#last - this.#first + 1);
    const port = this.#free(dynamic, this.#last) ?? this.#free(this.#first, dynamic - 1);
    if (port === undefined) throw new PortUnavailable('range is full');
    this.#owners.set(port, key);
    return port;
  }

  /** Whether the stored Service has the port. */
  has(key: string, port: number): boolean {
    return this.#ports.get(key)?.includes(port) ?? false;
  }

  /** Lets go of what `key` holds beyond what its stored Service has. */
  settle(key: string, held: readonly number[]): void {
    const stored = this.#ports.get(key) ?? [];
    for (const port of held) {
      if (!stored.includes(port) && this.#owners.get(port) === key) this.#owners.delete(port);
    }
  }

  #free(first: number, last: number): number | undefined {
    const size = last - first + 1;
    if (size <= 0) return undefined;
    const start = this.#random.integer(size);
    for (let step = 0; step < size; step++) {
      const port = first + ((start + step) % size);
      if (!this.#owners.has(port)) return port;
    }
    return undefined;
  }
}

export function portsOf({ spec }: Service): number[] {
  const ports = (spec?.ports ?? []).map(port => port.nodePort ?? 0);
  return [...new Set([...ports, spec?.healthCheckNodePort ?? 0])].filter(port => port > 0);
}

/** Upstream's calculateRangeOffset for ports: a 32nd of the range, at least 16 and at most 128. */
function staticBand(size: number): number {
  if (size <= 32) return 0;
  return Math.min(Math.max(Math.floor(size / 32), 16), 128);
}
