import type { BindExpr, Expr, FoldExpr, ListExpr, MapExpr, StructExpr } from './ast.ts';
import type { Checked } from './checker.ts';
import type { CelEnvironment } from './environment.ts';
import { addEntry, planFold } from './fold.ts';
import { Duration, Timestamp } from './instants.ts';
import type { Meter } from './meter.ts';
import type { Overload } from './signatures.ts';
import type { CelType, ObjectType } from './types.ts';
import {
  CelError,
  EntryMap,
  ItemList,
  ListValue,
  MadeFields,
  MapValue,
  noSuchOverload,
  ObjectValue,
  OpaqueValue,
  OptionalValue,
  TypeValue,
  Uint,
  type Value,
} from './values.ts';

/** What one evaluation works with. */
export interface Frame {
  /** Variables, by the place the planner gave them. */
  readonly slots: Value[];
  readonly meter: Meter;
}

/** A part of an expression, ready to run. Errors come back as values; too dear a run throws CostExceeded. */
export type Step = (frame: Frame) => Value;

/** The costs of cel-go (interpreter/runtimecost.go). */
const cost = { read: 1, list: 10, map: 30, struct: 40, logic: 1 };

/** Where each variable of the environment that is used is kept. */
export type Places = ReadonlyMap<string, number>;

/** Makes closures of a checked expression. */
export function plan(
  checked: Checked,
  environment: CelEnvironment,
): { step: Step; places: Places; slots: number } {
  const planner = new Planner(checked, environment);
  const step = planner.plan(checked.expr, planner.places);
  return { step, places: planner.places, slots: planner.slots };
}

export class Planner {
  readonly places: Places;
  slots: number;
  readonly #checked: Checked;
  readonly #environment: CelEnvironment;

  constructor(checked: Checked, environment: CelEnvironment) {
    this.#checked = checked;
    this.#environment = environment;
    this.places = new Map([...checked.references].map((name, i) => [name, i]));
    this.slots = this.places.size;
  }

  plan(expr: Expr, scope: Places): Step {
    switch (expr.kind) {
      case 'const': {
        const { value } = expr;
        return () => value;
      }
      case 'ident':
        return this.#typeName(expr) ?? readSlot(scope.get(expr.name)!);
      case 'select': {
        const named = this.#typeName(expr);
        if (named) return named;
        const long = this.#checked.longNames.get(expr);
        if (long !== undefined) return readSlot(this.places.get(long)!);
        const operand = this.plan(expr.operand, scope);
        return expr.test ? hasField(operand, expr.field) : selectField(operand, expr.field);
      }
      case 'call':
        return this.#call(expr, scope);
      case 'list':
        return this.#list(expr, scope);
      case 'map':
        return this.#map(expr, scope);
      case 'struct':
        return this.#struct(expr, scope);
      case 'fold':
        return this.#fold(expr, scope);
      case 'bind':
        return this.#bind(expr, scope);
    }
  }

