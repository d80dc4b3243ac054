import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  type Quantity,
  quantitySign,
  subtractQuantity,
} from '../quantity.ts';

/** Amounts by the name a quota gives them: `pods`, `requests.cpu`, `count/deployments.apps`. */
export type Usage = Readonly<Record<string, Quantity>>;

export const one = parseQuantity('1');
export const zero = parseQuantity('0');

export function addUsage(a: Usage, b: Usage): Usage {
  const sum: Record<string, Quantity> = { ...a };
  for (const [name, more] of Object.entries(b)) {
    const was = sum[name];
    sum[name] = was ? addQuantity(was, more) : more;
  }
  return sum;
}

/** `a - b`, at least nothing: giving something back never counts against a quota. */
export function usageAbove(a: Usage, b: Usage): Usage {
  const rest: Record<string, Quantity> = {};
  for (const [name, amount] of Object.entries(a)) {
    const before = b[name];
    const difference = before ? subtractQuantity(amount, before) : amount;
    rest[name] = quantitySign(difference) < 0 ? zero : difference;
  }
  return rest;
}

export function withoutZeros(usage: Usage): Usage {
  return Object.fromEntries(Object.entries(usage).filter(([, amount]) => quantitySign(amount) !== 0));
}

/** The part of `usage` under these names. */
export function usageOf(usage: Usage, names: Iterable<string>): Usage {
  const part: Record<string, Quantity> = {};
  for (const name of names) if (usage[name]) part[name] = usage[name];
  return part;
}

/** The names under which `usage` is more than `hard` allows. */
export function exceeded(usage: Usage, hard: Usage): string[] {
  return Object.entries(usage).flatMap(([name, amount]) =>
    hard[name] && compareQuantity(amount, hard[name]) > 0 ? [name] : [],
  );
}

/** `cpu=1,memory=2Gi`, sorted by name. */
export function usageText(usage: Usage): string {
  return Object.keys(usage)
    .sort()
    .map(name => `${name}=${formatQuantity(usage[name]!)}`)
    .join(',');
}
