/**
 * The shape of Kubernetes' objects: what fields there are, of what type, and how lists and maps merge. Made of
 * the generated definitions for built-in kinds and of OpenAPI schemas for custom ones.
 */
export type Schema = ScalarSchema | StructSchema | ListSchema | MapSchema;

export type ScalarType =
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'boolean'
  /** Base64 in JSON. */
  | 'bytes'
  /** An amount as `quantity.ts` reads it; a number in JSON is taken too. */
  | 'quantity'
  | 'intOrString'
  /** RFC 3339 in seconds. */
  | 'time'
  /** RFC 3339 in microseconds. */
  | 'microTime'
  /** Any JSON. */
  | 'any';

export interface ScalarSchema {
  readonly kind: 'scalar';
  readonly type: ScalarType;
  /** Go's name of the type in messages, where it is not the plain one: `v1.Protocol`. */
  readonly goType?: string;
}

export interface StructSchema {
  readonly kind: 'struct';
  /** `core.v1.Container`; '' for the nameless structs of custom resources. */
  readonly definition: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  readonly required: readonly string[];
  /** Apply takes the whole as one value. */
  readonly atomic: boolean;
  /** What other fields than the declared ones may hold; without it there are none. */
  readonly rest?: Schema;
}

export interface FieldSchema {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
  /** '', 0 and false are the same as absent. */
  readonly omitsZero: boolean;
  /** Of strategic merge patches: `merge`, `replace`, `retainKeys`. */
  readonly patchStrategies: readonly string[];
  /** Of strategic merge patches: what tells the items of a list apart. */
  readonly mergeKey?: string;
}

export type ListType = 'atomic' | 'set' | 'map';

export interface ListSchema {
  readonly kind: 'list';
  readonly items: Schema;
  /** How apply merges it. */
  readonly listType: ListType;
  /** What tells the items of a `map` list apart. */
  readonly keys: readonly string[];
  /** What stands for keys an item leaves out. */
  readonly keyDefaults?: Readonly<Record<string, unknown>>;
}

export interface MapSchema {
  readonly kind: 'map';
  readonly values: Schema;
  readonly atomic: boolean;
  /** Go's name of the type in messages, where it has one: `v1.ResourceList`. */
  readonly goType?: string;
}

/** What a JSON document is called in messages: `v1.Container` of `core.v1.Container`. */
export function goTypeOf(schema: Schema): string {
  switch (schema.kind) {
    case 'scalar':
      return schema.goType ?? goScalars[schema.type];
    case 'struct':
      return schema.definition === ''
        ? 'map[string]interface {}'
        : schema.definition.split('.').slice(1).join('.');
    case 'list':
      return `[]${goTypeOf(schema.items)}`;
    case 'map':
      return schema.goType ?? `map[string]${goTypeOf(schema.values)}`;
  }
}

const goScalars: Record<ScalarType, string> = {
  string: 'string',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  boolean: 'bool',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  any: 'interface {}',
};

/** The schema one step down: of a struct's field, a map's value, a list's item. */
export function schemaAt(schema: Schema | undefined, step: string | number): Schema | undefined {
  switch (schema?.kind) {
    case 'struct':
      return typeof step === 'string' ? (schema.fields.get(step)?.schema ?? schema.rest) : undefined;
    case 'map':
      return schema.values;
    case 'list':
      return schema.items;
    default:
      return undefined;
  }
}

/** `['spec', 'containers', 0, 'image']` → `spec.containers[0].image`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
