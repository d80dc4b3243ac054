/**
 * Decoders compiled from schemas: they check a parsed JSON value against what Go's types would take, and bring
 * it into the form the API server answers with. They change the value they are given.
 */
import { setMember } from '../json.ts';
import { canonicalQuantity, QuantityError } from '../quantity.ts';
import { formatPath, goTypeOf, type Schema, type StructSchema, schemaAt } from '../schema/schema.ts';
import { formatMicroTime, formatTime, parseTime, timeParseError } from '../time.ts';
import { base64ErrorOffset, isBase64 } from './base64.ts';

/** A value that cannot be decoded; the message is Go's. */
export class DecodeError extends Error {
  override name = 'DecodeError';
}

export interface DecodedValue {
  value: unknown;
  /** Paths of fields the schema does not have. They are left out. */
  unknown: string[];
}

/**
 * Decodes `value`, which becomes part of the result.
 * @throws DecodeError
 */
export function decodeValue(value: unknown, schema: StructSchema): DecodedValue {
  const run = new Run(schema);
  const decoded = stepOf(schema)(value, 0, run) ?? {};
  if (run.mismatch !== undefined) throw new DecodeError(run.mismatch);
  return { value: decoded, unknown: run.unknown };
}

/** Decodes what stands at `depth` of the run's path; undefined leaves it out. */
type Step = (value: unknown, depth: number, run: Run) => unknown;

/** One decoding: where it is, and what it found. */
class Run {
  /** The way to the value at hand; valid up to its depth. */
  readonly path: (string | number)[] = [];
  readonly unknown: string[] = [];
  /** Go reports the first mismatch and goes on; what cannot be unmarshalled at all is thrown. */
  mismatch: string | undefined;
  readonly #root: Schema;

  constructor(root: Schema) {
    this.#root = root;
  }

  addUnknown(depth: number): void {
    this.unknown.push(formatPath(this.path.slice(0, depth + 1)));
  }

  /** `cannot unmarshal number into Go struct field Container.spec.containers.image of type string` */
  addMismatch(value: string, goType: string, depth: number): undefined {
    this.mismatch ??= this.mismatchText(value, goType, depth);
  }

  mismatchText(value: string, goType: string, depth: number): string {
    const fields: string[] = [];
    let struct = '';
    let schema: Schema | undefined = this.#root;
    for (const step of this.path.slice(0, depth)) {
      if (schema?.kind === 'struct') {
        struct = schema.definition.split('.').at(-1)!;
        fields.push(String(step));
      }
      schema = schemaAt(schema, step);
    }
    const where = struct === '' ? 'value' : `struct field ${struct}.${fields.join('.')}`;
    return `json: cannot unmarshal ${value} into Go ${where} of type ${goType}`;
  }
}

/** What Go calls a JSON value. */
function described(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : value === null ? 'null' : typeof value;
}

const structSteps = new WeakMap<ReadonlyMap<string, unknown>, Step>();

function stepOf(schema: Schema, optional = false): Step {
  switch (schema.kind) {
    case 'struct': {
      // Two uses of one definition may differ in how they merge, never in how they decode.
      const known = structSteps.get(schema.fields);
      if (known) return known;
      const step = structStep(schema);
      structSteps.set(schema.fields, step);
      return step;
    }
    case 'list':
      return listStep(schema, optional);
    case 'map':
      return mapStep(schema, optional);
    case 'scalar':
      return scalarStep(schema);
  }
}

function structStep(schema: StructSchema): Step {
  const goType = goTypeOf(schema);
  const { fields: known } = schema;
  const fields = new Map<string, Step>();
  /** Compiled when first met: definitions refer to themselves. */
  const fieldStep = (name: string): Step | undefined => {
    const field = known.get(name);
    if (!field) return undefined;
    const whole = stepOf(field.schema, !field.required);
    const step = field.omitsZero ? withoutZero(whole) : whole;
    fields.set(name, step);
    return step;
  };
  return (value, depth, run) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return run.addMismatch(described(value), goType, depth);
    }
    const object = value as Record<string, unknown>;
    let dropped = 0;
    for (const name in object) {
      run.path[depth] = name;
      const step = fields.get(name) ?? fieldStep(name);
      if (step === undefined) {
        run.addUnknown(depth);
        object[name] = undefined;
        dropped++;
        continue;
      }
      const member = object[name];
      const decoded = member === null ? undefined : step(member, depth + 1, run);
      if (decoded !== member) object[name] = decoded;
      if (decoded === undefined) dropped++;
    }
    return dropped > 0 ? withoutUndefined(object) : object;
  };
}

function withoutZero(step: Step): Step {
  return (value, depth, run) => step(value, depth, run) || undefined;
}

