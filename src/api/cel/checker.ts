import { moreGeneral, Substitution } from './assignability.ts';
import {
  type CallExpr,
  type Expr,
  type FoldExpr,
  qualifiedName,
  type SelectExpr,
  type StructExpr,
} from './ast.ts';
import type { CelEnvironment } from './environment.ts';
import { parseDuration, parseTimestamp } from './instants.ts';
import { compileRegex } from './regex.ts';
import type { Overload } from './signatures.ts';
import type { SourceError } from './source.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  dynType,
  errorType,
  formatType,
  heldBy,
  intType,
  isDyn,
  listOf,
  mapOf,
  namedTypes,
  nullType,
  optionalOf,
  stringType,
  uintType,
} from './types.ts';
import { Uint, type Value } from './values.ts';

/** What a call became: the forms that fit, and the arguments with the target among them. */
export interface Resolution {
  readonly overloads: readonly Overload[];
  readonly args: readonly Expr[];
}

/** An expression with what checking found out. */
export interface Checked {
  readonly expr: Expr;
  readonly type: CelType;
  readonly types: ReadonlyMap<Expr, CelType>;
  readonly calls: ReadonlyMap<Expr, Resolution>;
  /** Identifiers and selections that are names of types. */
  readonly typeNames: ReadonlyMap<Expr, string>;
  /** Selections that are the name of one variable: `authorizer.requestResource`. */
  readonly longNames: ReadonlyMap<Expr, string>;
  /** Variables of the environment that are used. */
  readonly references: ReadonlySet<string>;
}

type Scope = ReadonlyMap<string, CelType>;

/** Finds the type of each part of an expression; what does not fit is an error in cel-go's words. */
export function check(expr: Expr, environment: CelEnvironment): { checked: Checked; errors: SourceError[] } {
  return new Checker(environment).run(expr);
}

class Checker {
  readonly #environment: CelEnvironment;
  readonly #errors: SourceError[] = [];
  readonly #types = new Map<Expr, CelType>();
  readonly #calls = new Map<Expr, Resolution>();
  readonly #typeNames = new Map<Expr, string>();
  readonly #longNames = new Map<Expr, string>();
  readonly #references = new Set<string>();
  readonly #bound = new Substitution();
  #fresh = 0;

  constructor(environment: CelEnvironment) {
    this.#environment = environment;
  }

  run(expr: Expr): { checked: Checked; errors: SourceError[] } {
    const type = this.#bound.apply(this.#check(expr, new Map()), dynType);
    for (const [key, value] of this.#types) this.#types.set(key, this.#bound.apply(value, dynType));
    const checked = {
      expr,
      type,
      types: this.#types,
      calls: this.#calls,
      typeNames: this.#typeNames,
      longNames: this.#longNames,
      references: this.#references,
    };
    return { checked, errors: this.#errors };
  }

  #fail(at: number, message: string): CelType {
    this.#errors.push({ at, message });
    return errorType;
  }

  #newParam(): CelType {
    return { kind: 'param', name: `_var${this.#fresh++}` };
  }

