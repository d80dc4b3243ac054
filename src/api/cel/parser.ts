import {
  type CallExpr,
  childrenOf,
  type Expr,
  type ListExpr,
  type MapExpr,
  qualifiedName,
  type StructExpr,
} from './ast.ts';
import { type Token, tokenize } from './lexer.ts';
import { expandMacro } from './macros.ts';
import { SyntaxFault } from './source.ts';

/** What cel-go allows: recursion is bounded, so that no expression can exhaust the stack. */
const maxDepth = 250;
const maxTreeDepth = 500;
const tooDeep = `expression recursion limit exceeded: ${maxDepth}`;
/** Code points; upstream's default. */
const maxLength = 100_000;

const operators: Record<string, number> = {
  '||': 1,
  '&&': 2,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '==': 3,
  '!=': 3,
  in: 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
};
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const primaryStarts =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/**
 * Reads an expression, macros expanded.
 * @throws SyntaxFault
 */
export function parse(source: string): Expr {
  if (source.length > maxLength)
    throw new SyntaxFault(
      0,
      `expression code point size exceeds limit: size: ${source.length}, limit ${maxLength}`,
    );
  const expr = new Parser(tokenize(source)).parse();
  if (depthOf(expr) > maxTreeDepth) throw new SyntaxFault(-1, tooDeep);
  return expr;
}