/** A copy instead of `delete`, which would make the object slow for all who read it. */
function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name in object) {
    const member = object[name];
    if (member !== undefined) copy[name] = member;
  }
  return copy;
}

/** Go leaves out empty lists and maps of optional fields when it writes them. */
function listStep(schema: Schema & { kind: 'list' }, optional: boolean): Step {
  const goType = goTypeOf(schema);
  const zero = zeroOf(schema.items);
  let items: Step | undefined;
  return (value, depth, run) => {
    if (!Array.isArray(value)) return run.addMismatch(described(value), goType, depth);
    if (value.length === 0) return optional ? undefined : value;
    items ??= stepOf(schema.items);
    for (let index = 0; index < value.length; index++) {
      const item = value[index];
      run.path[depth] = index;
      const decoded = item === null ? zero() : items(item, depth + 1, run);
      if (decoded !== item) value[index] = decoded ?? null;
    }
    return value;
  };
}

function mapStep(schema: Schema & { kind: 'map' }, optional: boolean): Step {
  const goType = goTypeOf(schema);
  const zero = zeroOf(schema.values);
  let values: Step | undefined;
  return (value, depth, run) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return run.addMismatch(described(value), goType, depth);
    }
    const object = value as Record<string, unknown>;
    values ??= stepOf(schema.values);
    let empty = true;
    for (const name in object) {
      empty = false;
      const member = object[name];
      run.path[depth] = name;
      const decoded = member === null ? zero() : values(member, depth + 1, run);
      if (decoded !== member) setMember(object, name, decoded ?? null);
    }
    return empty && optional ? undefined : object;
  };
}

/** What Go makes of a null in a list or a map. */
function zeroOf(schema: Schema): () => unknown {
  switch (schema.kind) {
    case 'struct':
    case 'map':
      return () => ({});
    case 'list':
      return () => [];
    case 'scalar':
      switch (schema.type) {
        case 'int32':
        case 'int64':
        case 'double':
        case 'intOrString':
          return () => 0;
        case 'boolean':
          return () => false;
        case 'quantity':
          return () => '0';
        case 'any':
        case 'time':
        case 'microTime':
          return () => null;
        default:
          return () => '';
      }
  }
}

function scalarStep(schema: Schema & { kind: 'scalar' }): Step {
  const goType = goTypeOf(schema);
  switch (schema.type) {
    case 'any':
      return value => value;
    case 'string':
      return (value, depth, run) =>
        typeof value === 'string' ? value : run.addMismatch(described(value), goType, depth);
    case 'boolean':
      return (value, depth, run) =>
        typeof value === 'boolean' ? value : run.addMismatch(described(value), goType, depth);
    case 'double':
      return (value, depth, run) =>
        typeof value === 'number' ? value : run.addMismatch(described(value), goType, depth);
    case 'int32':
      return integerStep(goType, -(2 ** 31), 2 ** 31 - 1);
    case 'int64':
      // Doubles: the bounds are the nearest ones inside of int64.
      return integerStep(goType, -(2 ** 63), 2 ** 63 - 1025);
    case 'bytes':
      return bytesStep(goType);
    case 'intOrString':
      return intOrStringStep;
    case 'quantity':
      return quantityStep;
    case 'time':
      return timeStep(formatTime);
    case 'microTime':
      return timeStep(formatMicroTime);
  }
}

function integerStep(goType: string, min: number, max: number): Step {
  return (value, depth, run) => {
    if (typeof value !== 'number') return run.addMismatch(described(value), goType, depth);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    return run.addMismatch(`number ${value}`, goType, depth);
  };
}

function bytesStep(goType: string): Step {
  return (value, depth, run) => {
    if (typeof value !== 'string') return run.addMismatch(described(value), goType, depth);
    if (isBase64(value)) return value;
    const offset = base64ErrorOffset(value);
    if (offset === undefined) return value.replace(/[\r\n]/g, '');
    run.mismatch ??= `illegal base64 data at input byte ${offset}`;
    return undefined;
  };
}

const intOrStringStep: Step = (value, depth, run) => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
  const text = typeof value === 'number' ? `number ${value}` : described(value);
  throw new DecodeError(run.mismatchText(text, 'int32', depth));
};

const quantityStep: Step = value => {
  try {
    return canonicalQuantity(typeof value === 'string' ? value.trim() : JSON.stringify(value));
  } catch (cause) {
    if (cause instanceof QuantityError) throw new DecodeError(cause.message, { cause });
    throw cause;
  }
};

function timeStep(format: (milliseconds: number) => string): Step {
  return (value, depth, run) => {
    if (typeof value !== 'string') throw new DecodeError(run.mismatchText(described(value), 'string', depth));
    const time = parseTime(value);
    if (time === undefined) throw new DecodeError(timeParseError(value));
    return format(time);
  };
}
