/** The CEL rules of a custom resource's schema (`x-kubernetes-validations`), compiled once and run on each write. */
import { type CelProgram, compileCel } from '../cel/cel.ts';
import { CostBudget } from '../cel/meter.ts';
import { ruleEnvironment } from '../cel/rule-environment.ts';
import type { JSONSchemaProps, ValidationRule } from '../generated/types.ts';
import { equalJson, isObject } from '../json.ts';
import { FieldPath } from '../kinds/field-path.ts';
import type { Findings } from '../kinds/findings.ts';
import { additionalOf, itemsOf } from './coerce.ts';
import { fieldOfRule } from './rule-field-path.ts';
import { correlation } from './value-checks.ts';

interface CompiledRule {
  rule: ValidationRule;
  program: CelProgram | undefined;
  error: string | undefined;
  message: CelProgram | undefined;
  /** Speaks of the old value, and runs only where there is one. */
  isTransition: boolean;
  /** Below the value, where the complaint is about a field of it. */
  field: string;
}

/** The rules at one place of a schema and below it. */
export interface RuleNode {
  readonly type: string;
  readonly rules: readonly CompiledRule[];
  readonly items: RuleNode | undefined;
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly rest: RuleNode | undefined;
  readonly correlate: (old: unknown) => (item: unknown) => unknown;
}

const longestMessage = 5 * 1024;

/** Compiles the rules of a schema; undefined where it has none. Rules that can't be read fail what they are run on. */
export function compileRules(schema: JSONSchemaProps, root = true): RuleNode | undefined {
  const isResource = root || schema['x-kubernetes-embedded-resource'] === true;
  const rules = (schema['x-kubernetes-validations'] ?? []).map(rule => compileRule(rule, schema, isResource));
  const itemSchema = itemsOf(schema);
  const items = itemSchema && compileRules(itemSchema, false);
  const restSchema = additionalOf(schema);
  const rest = restSchema && compileRules(restSchema, false);
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = compileRules(property, false);
    if (node) properties.set(name, node);
  }
  if (rules.length === 0 && !items && !rest && properties.size === 0) return undefined;
  return { type: schema.type ?? '', rules, items, properties, rest, correlate: correlation(schema) };
}

function compileRule(rule: ValidationRule, schema: JSONSchemaProps, root: boolean): CompiledRule {
  const environment = ruleEnvironment(schema, { root, optionalOldSelf: rule.optionalOldSelf === true });
  const { program, error } = compileCel(rule.rule, environment, { result: ['bool'] });
  const plain = ruleEnvironment(schema, { root });
  const message = rule.messageExpression
    ? compileCel(rule.messageExpression, plain, { result: ['string'] }).program
    : undefined;
  const isTransition = program?.references('oldSelf') ?? false;
  return {
    rule,
    program,
    error,
    message,
    isTransition,
    field: fieldOfRule(rule.fieldPath ?? '', schema) ?? '',
  };
}

/** One run of all rules on an object. */
export class RuleRun {
  readonly #out: Findings;
  readonly #budget = new CostBudget();
  #over = false;

  constructor(out: Findings) {
    this.#out = out;
  }

  /** @param old what is stored now; undefined on creation */
  async check(node: RuleNode, value: unknown, old: unknown): Promise<void> {
    await this.#visit(node, value, old, undefined, false);
  }

  /** @param unchanged whether the nearest value that can be told from its old self is as it was */
  async #visit(
    node: RuleNode,
    value: unknown,
    old: unknown,
    at: FieldPath | undefined,
    unchanged: boolean,
  ): Promise<void> {
    if (value === null || value === undefined || this.#over) return;
    const same = old === undefined ? unchanged : equalJson(value, old);
    for (const rule of node.rules) {
      this.#run(node, rule, value, old, at, same);
      if (this.#over) return;
      await this.#budget.breathe();
    }
    if (Array.isArray(value)) {
      if (!node.items) return;
      const before = node.correlate(old);
      for (const [index, item] of value.entries()) {
        await this.#visit(node.items, item, before(item), (at ?? nowhere).index(index), same);
      }
    } else if (isObject(value)) {
      for (const name of Object.keys(value)) {
        const property = node.properties.get(name);
        const below = property ?? node.rest;
        if (!below) continue;
        const path = property ? (at ? at.child(name) : new FieldPath(name)) : (at ?? nowhere).key(name);
        const was = isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined;
        await this.#visit(below, value[name], was, path, same);
      }
    }
  }

  #run(
    node: RuleNode,
    compiled: CompiledRule,
    value: unknown,
    old: unknown,
    place: FieldPath | undefined,
    same: boolean,
  ): void {
    const { rule, program, error } = compiled;
    const at = place ?? nowhere;
    if (!program) {
      this.#out.invalid(at, node.type, `rule compile error: ${error}`);
      return;
    }
    if (compiled.isTransition && old === undefined && !rule.optionalOldSelf) return;
    const result = program.evaluate({ self: value, oldSelf: old }, this.#budget);
    if (result.error !== undefined) this.#failed(at, node.type, result.error, rule);
    else if (result.value !== true) {
      if (!compiled.isTransition && same) return;
      const text = this.#messageOf(compiled, value, old);
      const where = compiled.field
        ? place
          ? place.child(compiled.field)
          : new FieldPath(compiled.field)
        : at;
      this.#report(where, node.type, text, rule.reason);
    }
  }

  #failed(at: FieldPath, type: string, error: string, rule: ValidationRule): void {
    if (error.startsWith('validation failed due to running out of cost budget')) {
      this.#over = true;
      this.#out.invalid(at, type, error);
    } else if (error.startsWith('operation cancelled: actual cost limit exceeded')) {
      this.#over = true;
      const why = `no further validation rules will be run due to call cost exceeds limit for rule: ${textOf(rule)}`;
      this.#out.invalid(at, type, `'${error}': ${why}`);
    } else if (error.startsWith('no such overload')) {
      const why = 'call arguments did not match a supported operator, function or macro signature for rule';
      this.#out.invalid(at, type, `'${error}': ${why}: ${textOf(rule)}`);
    } else this.#out.invalid(at, type, `${error} evaluating rule: ${textOf(rule)}`);
  }

  /** The text of a messageExpression, where it makes a usable one. */
  #messageOf({ rule, message }: CompiledRule, self: unknown, oldSelf: unknown): string {
    const made = message?.evaluate({ self, oldSelf }, this.#budget).value;
    const text = typeof made === 'string' ? made.trim() : '';
    if (text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= longestMessage) return text;
    return rule.message ? rule.message.trim() : `failed rule: ${textOf(rule)}`;
  }

  #report(at: FieldPath, value: string, detail: string, reason: string | undefined): void {
    if (reason === 'FieldValueForbidden') this.#out.forbidden(at, detail);
    else if (reason === 'FieldValueRequired') this.#out.required(at, detail);
    else if (reason === 'FieldValueDuplicate') this.#out.duplicate(at, value);
    else this.#out.invalid(at, value, detail);
  }
}

/** The path of the object as a whole. */
const nowhere = new FieldPath('<nil>');

function textOf({ message, rule }: ValidationRule): string {
  return (message || rule).trim();
}
