import { type Checked, check } from './checker.ts';
import type { CelEnvironment } from './environment.ts';
import { CostBudget, CostExceeded, Meter, perCallLimit } from './meter.ts';
import { parse } from './parser.ts';
import { type Places, plan, type Step } from './planner.ts';
import { formatErrors, SyntaxFault } from './source.ts';
import { type CelType, heldBy, isDyn, type PlainName } from './types.ts';
import { CelError, fromJson, OptionalValue, type Value } from './values.ts';

export type Compiled = { program: CelProgram; error?: undefined } | { program?: undefined; error: string };
export type Evaluated = { value: Value; error?: undefined } | { value?: undefined; error: string };

/** Upstream's words for the end of a program that got too dear, and of a request whose programs did. */
const callLimitError = 'operation cancelled: actual cost limit exceeded';
const budgetError =
  'validation failed due to running out of cost budget, no further validation rules will be run';

export interface CompileOptions {
  /** What the expression must give; anything where it is left out. */
  readonly result?: readonly PlainName[];
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

function wrongResult(type: CelType, wanted: readonly PlainName[] | undefined): string | undefined {
  if (!wanted || isDyn(type) || wanted.some(kind => kind === type.kind)) return undefined;
  if (wanted.length > 1) return `must evaluate to one of [${wanted.join(' ')}]`;
  return `must evaluate to ${wanted[0]}`;
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
    const meter = new Meter(limit);
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

function bind(binding: unknown, type: CelType): Value {
  const held = heldBy(type);
  if (!held || binding instanceof OptionalValue) return fromJson(binding, type);
  return binding === undefined ? OptionalValue.none : new OptionalValue(fromJson(binding, held));
}
