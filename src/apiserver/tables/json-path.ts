/**
 * The JSONPath subset of `additionalPrinterColumns`: `.spec.name`, `.items[0]`, `.items[*].name`,
 * `.metadata.labels['a/b']`, `.conditions[?(@.type=="Ready")].status`, with `\.` for a dot in a name.
 */
export type JsonPath = readonly Step[];

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'all' }
  | { kind: 'filter'; path: JsonPath; operator: string; value: unknown };

const maxSteps = 64;

/**
 * Reads a path; braces and the leading dot may be left out.
 * @throws Error naming what could not be read
 */
export function parseJsonPath(text: string): JsonPath {
  let rest = text.trim();
  if (rest.startsWith('{') && rest.endsWith('}')) rest = rest.slice(1, -1);
  if (rest.startsWith('$')) rest = rest.slice(1);
  if (rest !== '' && !/^[.[]/.test(rest)) rest = `.${rest}`;
  const steps: Step[] = [];
  while (rest !== '' && rest !== '.') {
    if (steps.length === maxSteps) throw new Error(`json path ${text} has more than ${maxSteps} steps`);
    const [step, length] = readStep(rest, text);
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

function readStep(rest: string, whole: string): [Step, number] {
  const field = /^\.((?:\\.|[^.[\]\\])+)/.exec(rest);
  if (field) {
    const name = field[1]!.replace(/\\(.)/g, '$1');
    return [name === '*' ? { kind: 'all' } : { kind: 'field', name }, field[0].length];
  }
  const quoted = /^\.?\[(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\]/.exec(rest);
  if (quoted)
    return [{ kind: 'field', name: (quoted[1] ?? quoted[2])!.replace(/\\(.)/g, '$1') }, quoted[0].length];
  const index = /^\[(-?\d+)\]/.exec(rest);
  if (index) return [{ kind: 'index', index: Number(index[1]) }, index[0].length];
  const all = /^\[(\*|:)\]/.exec(rest);
  if (all) return [{ kind: 'all' }, all[0].length];
  const filter = /^\[\?\(\s*@([^=!<>]*?)\s*(==|!=|<=|>=|<|>)\s*(.*?)\s*\)\]/.exec(rest);
  if (filter) {
    const path = parseJsonPath(filter[1]!);
    return [{ kind: 'filter', path, operator: filter[2]!, value: literal(filter[3]!) }, filter[0].length];
  }
  throw new Error(`unrecognized json path ${JSON.stringify(whole)} at ${JSON.stringify(rest)}`);
}

function literal(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/.exec(text);
  if (quoted) return quoted[2];
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
}

/** What the path leads to; several values where it has `*` or a filter. */
export function evaluateJsonPath(path: JsonPath, value: unknown): unknown[] {
  let found: unknown[] = [value];
  for (const step of path) {
    found = found.flatMap(item => take(step, item));
    if (found.length === 0) break;
  }
  return found;
}

function take(step: Step, item: unknown): unknown[] {
  if (typeof item !== 'object' || item === null) return [];
  switch (step.kind) {
    case 'field': {
      const child = Object.hasOwn(item, step.name) ? (item as Record<string, unknown>)[step.name] : undefined;
      return child === undefined ? [] : [child];
    }
    case 'index': {
      const child = Array.isArray(item) ? item.at(step.index) : undefined;
      return child === undefined ? [] : [child];
    }
    case 'all':
      return Object.values(item);
    case 'filter':
      return Array.isArray(item) ? item.filter(child => passes(step, child)) : [];
  }
}

function passes(step: Extract<Step, { kind: 'filter' }>, child: unknown): boolean {
  const left = evaluateJsonPath(step.path, child)[0] as string | number | boolean | undefined;
  const right = step.value as string | number | boolean;
  switch (step.operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left !== undefined && left < right;
    case '<=':
      return left !== undefined && left <= right;
    case '>':
      return left !== undefined && left > right;
    default:
      return left !== undefined && left >= right;
  }
}
