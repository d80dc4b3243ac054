import type { Meter } from './meter.ts';
import { type CelType, listOf, mapOf, namedTypes, opaqueType, optionalOf } from './types.ts';
import type { Value } from './values.ts';

/** One form of a function: what it takes and gives, how it runs, what it costs. */
export interface Overload {
  readonly name: string;
  /** Called on its first parameter. */
  readonly member: boolean;
  readonly params: readonly CelType[];
  readonly result: CelType;
  /** Arguments fit `params`. */
  readonly call: (args: readonly Value[], meter: Meter) => Value;
  /** In cel-go's units; 1 where it is not given. */
  readonly cost: ((args: readonly Value[], result: Value) => number) | undefined;
}

type Implementation = (...args: never[]) => Value;
type Cost = (...args: never[]) => number;

/**
 * A function of a library. Its types hold for what the implementation is called with.
 * @param signature `string.startsWith(string): bool`, `size(list(A)): int`; single capitals stand for any type
 */
export function fn(signature: string, implementation: Implementation, cost?: Cost): Overload {
  const run = implementation as (...args: readonly Value[]) => Value;
  const price = cost as ((...args: readonly Value[]) => number) | undefined;
  const parsed = parseSignature(signature);
  return {
    ...parsed,
    call:
      parsed.params.length <= 2 ? ([a, b]) => (b === undefined ? run(a!) : run(a!, b)) : args => run(...args),
    cost: price && ((args, result) => price(...args, result)),
  };
}

/** As `fn`, for functions that count what they cost as they go. */
export function meteredFn(
  signature: string,
  implementation: (meter: Meter, ...args: never[]) => Value,
): Overload {
  const run = implementation as (meter: Meter, ...args: readonly Value[]) => Value;
  return { ...parseSignature(signature), call: (args, meter) => run(meter, ...args), cost: () => 1 };
}

function parseSignature(signature: string): Pick<Overload, 'name' | 'member' | 'params' | 'result'> {
  const end = signature.lastIndexOf('): ');
  const open = openingOf(signature, end);
  const result = parseType(signature.slice(end + 3));
  const args = splitTypes(signature.slice(open + 1, end)).map(parseType);
  const head = signature.slice(0, open);
  // `optional.of` is the name of a function, `string.size` is a member: types come before `->`.
  const arrow = head.indexOf('->');
  if (arrow < 0) return { name: head, member: false, params: args, result };
  return {
    name: head.slice(arrow + 2),
    member: true,
    params: [parseType(head.slice(0, arrow)), ...args],
    result,
  };
}

function openingOf(text: string, end: number): number {
  let depth = 0;
  for (let i = end; i >= 0; i--) {
    if (text[i] === ')') depth++;
    if (text[i] === '(' && --depth === 0) return i;
  }
  throw new Error(`not a signature: ${text}`);
}

function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (i === text.length || (text[i] === ',' && depth === 0)) {
      if (text.slice(start, i).trim()) parts.push(text.slice(start, i).trim());
      start = i + 1;
    } else if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
  }
  return parts;
}

const shortNames: Record<string, CelType> = {
  duration: namedTypes.get('google.protobuf.Duration')!,
  timestamp: namedTypes.get('google.protobuf.Timestamp')!,
  null: { kind: 'null' },
};

function parseType(text: string): CelType {
  const open = text.indexOf('(');
  if (open < 0) {
    if (/^[A-Z]$/.test(text)) return { kind: 'param', name: text };
    return shortNames[text] ?? namedTypes.get(text) ?? opaqueType(text);
  }
  const [first, second] = splitTypes(text.slice(open + 1, -1)).map(parseType);
  const name = text.slice(0, open);
  if (name === 'list') return listOf(first!);
  if (name === 'map') return mapOf(first!, second!);
  return name === 'type' ? { kind: 'type', of: first } : optionalOf(first!);
}

/** The functions an environment has. */
export class FunctionTable {
  readonly #byName = new Map<string, Overload[]>();

  constructor(...libraries: readonly (readonly Overload[])[]) {
    for (const overload of libraries.flat()) {
      const list = this.#byName.get(overload.name);
      if (list) list.push(overload);
      else this.#byName.set(overload.name, [overload]);
    }
  }

  /** All forms of a name: called on something or not. */
  get(name: string): readonly Overload[] | undefined {
    return this.#byName.get(name);
  }
}
