import { type CelProgram, compileCel } from '../cel/cel.ts';
import { ruleEnvironment } from '../cel/rule-environment.ts';
import { maxRequestBytes } from '../cel/schema-types.ts';
import type { JSONSchemaProps } from '../generated/types.ts';
import type { FieldPath } from '../kinds/field-path.ts';
import type { Findings } from '../kinds/findings.ts';
import { additionalOf, itemsOf } from './coerce.ts';

/** What one rule may cost, run on all values its place can have (StaticEstimatedCostLimit). */
const maxRuleCost = 10_000_000;
/** All rules of a schema together (StaticEstimatedCRDCostLimit). */
const maxTotalCost = 100_000_000;
/** Rules that are named when the total is too much. */
const mostNamed = 4;

interface Priced {
  readonly at: FieldPath;
  readonly cost: number;
}

/** Refuses rules that could cost too much on the largest objects their schema takes. */
export function checkRuleCosts(schema: JSONSchemaProps, at: FieldPath, out: Findings): void {
  const priced: Priced[] = [];
  visit(schema, { root: true, times: 1 }, at, out, priced);
  const total = priced.reduce((sum, { cost }) => sum + cost, 0);
  if (total <= maxTotalCost) return;
  const dearest = priced.sort((a, b) => b.cost - a.cost).slice(0, mostNamed);
  for (const { at: place, cost } of dearest) {
    if (cost < maxTotalCost / 100) continue;
    const why = 'contributed to estimated rule & messageExpression cost total exceeding cost limit';
    out.forbidden(place, `${why} for entire OpenAPIv3 schema`);
  }
  const name =
    'x-kubernetes-validations estimated rule & messageExpression cost total for entire OpenAPIv3 schema';
  out.forbidden(at, tooDear(name, total, maxTotalCost));
}

interface Place {
  readonly root: boolean;
  /** How many values there can be at this place; undefined where only the size of a request bounds them. */
  readonly times: number | undefined;
}

function visit(schema: JSONSchemaProps, place: Place, at: FieldPath, out: Findings, priced: Priced[]): void {
  const times = place.times ?? Math.floor(maxRequestBytes / (smallest(schema) + 1));
  const root = place.root || schema['x-kubernetes-embedded-resource'] === true;
  for (const [i, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    // A rule without a text is complained of elsewhere.
    if (!rule.rule) continue;
    if (!rule.rule?.trim()) continue;
    const here = at.child('x-kubernetes-validations').index(i);
    const charge = (program: CelProgram | undefined, field: string, name: string) => {
      if (!program) return;
      const cost = program.estimatedCost * times;
      if (cost > maxRuleCost) out.forbidden(here.child(field), tooDear(name, cost, maxRuleCost));
      priced.push({ at: here.child(field), cost });
    };
    const environment = ruleEnvironment(schema, { root, optionalOldSelf: rule.optionalOldSelf === true });
    charge(compileCel(rule.rule, environment).program, 'rule', 'estimated rule cost');
    if (!rule.messageExpression) continue;
    const { program } = compileCel(rule.messageExpression, ruleEnvironment(schema, { root }));
    charge(program, 'messageExpression', 'estimated messageExpression cost');
  }
  const below = (limit: number | undefined): Place => ({
    root: false,
    times: place.times !== undefined && limit !== undefined ? place.times * limit : undefined,
  });
  const items = itemsOf(schema);
  if (items) visit(items, below(schema.maxItems), at.child('items'), out, priced);
  const rest = additionalOf(schema);
  if (rest) visit(rest, below(schema.maxProperties), at.child('additionalProperties'), out, priced);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    visit(property, { root: false, times: place.times }, at.child('properties').key(name), out, priced);
  }
}

/** Bytes of the smallest value a schema takes, as JSON. */
function smallest({ type, required = [], properties = {} }: JSONSchemaProps): number {
  if (type === 'boolean') return 4;
  if (type === 'number' || type === 'integer') return 1;
  if (type !== 'object') return 2;
  return required.reduce((sum, name) => sum + name.length + 4 + smallest(properties[name] ?? {}), 2);
}

function tooDear(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const times = factor > 100 ? 'more than 100' : factor < 1.5 ? factor.toFixed(6) : factor.toFixed(1);
  const advice =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  return `${what} exceeds budget by factor of ${times}x (${advice})`;
}