  #typeName(expr: Expr): Step | undefined {
    const name = this.#checked.typeNames.get(expr);
    if (name === undefined) return undefined;
    const value = new TypeValue(name);
    return () => value;
  }

  #call(expr: Expr & { kind: 'call' }, scope: Places): Step {
    if (expr.fn === '_?._') {
      const operand = this.plan(expr.args[0]!, scope);
      return optionalField(operand, (expr.args[1] as { value: string }).value);
    }
    const { overloads, args } = this.#checked.calls.get(expr)!;
    const steps = args.map(arg => this.plan(arg, scope));
    switch (expr.fn) {
      case '_&&_':
        return logical(steps[0]!, steps[1]!, false);
      case '_||_':
        return logical(steps[0]!, steps[1]!, true);
      case '_?_:_':
        return conditional(steps[0]!, steps[1]!, steps[2]!);
      case 'or':
      case 'orValue':
        if (overloads.some(({ params }) => params[0]!.kind === 'opaque'))
          return otherwise(steps[0]!, steps[1]!, expr.fn);
    }
    return invoke(overloads, steps);
  }

  #list({ items }: ListExpr, scope: Places): Step {
    const steps = items.map(({ value, optional }) => ({ step: this.plan(value, scope), optional }));
    return frame => {
      frame.meter.charge(cost.list);
      const made: Value[] = [];
      for (const { step, optional } of steps) {
        const value = held(step(frame), optional);
        if (value instanceof CelError) return value;
        if (value !== undefined) made.push(value);
      }
      return new ItemList(made);
    };
  }

  #map({ entries }: MapExpr, scope: Places): Step {
    const steps = entries.map(({ key, value, optional }) => ({
      key: this.plan(key, scope),
      step: this.plan(value, scope),
      optional,
    }));
    return frame => {
      frame.meter.charge(cost.map);
      const made = new EntryMap();
      for (const { key: keyStep, step, optional } of steps) {
        const key = keyStep(frame);
        if (key instanceof CelError) return key;
        const value = held(step(frame), optional);
        if (value instanceof CelError) return value;
        const failure = addEntry(made, key, value);
        if (failure) return failure;
      }
      return made;
    };
  }

  #struct(expr: StructExpr, scope: Places): Step {
    const type = this.#environment.structType!(expr.name)!;
    const steps = expr.entries.map(({ field, value, optional }) => ({
      name: type.fields.get(field)?.name ?? field,
      step: this.plan(value, scope),
      optional,
    }));
    return frame => {
      frame.meter.charge(cost.struct);
      const fields = new Map<string, Value>();
      for (const { name, step, optional } of steps) {
        const value = held(step(frame), optional);
        if (value instanceof CelError) return value;
        if (value !== undefined) fields.set(name, value);
      }
      return new ObjectValue(type, new MadeFields(fields));
    };
  }

  #fold(expr: FoldExpr, scope: Places): Step {
    const inner = new Map(scope);
    const slots = expr.variables.map(name => {
      inner.set(name, this.slots);
      return this.slots++;
    });
    const range = this.plan(expr.range, scope);
    const condition = expr.condition && this.plan(expr.condition, inner);
    const body = expr.body && this.plan(expr.body, inner);
    return planFold(expr.macro, { range, slots, condition, body });
  }

  #bind(expr: BindExpr, scope: Places): Step {
    const slot = this.slots++;
    const value = this.plan(expr.value, scope);
    const body = this.plan(expr.body, new Map(scope).set(expr.variable, slot));
    return frame => {
      frame.slots[slot] = value(frame);
      return body(frame);
    };
  }
}

/** What an optional element holds: undefined to leave it out. */
function held(value: Value, optional: boolean): Value | undefined {
  if (!optional || value instanceof CelError) return value;
  return value instanceof OptionalValue ? value.held : noSuchOverload;
}

function readSlot(slot: number): Step {
  return frame => {
    frame.meter.charge(cost.read);
    return frame.slots[slot]!;
  };
}

function fieldOf(value: Value, field: string): Value | undefined {
  if (value instanceof ObjectValue || value instanceof MapValue) return value.get(field);
  return value instanceof CelError ? value : noSuchOverload;
}

function selectField(operand: Step, field: string): Step {
  const missing = new CelError(`no such key: ${field}`);
  return frame => {
    frame.meter.charge(cost.read);
    const value = operand(frame);
    if (value instanceof OptionalValue) return optionalOfField(value.held, field);
    const found = fieldOf(value, field);
    return found === undefined ? missing : found;
  };
}

function optionalOfField(value: Value | undefined, field: string): Value {
  if (value === undefined) return OptionalValue.none;
  const found = fieldOf(value, field);
  if (found === undefined) return OptionalValue.none;
  return found instanceof CelError || found instanceof OptionalValue ? found : new OptionalValue(found);
}

function optionalField(operand: Step, field: string): Step {
  return frame => {
    frame.meter.charge(cost.read);
    const value = operand(frame);
    if (value instanceof CelError) return value;
    return optionalOfField(value instanceof OptionalValue ? value.held : value, field);
  };
}