/** Chains make deep trees without any nesting; all later steps go down by recursion. */
function depthOf(root: Expr): number {
  let level: readonly Expr[] = [root];
  let depth = 0;
  while (level.length > 0 && depth <= maxTreeDepth) {
    level = level.flatMap(childrenOf);
    depth++;
  }
  return depth;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Expr {
    const expr = this.#expr();
    if (this.#peek.kind !== 'end') this.#unexpected('extraneous', '<EOF>');
    return expr;
  }

  get #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(): Token {
    return this.#tokens[this.#next++]!;
  }

  #is(text: string): boolean {
    const token = this.#peek;
    return token.kind === 'symbol' && token.text === text;
  }

  #takeIf(text: string): Token | undefined {
    return this.#is(text) ? this.#take() : undefined;
  }

  #expect(text: string): Token {
    return this.#takeIf(text) ?? this.#unexpected('mismatched', `'${text}'`);
  }

  #unexpected(how: 'mismatched' | 'extraneous', expecting: string): never {
    const { text, at } = this.#peek;
    throw new SyntaxFault(at, `Syntax error: ${how} input '${text}' expecting ${expecting}`);
  }

  #expr(): Expr {
    if (++this.#depth > maxDepth) throw new SyntaxFault(-1, tooDeep);
    const condition = this.#binary(1);
    const question = this.#takeIf('?');
    let expr = condition;
    if (question) {
      const yes = this.#binary(1);
      this.#expect(':');
      expr = call('_?_:_', question.at, condition, yes, this.#expr());
    }
    this.#depth--;
    return expr;
  }

  #binary(lowest: number): Expr {
    let left = this.#unary();
    for (;;) {
      const { kind, text } = this.#peek;
      const strength = kind === 'symbol' ? operators[text] : undefined;
      if (strength === undefined || strength < lowest) break;
      if (text === '&&' || text === '||') left = this.#chain(left, text, strength);
      else {
        const { at } = this.#take();
        left = call(text === 'in' ? '@in' : `_${text}_`, at, left, this.#binary(strength + 1));
      }
    }
    return left;
  }

  /** `a && b && c && d` as `(a && b) && (c && d)`: long chains of conditions make no deep trees. */
  #chain(first: Expr, sign: string, strength: number): Expr {
    const terms = [first];
    const signs: number[] = [];
    for (let token = this.#takeIf(sign); token; token = this.#takeIf(sign)) {
      signs.push(token.at);
      terms.push(this.#binary(strength + 1));
    }
    const joined = (from: number, to: number): Expr => {
      if (from === to) return terms[from]!;
      const middle = (from + to) >> 1;
      return call(`_${sign}_`, signs[middle]!, joined(from, middle), joined(middle + 1, to));
    };
    return joined(0, signs.length);
  }

  #unary(): Expr {
    const { at } = this.#peek;
    if (!this.#is('!') && !this.#is('-')) return this.#member();
    const sign = this.#peek.text;
    let count = 0;
    while (this.#takeIf(sign)) count++;
    const { kind, value } = this.#peek;
    if (
      sign === '-' &&
      count === 1 &&
      kind === 'literal' &&
      (typeof value === 'bigint' || typeof value === 'number')
    ) {
      const token = this.#take();
      const literal = negate(value, token);
      return this.#members({ kind: 'const', at, value: literal });
    }
    const operand = this.#member();
    return count % 2 === 0 ? operand : call(`${sign}_`, at, operand);
  }

  #member(): Expr {
    return this.#members(this.#primary());
  }

  #members(start: Expr): Expr {
    let expr = start;
    for (;;) {
      const { at } = this.#peek;
      if (this.#takeIf('.')) expr = this.#selection(expr, at);
      else if (this.#takeIf('[')) {
        const index = this.#expr();
        this.#expect(']');
        expr = call('_[_]', at, expr, index);
      } else if (this.#takeIf('[?')) {
        const index = this.#expr();
        this.#expect(']');
        expr = call('_[?_]', at, expr, index);
      } else if (this.#is('{') && qualifiedName(expr)) expr = this.#struct(qualifiedName(expr)!);
      else return expr;
    }
  }

  #selection(operand: Expr, dot: number): Expr {
    const optional = this.#takeIf('?') !== undefined;
    const { kind, text } = this.#peek;
    if (kind !== 'ident') this.#unexpected('mismatched', 'IDENTIFIER');
    this.#take();
    const { at } = this.#peek;
    if (optional) return call('_?._', dot, operand, { kind: 'const', at: dot, value: text });
    if (!this.#takeIf('(')) return { kind: 'select', at: dot, operand, field: text, test: false };
    const args = this.#list(')');
    return expandMacro({ kind: 'call', at, fn: text, target: operand, args });
  }

  #primary(): Expr {
    const { kind, text, at, value } = this.#peek;
    if (kind === 'literal') {
      this.#take();
      return { kind: 'const', at, value: inRange(value!, at) };
    }
    if (kind === 'ident') return this.#identifier();
    switch (text) {
      case '.':
        this.#take();
        if (this.#peek.kind !== 'ident') this.#unexpected('mismatched', 'IDENTIFIER');
        // A leading dot means the outermost scope, which is the only one here.
        return this.#identifier();
      case '(': {
        this.#take();
        const expr = this.#expr();
        this.#expect(')');
        return expr;
      }
      case '[':
      case '[?':
        return this.#listLiteral();
      case '{':
        return this.#mapLiteral();
    }
    return this.#unexpected('mismatched', primaryStarts);
  }

  #identifier(): Expr {
    const { text, at } = this.#take();
    const open = this.#peek.at;
    if (this.#takeIf('(')) {
      return expandMacro({ kind: 'call', at: open, fn: text, target: undefined, args: this.#list(')') });
    }
    if (reserved.has(text)) throw new SyntaxFault(at, `reserved identifier: ${text}`);
    return { kind: 'ident', at, name: text };
  }

  /** Expressions up to a closing sign. */
  #list(close: string): Expr[] {
    const list: Expr[] = [];
    if (this.#takeIf(close)) return list;
    do list.push(this.#expr());
    while (this.#takeIf(','));
    this.#expect(close);
    return list;
  }

  #listLiteral(): ListExpr {
    const open = this.#take();
    const items: { value: Expr; optional: boolean }[] = [];
    let optional = open.text === '[?';
    while (optional || !this.#is(']')) {
      optional ||= this.#takeIf('?') !== undefined;
      items.push({ value: this.#expr(), optional });
      optional = false;
      if (!this.#takeIf(',')) break;
    }
    this.#expect(']');
    return { kind: 'list', at: open.at, items };
  }

  #mapLiteral(): MapExpr {
    const { at } = this.#take();
    const entries: { key: Expr; value: Expr; optional: boolean }[] = [];
    while (!this.#is('}')) {
      const optional = this.#takeIf('?') !== undefined;
      const key = this.#expr();
      this.#expect(':');
      entries.push({ key, value: this.#expr(), optional });
      if (!this.#takeIf(',')) break;
    }
    this.#expect('}');
    return { kind: 'map', at, entries };
  }

  #struct(name: string): StructExpr {
    const { at } = this.#take();
    const entries: { field: string; value: Expr; optional: boolean; at: number }[] = [];
    while (!this.#is('}')) {
      const optional = this.#takeIf('?') !== undefined;
      if (this.#peek.kind !== 'ident') this.#unexpected('mismatched', "{'}', IDENTIFIER}");
      const field = this.#take().text;
      const colon = this.#expect(':');
      entries.push({ field, value: this.#expr(), optional, at: colon.at });
      if (!this.#takeIf(',')) break;
    }
    this.#expect('}');
    return { kind: 'struct', at, name, entries };
  }
}

export function call(fn: string, at: number, ...args: Expr[]): CallExpr {
  return { kind: 'call', at, fn, target: undefined, args };
}

function negate(value: number | bigint, { at }: Token): number | bigint {
  if (typeof value === 'number') return -value;
  if (value > 2n ** 63n) throw new SyntaxFault(at, 'invalid int literal');
  return -value;
}

function inRange(value: NonNullable<Token['value']> | null, at: number) {
  if (typeof value === 'bigint' && value >= 2n ** 63n) throw new SyntaxFault(at, 'invalid int literal');
  return value;
}
