/**
 * Label selectors: the text of `?labelSelector=` and the LabelSelector of specs, both turned into the same
 * requirements. After k8s.io/apimachinery's `labels` package, wording included.
 */
import type { LabelSelector as LabelSelectorSpec } from './generated/types.ts';
import { labelValueErrors, qualifiedNameErrors } from './names.ts';

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** None for `exists` and `!`, one for the comparisons, sorted and without repetition for the sets. */
  readonly values: readonly string[];
}

/** All of the requirements must hold; `nothing` selects no object at all. */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  readonly nothing?: true;
}

export const everything: LabelSelector = { requirements: [] };
export const nothing: LabelSelector = { requirements: [], nothing: true };

/** What is wrong with a selector's text, in upstream's words; the API server answers 400 with it. */
export class SelectorError extends Error {
  override name = 'SelectorError';
}

type TokenType =
  | ')'
  | ','
  | '!'
  | '=='
  | '='
  | '>'
  | 'in'
  | '<'
  | '!='
  | 'notin'
  | '('
  | 'identifier'
  | 'end'
  | 'error';

interface Token {
  type: TokenType;
  text: string;
}

const specials = new Set(['=', '!', '(', ')', ',', '>', '<']);
const operators: Partial<Record<TokenType, LabelOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};
const binaryOperators = 'in, notin, =, ==, !=, gt, lt';

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const character = text[position]!;
    if (/[ \t\r\n]/.test(character)) {
      position++;
      continue;
    }
    const token = specials.has(character) ? scanSpecial(text, position) : scanWord(text, position);
    tokens.push(token);
    position += token.text.length;
  }
  tokens.push({ type: 'end', text: '' });
  return tokens;
}

function scanSpecial(text: string, start: number): Token {
  const pair = text.slice(start, start + 2);
  if (pair === '==' || pair === '!=') return { type: pair, text: pair };
  const single = text[start] as TokenType;
  return { type: single, text: single };
}

function scanWord(text: string, start: number): Token {
  let end = start;
  while (end < text.length && !specials.has(text[end]!) && !/[ \t\r\n]/.test(text[end]!)) end++;
  const word = text.slice(start, end);
  return { type: word === 'in' || word === 'notin' ? word : 'identifier', text: word };
}

/** Longest text that is looked at: bounds what one request can cost. */
const maxLength = 64 * 1024;

/**
 * Reads the text of a selector: `app=web,tier in (a,b),!legacy`.
 * @throws SelectorError
 */
export function parseLabelSelector(text: string): LabelSelector {
  if (text === '') return everything;
  if (text.length > maxLength) throw new SelectorError(`selector is longer than ${maxLength} characters`);
  const requirements = new Parser(tokenize(text)).parse();
  return { requirements: requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) };
}