function hasField(operand: Step, field: string): Step {
  return frame => {
    let value: Value | undefined = operand(frame);
    if (value instanceof OptionalValue) value = value.held;
    if (value === undefined) return false;
    const found = fieldOf(value, field);
    return found instanceof CelError ? found : found !== undefined;
  };
}

/** `&&` and `||`: the deciding value wins over an error on the other side. */
function logical(left: Step, right: Step, decisive: boolean): Step {
  return frame => {
    frame.meter.charge(cost.logic);
    const first = left(frame);
    if (first === decisive) return decisive;
    const second = right(frame);
    if (second === decisive) return decisive;
    if (typeof first === 'boolean' && typeof second === 'boolean') return !decisive;
    if (first instanceof CelError) return first;
    return second instanceof CelError ? second : noSuchOverload;
  };
}

function conditional(condition: Step, yes: Step, no: Step): Step {
  return frame => {
    frame.meter.charge(cost.logic);
    const value = condition(frame);
    if (value === true) return yes(frame);
    if (value === false) return no(frame);
    return value instanceof CelError ? value : noSuchOverload;
  };
}

function otherwise(optional: Step, other: Step, name: string): Step {
  return frame => {
    frame.meter.charge(cost.logic);
    const value = optional(frame);
    if (!(value instanceof OptionalValue)) return value instanceof CelError ? value : noSuchOverload;
    if (value.held === undefined) return other(frame);
    return name === 'or' ? value : value.held;
  };
}

function invoke(overloads: readonly Overload[], steps: readonly Step[]): Step {
  const forms = overloads.map(overload => ({ overload, accepts: overload.params.map(acceptorOf) }));
  const count = steps.length;
  return frame => {
    const args = new Array<Value>(count);
    for (let i = 0; i < count; i++) {
      const value = steps[i]!(frame);
      if (value instanceof CelError) return value;
      args[i] = value;
    }
    for (const { overload, accepts } of forms) {
      if (!acceptsAll(accepts, args)) continue;
      if (!overload.cost) frame.meter.charge(1);
      const result = overload.call(args, frame.meter);
      if (overload.cost) frame.meter.charge(overload.cost(args, result));
      return result;
    }
    return noSuchOverload;
  };
}

type Acceptor = ((value: Value) => boolean) | undefined;

function acceptsAll(accepts: readonly Acceptor[], args: readonly Value[]): boolean {
  for (let i = 0; i < accepts.length; i++) {
    const accept = accepts[i];
    if (accept && !accept(args[i]!)) return false;
  }
  return true;
}

/** Whether a value is of a type, as far as it matters to tell the forms of a function apart; undefined for all. */
function acceptorOf(type: CelType): Acceptor {
  switch (type.kind) {
    case 'bool':
      return value => typeof value === 'boolean';
    case 'int':
      return value => typeof value === 'bigint';
    case 'double':
      return value => typeof value === 'number';
    case 'string':
      return value => typeof value === 'string';
    case 'null':
      return value => value === null;
    case 'uint':
      return value => value instanceof Uint;
    case 'bytes':
      return value => value instanceof Uint8Array;
    case 'duration':
      return value => value instanceof Duration;
    case 'timestamp':
      return value => value instanceof Timestamp;
    case 'list':
      return value => value instanceof ListValue;
    case 'map':
      return value => value instanceof MapValue;
    case 'object':
      return value => value instanceof ObjectValue && value.type.name === (type as ObjectType).name;
    case 'type':
      return value => value instanceof TypeValue;
    case 'opaque':
      if (type.name === 'optional_type') return optionalAcceptor(type.params[0]!);
      return value => value instanceof OpaqueValue && value.typeName === type.name;
    default:
      return undefined;
  }
}

function optionalAcceptor(of: CelType): Acceptor {
  const accepts = acceptorOf(of);
  return value =>
    value instanceof OptionalValue && (value.held === undefined || !accepts || accepts(value.held));
}