  #check(expr: Expr, scope: Scope): CelType {
    const type = this.#typeOf(expr, scope);
    this.#types.set(expr, type);
    return type;
  }

  #typeOf(expr: Expr, scope: Scope): CelType {
    switch (expr.kind) {
      case 'const':
        return typeOfLiteral(expr.value);
      case 'ident':
        return (
          this.#named(expr, expr.name, scope) ??
          this.#fail(expr.at, `undeclared reference to '${expr.name}' (in container '')`)
        );
      case 'select':
        return this.#select(expr, scope);
      case 'call':
        return this.#call(expr, scope);
      case 'list': {
        let items: CelType | undefined;
        for (const { value, optional } of expr.items) items = this.#element(items, value, optional, scope);
        return listOf(items ?? this.#newParam());
      }
      case 'map': {
        let key: CelType | undefined;
        let value: CelType | undefined;
        for (const entry of expr.entries) {
          key = this.#element(key, entry.key, false, scope);
          value = this.#element(value, entry.value, entry.optional, scope);
        }
        return mapOf(key ?? this.#newParam(), value ?? this.#newParam());
      }
      case 'struct':
        return this.#struct(expr, scope);
      case 'fold':
        return this.#fold(expr, scope);
      case 'bind': {
        const value = this.#check(expr.value, scope);
        return this.#check(expr.body, new Map(scope).set(expr.variable, value));
      }
    }
  }

  /** A variable or a type. */
  #named(expr: Expr, name: string, scope: Scope): CelType | undefined {
    const local = scope.get(name);
    if (local) return local;
    const variable = this.#environment.variables.get(name);
    if (variable) {
      this.#references.add(name);
      return variable;
    }
    const type = namedTypes.get(name);
    if (!type) return undefined;
    this.#typeNames.set(expr, name);
    return { kind: 'type', of: type };
  }

  #select(expr: SelectExpr, scope: Scope): CelType {
    const name = expr.test ? undefined : qualifiedName(expr);
    const variable = name && this.#environment.variables.has(name);
    if (name && (variable || namedTypes.has(name)) && !scope.has(name.split('.')[0]!)) {
      if (variable) this.#longNames.set(expr, name);
      return this.#named(expr, name, scope)!;
    }
    const operand = this.#bound.apply(this.#check(expr.operand, scope));
    const held = heldBy(operand);
    const field = this.#field(held ?? operand, expr.field, expr.at);
    if (expr.test) return boolType;
    return held && heldBy(field) === undefined && field.kind !== 'error' ? optionalOf(field) : field;
  }

  #field(operand: CelType, field: string, at: number): CelType {
    switch (operand.kind) {
      case 'map':
        return operand.value;
      case 'object':
        return (
          operand.fields.get(field)?.type ??
          operand.fieldType?.(field) ??
          this.#fail(at, `undefined field '${field}'`)
        );
      case 'param':
        // Nothing is known of it yet: it is taken for dyn from here on.
        this.#bound.assignable(dynType, operand);
        return dynType;
      case 'dyn':
      case 'error':
        return dynType;
      default:
        return this.#fail(at, `type '${formatType(operand)}' does not support field selection`);
    }
  }

  /** Literals of lists and maps are of one type. */
  #element(before: CelType | undefined, value: Expr, optional: boolean, scope: Scope): CelType {
    let type = this.#check(value, scope);
    if (optional) type = this.#unwrapped(type, value);
    if (before === undefined) return type;
    if (this.#fits(type, before)) return moreGeneral(before, type);
    this.#mismatch(value.at, before, type);
    return before;
  }

  #unwrapped(type: CelType, { at }: Expr): CelType {
    const actual = this.#bound.apply(type);
    const held = heldBy(actual);
    if (held) return held;
    if (!isDyn(actual)) this.#mismatch(at, optionalOf(actual), actual);
    return actual;
  }

  #fits(from: CelType, to: CelType): boolean {
    const attempt = this.#bound.copy();
    if (!attempt.assignable(from, to)) return false;
    this.#bound.adopt(attempt);
    return true;
  }

  #mismatch(at: number, expected: CelType, actual: CelType): void {
    const [want, have] = [expected, actual].map(type => formatType(this.#bound.apply(type)));
    this.#fail(at, `expected type '${want}' but found '${have}'`);
  }

  #struct(expr: StructExpr, scope: Scope): CelType {
    const type = this.#environment.structType?.(expr.name);
    if (!type) {
      for (const { value } of expr.entries) this.#check(value, scope);
      return this.#fail(expr.at, `undeclared reference to '${expr.name}' (in container '')`);
    }
    for (const { field, value, optional, at } of expr.entries) {
      let given = this.#check(value, scope);
      if (optional) given = this.#unwrapped(given, value);
      const declared = this.#field(type, field, at);
      if (declared.kind === 'error' || this.#fits(given, declared)) continue;
      const [want, have] = [declared, given].map(each => formatType(this.#bound.apply(each)));
      this.#fail(at, `expected type of field '${field}' is '${want}' but provided type is '${have}'`);
    }
    return type;
  }

  #call(expr: CallExpr, scope: Scope): CelType {
    const { fn, target, args } = expr;
    if (fn === '_?._') return this.#optionalSelect(expr, scope);
    const prefix = target && qualifiedName(target);
    const full = prefix && `${prefix}.${fn}`;
    // `sets.contains(…)` is a function with a long name, unless `sets` is a variable.
    const isLong =
      full !== undefined && !scope.has(full.split('.')[0]!) && this.#environment.functions.get(full);
    const operands = target && !isLong ? [target, ...args] : args;
    const member = target !== undefined && !isLong;
    const types = operands.map(each => this.#bound.apply(this.#argument(fn, each, scope)));
    const overloads = isLong || this.#environment.functions.get(fn);
    if (!overloads) return this.#fail(expr.at, `undeclared reference to '${fn}' (in container '')`);
    const type = this.#resolve(expr, member, operands, types, overloads);
    if (type.kind !== 'error') this.#checkLiteral(fn, operands);
    return type;
  }

  /** Literals that no run could read are mistakes already. */
  #checkLiteral(fn: string, operands: readonly Expr[]): void {
    const checked = fn === 'matches' ? operands[1] : operands[0];
    if (checked?.kind !== 'const' || typeof checked.value !== 'string') return;
    const { value, at } = checked;
    const wrong =
      (fn === 'duration' && !parseDuration(value)) ||
      (fn === 'timestamp' && (value.length <= 10 || !parseTimestamp(value))) ||
      (fn === 'matches' && 'error' in compileRegex(value));
    if (wrong) this.#fail(at, `invalid ${fn} argument`);
  }

  /** What `format` takes may be a list of everything. */
  #argument(fn: string, arg: Expr, scope: Scope): CelType {
    if (fn !== 'format' || arg.kind !== 'list') return this.#check(arg, scope);
    for (const { value } of arg.items) this.#check(value, scope);
    this.#types.set(arg, listOf(dynType));
    return listOf(dynType);
  }

  /** All forms that fit are kept, since dyn decides at run time; their results make the type. */
  #resolve(
    expr: CallExpr,
    member: boolean,
    args: readonly Expr[],
    types: readonly CelType[],
    overloads: readonly Overload[],
  ): CelType {
    const fitting: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of overloads) {
      if (overload.member !== member || overload.params.length !== types.length) continue;
      const own = this.#instance(overload);
      const attempt = this.#bound.copy();
      if (!types.every((type, i) => attempt.assignable(type, own.params[i]!))) continue;
      this.#bound.adopt(attempt);
      fitting.push(overload);
      const its = this.#bound.apply(own.result);
      result = result === undefined || formatType(result) === formatType(its) ? its : dynType;
    }
    if (result === undefined) {
      const name = member ? expr.fn : longName(expr);
      return this.#fail(
        expr.at,
        `found no matching overload for '${name}' applied to '${formatArguments(types, member)}'`,
      );
    }
    this.#calls.set(expr, { overloads: fitting, args });
    return result;
  }

  /** With type parameters of its own. */
  #instance({ params, result }: Overload): { params: readonly CelType[]; result: CelType } {
    const fresh = new Map<string, CelType>();
    const rename = (type: CelType): CelType => {
      switch (type.kind) {
        case 'param': {
          const known = fresh.get(type.name) ?? this.#newParam();
          fresh.set(type.name, known);
          return known;
        }
        case 'list':
          return listOf(rename(type.items));
        case 'map':
          return mapOf(rename(type.key), rename(type.value));
        case 'opaque':
          return type.params.length === 0 ? type : { ...type, params: type.params.map(rename) };
        case 'type':
          return type.of ? { kind: 'type', of: rename(type.of) } : type;
        default:
          return type;
      }
    };
    return { params: params.map(rename), result: rename(result) };
  }

  #optionalSelect({ args, at }: CallExpr, scope: Scope): CelType {
    const [target, name] = args;
    const operand = this.#bound.apply(this.#check(target!, scope));
    const field = (name as { value: string }).value;
    const type = this.#field(heldBy(operand) ?? operand, field, at);
    if (type.kind === 'error') return type;
    return heldBy(type) ? type : optionalOf(type);
  }

  #fold(expr: FoldExpr, scope: Scope): CelType {
    const range = this.#bound.apply(this.#check(expr.range, scope));
    const variables = this.#iterated(range, expr);
    const inner = new Map(scope);
    expr.variables.forEach((name, i) => {
      inner.set(name, variables[i]!);
    });
    if (expr.condition) this.#condition(expr, expr.condition, inner);
    const body = expr.body && this.#check(expr.body, inner);
    switch (expr.macro) {
      case 'all':
      case 'exists':
      case 'existsOne':
        return boolType;
      case 'filter':
        return listOf(variables[0]!);
      case 'map':
      case 'transformList':
        return listOf(body!);
      case 'transformMap':
        return mapOf(variables[0]!, body!);
      case 'transformMapEntry': {
        const made = this.#bound.apply(body!);
        if (made.kind === 'map' || isDyn(made)) return made;
        const args = formatArguments([mapOf(dynType, dynType), made], false);
        return this.#fail(expr.at, `found no matching overload for 'cel.@mapInsert' applied to '${args}'`);
      }
    }
  }

  /** What the variables of a macro are, by what it runs over. */
  #iterated(range: CelType, { range: { at }, variables }: FoldExpr): CelType[] {
    const two = variables.length === 2;
    switch (range.kind) {
      case 'list':
        return two ? [intType, range.items] : [range.items];
      case 'map':
        return two ? [range.key, range.value] : [range.key];
      case 'param':
        this.#bound.assignable(dynType, range);
        return [dynType, dynType];
      case 'dyn':
      case 'error':
        return [dynType, dynType];
    }
    const what = `expression of type '${formatType(range)}' cannot be range of a comprehension`;
    this.#fail(at, `${what} (must be list, map, or dynamic)`);
    return [errorType, errorType];
  }

  #condition(expr: FoldExpr, condition: Expr, scope: Scope): void {
    const type = this.#bound.apply(this.#check(condition, scope));
    if (this.#fits(type, boolType)) return;
    const found = formatType(type);
    if (expr.macro === 'all') this.#noOverload(expr.at, '_&&_', `(bool, ${found})`);
    else if (expr.macro === 'exists') this.#noOverload(expr.at, '_||_', `(bool, ${found})`);
    else this.#noOverload(expr.at, '_?_:_', `(${found}, list(dyn), list(dyn))`);
  }

  #noOverload(at: number, name: string, args: string): void {
    this.#fail(at, `found no matching overload for '${name}' applied to '${args}'`);
  }
}

function longName({ fn, target }: CallExpr): string {
  return target ? `${qualifiedName(target)}.${fn}` : fn;
}

function formatArguments(types: readonly CelType[], member: boolean): string {
  const names = types.map(formatType);
  return member ? `${names[0]}.(${names.slice(1).join(', ')})` : `(${names.join(', ')})`;
}

function typeOfLiteral(value: Value): CelType {
  switch (typeof value) {
    case 'boolean':
      return boolType;
    case 'bigint':
      return intType;
    case 'number':
      return doubleType;
    case 'string':
      return stringType;
  }
  if (value === null) return nullType;
  return value instanceof Uint ? uintType : bytesType;
}