class Parser {
  readonly #tokens: Token[];
  #position = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const { type, text } = this.#peek();
      if (type === 'end') return requirements;
      if (type !== 'identifier' && type !== '!') {
        throw new SelectorError(`found '${text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.type === 'end') return requirements;
      if (next.type !== ',')
        throw new SelectorError(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#peek();
      if (after.type !== 'identifier' && after.type !== '!') {
        throw new SelectorError(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  /** `in` and `notin` are operators only where one is looked for. */
  #peek(): Token {
    const token = this.#tokens[Math.min(this.#position, this.#tokens.length - 1)]!;
    return token.type === 'in' || token.type === 'notin' ? { type: 'identifier', text: token.text } : token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }

  #requirement(): LabelRequirement {
    try {
      return this.#parseRequirement();
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      throw new SelectorError(`unable to parse requirement: ${error.message}`, { cause: error });
    }
  }

  #parseRequirement(): LabelRequirement {
    let token = this.#take();
    const negated = token.type === '!';
    if (negated) token = this.#take();
    if (token.type !== 'identifier') {
      throw new SelectorError(`found '${token.text}', expected: identifier`);
    }
    const key = token.text;
    checkKey(key, '<nil>');
    const { type } = this.#peek();
    if (negated || type === 'end' || type === ',') {
      return { key, operator: negated ? '!' : 'exists', values: [] };
    }
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()];
    return requirement(key, operator, [...new Set(values)].sort());
  }

  #operator(): LabelOperator {
    const token = this.#tokens[Math.min(this.#position++, this.#tokens.length - 1)]!;
    const operator = operators[token.type];
    if (!operator) throw new SelectorError(`found '${token.text}', expected: ${binaryOperators}`);
    return operator;
  }

  #values(): string[] {
    const open = this.#take();
    if (open.type !== '(') throw new SelectorError(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.type === ')') {
      this.#take();
      return [''];
    }
    if (first.type !== 'identifier' && first.type !== ',') {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    return this.#list();
  }

  /** Values up to the closing parenthesis; one left out between commas is the empty value. */
  #list(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.#take();
      if (token.type === 'identifier') {
        values.push(token.text);
        const next = this.#take();
        if (next.type === ')') return values;
        if (next.type !== ',') throw new SelectorError(`found '${next.text}', expected: ',' or ')'`);
        if (this.#peek().type === ')') {
          this.#take();
          return [...values, ''];
        }
      } else if (token.type === ',') {
        values.push('');
        if (this.#peek().type === ')') {
          this.#take();
          return values;
        }
      } else throw new SelectorError(`found '${token.text}', expected: ',', or identifier`);
    }
  }

  #exactValue(): string {
    const { type } = this.#peek();
    if (type === 'end' || type === ',') return '';
    const token = this.#take();
    if (token.type !== 'identifier') throw new SelectorError(`found '${token.text}', expected: identifier`);
    return token.text;
  }
}

function checkKey(key: string, path: string): void {
  const errors = qualifiedNameErrors(key);
  if (errors.length > 0) {
    throw new SelectorError(`${path}: Invalid value: ${JSON.stringify(key)}: ${errors.join('; ')}`);
  }
}

function requirement(key: string, operator: LabelOperator, values: string[]): LabelRequirement {
  const found: string[] = [];
  for (const [index, value] of values.entries()) {
    if ((operator === 'gt' || operator === 'lt') && integerOf(value) === undefined) {
      found.push(
        `values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
  }
  for (const [index, value] of values.entries()) {
    const errors = labelValueErrors(value);
    if (errors.length > 0) {
      found.push(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${errors.join('; ')}`);
    }
  }
  if (found.length > 0) throw new SelectorError(found.length === 1 ? found[0]! : `[${found.join(', ')}]`);
  return { key, operator, values };
}

function integerOf(value: string): bigint | undefined {
  if (!/^[+-]?\d{1,19}$/.test(value)) return undefined;
  const number = BigInt(value.replace('+', ''));
  return BigInt.asIntN(64, number) === number ? number : undefined;
}

/** Whether the labels satisfy every requirement. */
export function matchesLabels(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (selector.nothing) return false;
  for (const each of selector.requirements) if (!matchesRequirement(each, labels)) return false;
  return true;
}

function matchesRequirement(
  { key, operator, values }: LabelRequirement,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const left = value === undefined ? undefined : integerOf(value);
      const right = integerOf(values[0] ?? '');
      if (left === undefined || right === undefined) return false;
      return operator === 'gt' ? left > right : left < right;
    }
  }
}

/** The selector that matches exactly these labels; none of them matches everything. */
export function selectorFromSet(labels: Readonly<Record<string, string>> | undefined): LabelSelector {
  const keys = Object.keys(labels ?? {}).sort();
  return { requirements: keys.map(key => ({ key, operator: '=', values: [labels![key]!] })) };
}

const specOperators: Record<string, LabelOperator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * The selector of a spec's LabelSelector. An absent one selects nothing, an empty one everything.
 * @throws SelectorError for an operator Kubernetes does not know
 */
export function selectorFromLabelSelector(spec: LabelSelectorSpec | undefined): LabelSelector {
  if (spec === undefined) return nothing;
  const requirements = [...selectorFromSet(spec.matchLabels).requirements];
  for (const { key, operator, values } of spec.matchExpressions ?? []) {
    const known = specOperators[operator];
    if (!known) throw new SelectorError(`"${operator}" is not a valid label selector operator`);
    requirements.push({ key, operator: known, values: [...(values ?? [])].sort() });
  }
  return { requirements: requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) };
}

const written: Partial<Record<LabelOperator, string>> = { in: ' in ', notin: ' notin ', gt: '>', lt: '<' };

/** The text `parseLabelSelector` reads; `status.selector` of scale subresources. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector.requirements
    .map(({ key, operator, values }) => {
      if (operator === 'exists') return key;
      if (operator === '!') return `!${key}`;
      const text = values.join(',');
      const set = operator === 'in' || operator === 'notin';
      return `${key}${written[operator] ?? operator}${set ? `(${text})` : text}`;
    })
    .join(',');
}

/** The value the selector demands of `key`, where it demands exactly one. */
export function requiredLabelValue(selector: LabelSelector, key: string): string | undefined {
  const found = selector.requirements.find(each => each.key === key);
  if (found?.values.length !== 1) return undefined;
  return found.operator === '=' || found.operator === '==' || found.operator === 'in'
    ? found.values[0]
    : undefined;
}
