import type { CallExpr, Expr, FoldExpr } from './ast.ts';
import type { Checked } from './checker.ts';
import { maxRequestBytes } from './schema-types.ts';
import type { CelType } from './types.ts';

/** What an expression costs at most, and how large what it gives can be. */
interface Estimate {
  readonly cost: number;
  /** Characters, items or entries; 1 for what has no size. */
  readonly size: number;
  /** Of the items, where they are computed and no type tells. */
  readonly items?: number;
}

type Sizes = ReadonlyMap<string, number>;

/** An upper bound of what an evaluation costs, by the sizes the schema allows (after cel-go's checker/cost.go). */
export function estimateCost(checked: Checked): number {
  return new Estimator(checked).estimate(checked.expr, new Map()).cost;
}

class Estimator {
  readonly #checked: Checked;

  constructor(checked: Checked) {
    this.#checked = checked;
  }

  estimate(expr: Expr, bound: Sizes): Estimate {
    switch (expr.kind) {
      case 'const':
        return { cost: 0, size: sizeOfLiteral(expr.value) };
      case 'ident':
        return { cost: 1, size: bound.get(expr.name) ?? this.#declared(expr) };
      case 'select': {
        const { cost } = this.estimate(expr.operand, bound);
        return expr.test ? { cost, size: 1 } : { cost: cost + 1, size: this.#declared(expr) };
      }
      case 'call':
        return this.#call(expr, bound);
      case 'list': {
        const items = expr.items.map(({ value }) => this.estimate(value, bound));
        return { cost: 10 + total(items), size: items.length, items: largest(items) };
      }
      case 'map': {
        const entries = expr.entries.flatMap(({ key, value }) => [
          this.estimate(key, bound),
          this.estimate(value, bound),
        ]);
        return { cost: 30 + total(entries), size: expr.entries.length, items: largest(entries) };
      }
      case 'struct':
        return { cost: 40 + total(expr.entries.map(({ value }) => this.estimate(value, bound))), size: 1 };
      case 'fold':
        return this.#fold(expr, bound);
      case 'bind': {
        const value = this.estimate(expr.value, bound);
        const body = this.estimate(expr.body, new Map(bound).set(expr.variable, value.size));
        return { ...body, cost: value.cost + body.cost };
      }
    }
  }

  #declared(expr: Expr): number {
    const type = this.#checked.types.get(expr);
    return type ? sizeOfType(type) : 1;
  }

  #fold(expr: FoldExpr, bound: Sizes): Estimate {
    const range = this.estimate(expr.range, bound);
    const inner = new Map(bound);
    // Variables over what was computed are as large as that; over what a schema describes their types tell.
    for (const name of expr.variables) {
      inner.delete(name);
      if (range.items !== undefined) inner.set(name, range.items);
    }
    const condition = expr.condition ? this.estimate(expr.condition, inner) : { cost: 0, size: 1 };
    const body = expr.body ? this.estimate(expr.body, inner) : { cost: 0, size: 1 };
    const collects = expr.macro === 'map' || expr.macro === 'filter' || expr.macro.startsWith('transform');
    const round = condition.cost + body.cost + (collects ? 14 : 3);
    const cost = range.cost + range.size * round;
    if (!collects) return { cost, size: 1 };
    const items = expr.macro === 'filter' ? range.items : body.size;
    return { cost, size: range.size, ...(items !== undefined && { items }) };
  }

