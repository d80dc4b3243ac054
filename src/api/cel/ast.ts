import type { Value } from './values.ts';

/** The tree of an expression. `at` is where the source has it, as cel-go counts: a call is at its `(`, a selection at its `.`. */
export type Expr =
  | ConstExpr
  | IdentExpr
  | SelectExpr
  | CallExpr
  | ListExpr
  | MapExpr
  | StructExpr
  | FoldExpr
  | BindExpr;

interface At {
  readonly at: number;
}

export interface ConstExpr extends At {
  readonly kind: 'const';
  readonly value: Value;
}

export interface IdentExpr extends At {
  readonly kind: 'ident';
  readonly name: string;
}

export interface SelectExpr extends At {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  /** `has(operand.field)`. */
  readonly test: boolean;
}

/** A function or an operator (`_+_`, `!_`, `_?_:_`, `_[_]`, `_?._`, `_[?_]`, `@in`). */
export interface CallExpr extends At {
  readonly kind: 'call';
  readonly fn: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}

export interface ListExpr extends At {
  readonly kind: 'list';
  readonly items: readonly Item[];
}

interface Item {
  readonly value: Expr;
  /** `[?value]`: left out when it is none. */
  readonly optional: boolean;
}

export interface MapExpr extends At {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

interface MapEntry extends Item {
  readonly key: Expr;
}

export interface StructExpr extends At {
  readonly kind: 'struct';
  readonly name: string;
  readonly entries: readonly StructEntry[];
}

interface StructEntry extends Item, At {
  readonly field: string;
}

export type FoldMacro =
  | 'all'
  | 'exists'
  | 'existsOne'
  | 'map'
  | 'filter'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry';

/** A macro that runs over a list or a map. */
export interface FoldExpr extends At {
  readonly kind: 'fold';
  readonly macro: FoldMacro;
  readonly range: Expr;
  /** One for items (of a map: its keys); two for index and item, key and value. */
  readonly variables: readonly string[];
  /** Of map and the transformations, where given; of filter, all and exists, always. */
  readonly condition: Expr | undefined;
  readonly body: Expr | undefined;
}

/** `cel.bind`, and what the macros of optionals are made of. */
export interface BindExpr extends At {
  readonly kind: 'bind';
  readonly variable: string;
  readonly value: Expr;
  readonly body: Expr;
}

/** The parts of an expression. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'const':
    case 'ident':
      return [];
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args;
    case 'list':
      return expr.items.map(item => item.value);
    case 'map':
      return expr.entries.flatMap(entry => [entry.key, entry.value]);
    case 'struct':
      return expr.entries.map(entry => entry.value);
    case 'fold':
      return [expr.range, expr.condition, expr.body].filter(each => each !== undefined);
    case 'bind':
      return [expr.value, expr.body];
  }
}

/** `a.b.c` of identifiers and selections alone. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.test) return undefined;
  const operand = qualifiedName(expr.operand);
  return operand && `${operand}.${expr.field}`;
}
