import { type CelType, dynType, isDyn, type OpaqueType } from './types.ts';

/** What the type parameters of an expression stand for. Copied before a try, so that a failed one leaves nothing. */
export class Substitution {
  #bound: Map<string, CelType>;

  constructor(bound: Map<string, CelType> = new Map()) {
    this.#bound = bound;
  }

  copy(): Substitution {
    return new Substitution(new Map(this.#bound));
  }

  adopt(other: Substitution): void {
    this.#bound = other.#bound;
  }

  /** @param free what parameters become that stand for nothing yet: themselves, or dyn */
  apply(type: CelType, free?: CelType): CelType {
    switch (type.kind) {
      case 'param': {
        const bound = this.#bound.get(type.name);
        return bound ? this.apply(bound, free) : (free ?? type);
      }
      case 'list':
        return { ...type, items: this.apply(type.items, free) };
      case 'map':
        return { ...type, key: this.apply(type.key, free), value: this.apply(type.value, free) };
      case 'opaque':
        if (type.params.length === 0) return type;
        return { ...type, params: type.params.map(param => this.apply(param, free)) };
      case 'type':
        return type.of ? { kind: 'type', of: this.apply(type.of, free) } : type;
      default:
        return type;
    }
  }

  /** Whether a value of the first type may stand where the second is asked for; binds parameters. */
  assignable(from: CelType, to: CelType): boolean {
    if (to.kind === 'param') return this.#bind(to.name, from);
    if (from.kind === 'param') return this.#bind(from.name, to);
    if (isDyn(from) || isDyn(to)) return true;
    if (from.kind === 'null') return nullable.has(to.kind);
    if (to.kind === 'null') return nullable.has(from.kind);
    if (from.kind !== to.kind) return false;
    switch (from.kind) {
      case 'list':
        return this.assignable(from.items, (to as typeof from).items);
      case 'map': {
        const other = to as typeof from;
        return this.assignable(from.key, other.key) && this.assignable(from.value, other.value);
      }
      case 'object':
        return from.name === (to as typeof from).name;
      case 'opaque':
        return this.#opaque(from, to as OpaqueType);
      case 'type': {
        const other = to as typeof from;
        return !from.of || !other.of || this.assignable(from.of, other.of);
      }
      default:
        return true;
    }
  }

  #opaque(from: OpaqueType, to: OpaqueType): boolean {
    if (from.name !== to.name) return false;
    return from.params.every((param, i) => this.assignable(param, to.params[i] ?? dynType));
  }

  #bind(name: string, type: CelType): boolean {
    if (type.kind === 'param' && type.name === name) return true;
    const bound = this.#bound.get(name);
    if (!bound) {
      if (this.#mentions(type, name)) return false;
      this.#bound.set(name, type);
      return true;
    }
    if (!this.assignable(type, bound)) return false;
    // Of two that fit, the more general one is kept.
    const general = moreGeneral(type, bound);
    if (general.kind !== 'param' && !this.#mentions(general, name)) this.#bound.set(name, general);
    return true;
  }

  #mentions(type: CelType, name: string): boolean {
    switch (type.kind) {
      case 'param': {
        if (type.name === name) return true;
        const bound = this.#bound.get(type.name);
        return bound !== undefined && this.#mentions(bound, name);
      }
      case 'list':
        return this.#mentions(type.items, name);
      case 'map':
        return this.#mentions(type.key, name) || this.#mentions(type.value, name);
      case 'opaque':
        return type.params.some(param => this.#mentions(param, name));
      case 'type':
        return type.of !== undefined && this.#mentions(type.of, name);
      default:
        return false;
    }
  }
}

/** What may be null besides null. */
const nullable = new Set<CelType['kind']>(['null', 'object', 'opaque', 'duration', 'timestamp']);

/** The one of two types that says less. */
export function moreGeneral(a: CelType, b: CelType): CelType {
  return saysLess(a, b) ? a : b;
}

function saysLess(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'param') return true;
  if (isDyn(b) || b.kind === 'param') return false;
  if (a.kind === 'null') return false;
  if (a.kind === 'list' && b.kind === 'list') return saysLess(a.items, b.items);
  if (a.kind === 'map' && b.kind === 'map') return saysLess(a.key, b.key) && saysLess(a.value, b.value);
  return true;
}