  #call(expr: CallExpr, bound: Sizes): Estimate {
    if (expr.fn === '_?._') {
      return { cost: this.estimate(expr.args[0]!, bound).cost + 1, size: this.#declared(expr) };
    }
    const args = (this.#checked.calls.get(expr)?.args ?? expr.args).map(arg => this.estimate(arg, bound));
    if (expr.fn === '_&&_' || expr.fn === '_||_') return { cost: total(args), size: 1 };
    if (expr.fn === '_?_:_') {
      const [condition, yes, no] = args;
      const cost = condition!.cost + Math.max(yes!.cost, no!.cost);
      return { cost, size: Math.max(yes!.size, no!.size), items: largest([yes!, no!].map(ofItems)) };
    }
    const sizes = args.map(({ size }) => size);
    const own = (functionCosts[expr.fn] ?? (() => 1))(sizes);
    return { cost: total(args) + own, size: this.#sizeOfCall(expr, args) };
  }

  #sizeOfCall({ fn, ...expr }: CallExpr, args: readonly Estimate[]): number {
    if (fn === '_+_') return args.reduce((sum, { size }) => sum + size, 0);
    if (fn === '_[_]' || fn === '_[?_]') {
      return args[0]?.items ?? sizeOfItems(this.#checked.types.get(expr.args[0]!));
    }
    if (sizedByTarget.has(fn)) return args[0]!.size;
    if (fn === 'join' || fn === 'format' || fn === 'replace') return maxRequestBytes;
    return 1;
  }
}

const ofItems = ({ items }: Estimate): Estimate => ({ cost: 0, size: items ?? 1 });
const total = (parts: readonly Estimate[]) => parts.reduce((sum, { cost }) => sum + cost, 0);
const largest = (parts: readonly Estimate[]) => Math.max(1, ...parts.map(({ size }) => size));

function sizeOfType(type: CelType): number {
  return 'maxSize' in type && type.maxSize !== undefined ? type.maxSize : 1;
}

function sizeOfItems(type: CelType | undefined): number {
  if (type?.kind === 'list') return sizeOfType(type.items);
  return type?.kind === 'map' ? sizeOfType(type.value) : 1;
}

function sizeOfLiteral(value: unknown): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 1;
}

type Sized = (sizes: readonly number[]) => number;

const reads =
  (...of: number[]): Sized =>
  sizes =>
    of.reduce((sum, i) => sum + Math.ceil((sizes[i] ?? 0) / 10), 0) || 1;
const smaller: Sized = ([a = 1, b = 1]) => Math.max(1, Math.ceil(Math.min(a, b) / 10));
const each: Sized = ([size = 1]) => size;
const product: Sized = ([text = 1, part = 1]) => Math.ceil(text / 10) * Math.ceil(part / 10);
const matching: Sized = ([text = 1, pattern = 1]) => Math.ceil((text + 1) / 10) * Math.ceil(pattern / 4);

const functionCosts: Readonly<Record<string, Sized>> = {
  '_==_': smaller,
  '_!=_': smaller,
  '_<_': smaller,
  '_<=_': smaller,
  '_>_': smaller,
  '_>=_': smaller,
  '_+_': reads(0, 1),
  '@in': ([, size = 1]) => size,
  startsWith: reads(1),
  endsWith: reads(1),
  contains: product,
  indexOf: product,
  lastIndexOf: product,
  matches: matching,
  find: matching,
  findAll: matching,
  isSorted: each,
  sum: each,
  min: each,
  max: each,
  'sets.contains': ([a = 1, b = 1]) => a * b,
  'sets.intersects': ([a = 1, b = 1]) => a * b,
  'sets.equivalent': ([a = 1, b = 1]) => 2 * a * b,
  check: () => 350_000,
  ...Object.fromEntries(
    [
      'charAt lowerAscii upperAscii replace split substring trim join string bytes url isURL quantity isQuantity',
      'ip isIP cidr isCIDR semver isSemver validate',
    ]
      .join(' ')
      .split(' ')
      .map(name => [name, reads(0)] as const),
  ),
};

const sizedByTarget = new Set([
  ...[
    'lowerAscii',
    'upperAscii',
    'substring',
    'trim',
    'split',
    'findAll',
    'find',
    'charAt',
    'string',
    'bytes',
  ],
  ...['orValue', 'or', 'value', 'optional.of', 'dyn'],
]);
