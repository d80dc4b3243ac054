import { type Checked, check } from './checker.ts';
import { estimateCost } from './cost-estimate.ts';
import type { CelEnvironment } from './environment.ts';
import { CostBudget, CostExceeded, Meter, perCallLimit } from './meter.ts';
import { parse } from './parser.ts';
import { type Places, plan, type Step } from './planner.ts';
import { formatErrors, SyntaxFault } from './source.ts';
import { type CelType, formatType, heldBy, type PlainName } from './types.ts';
import { CelError, fromJson, OptionalValue, type Value } from './values.ts';

export type Compiled = { program: CelProgram; error?: undefined } | { program?: undefined; error: string };
export type Evaluated = { value: Value; error?: undefined } | { value?: undefined; error: string };

/** Upstream's words for the end of a program that got too dear, and of a request whose programs did. */
const callLimitError = 'operation cancelled: actual cost limit exceeded';
const budgetError =
  'validation failed due to running out of cost budget, no further validation rules will be run';

export interface CompileOptions {
  /** What the expression must give; anything where it is left out. */
  readonly result?: readonly (PlainName | CelType)[] | undefined;
}

/** Reads, checks and plans an expression. The error is what a user is told, in upstream's words. */
export function compileCel(
  source: string,
  environment: CelEnvironment,
  options: CompileOptions = {},
): Compiled {
  try {
    const { checked, errors } = check(parse(source), environment);
    if (errors.length > 0) return { error: `compilation failed: ${formatErrors(source, errors)}` };
    const wrong = wrongResult(checked.type, options.result);
    return wrong ? { error: wrong } : { program: new CelProgram(checked, environment) };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return { error: `compilation failed: ${formatErrors(source, [error])}` };
  }
}

/** The type must be one of those that are wanted, exactly: dyn is none of them. */
function wrongResult(type: CelType, wanted: CompileOptions['result']): string | undefined {
  const names = wanted?.map(each => typeName(typeof each === 'string' ? { kind: each } : each));
  if (!names || names.includes(typeName(type))) return undefined;
  return names.length > 1 ? `must evaluate to one of [${names.join(' ')}]` : `must evaluate to ${names[0]}`;
}

function typeName(type: CelType): string {
  return type.kind === 'null' ? 'null_type' : formatType(type);
}

/** A compiled expression. Evaluations share nothing. */
export class CelProgram {
  readonly checked: Checked;
  readonly #environment: CelEnvironment;
  readonly #step: Step;
  readonly #places: Places;
  readonly #slots: number;

  constructor(checked: Checked, environment: CelEnvironment) {
    this.checked = checked;
    this.#environment = environment;
    const { step, places, slots } = plan(checked, environment);
    this.#step = step;
    this.#places = places;
    this.#slots = slots;
  }

  get type(): CelType {
    return this.checked.type;
  }

  /** An upper bound of what one evaluation costs, by the sizes the types of the variables allow. */
  get estimatedCost(): number {
    return estimateCost(this.checked);
  }

  /** Whether the expression uses a variable of the environment. */
  references(variable: string): boolean {
    return this.checked.references.has(variable);
  }

  /**
   * @param bindings JSON, read in place by the variables' types; absent ones are null
   * @param budget what this and others may cost together
   */
  evaluate(bindings: Readonly<Record<string, unknown>>, budget: CostBudget = new CostBudget()): Evaluated {
    const limit = Math.min(perCallLimit, budget.left);
    const meter = new Meter(limit, budget.processorTime);
    try {
      const slots = new Array<Value>(this.#slots).fill(null);
      for (const [name, place] of this.#places) {
        slots[place] = bind(bindings[name], this.#environment.variables.get(name)!);
      }
      const value = this.#step({ slots, meter });
      return value instanceof CelError ? { error: value.message } : { value };
    } catch (error) {
      if (!(error instanceof CostExceeded)) throw error;
      return { error: limit < perCallLimit ? budgetError : callLimitError };
    } finally {
      budget.spend(meter.spent);
    }
  }
}

/** Evaluates what compiled; what did not gives its error. */
export function evaluateCompiled(
  compiled: Compiled,
  bindings: Readonly<Record<string, unknown>>,
  budget: CostBudget,
): Evaluated {
  return compiled.program ? compiled.program.evaluate(bindings, budget) : { error: compiled.error };
}

function bind(binding: unknown, type: CelType): Value {
  const held = heldBy(type);
  if (!held || binding instanceof OptionalValue) return fromJson(binding, type);
  return binding === undefined ? OptionalValue.none : new OptionalValue(fromJson(binding, held));
}
