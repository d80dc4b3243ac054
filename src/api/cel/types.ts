/** The types of CEL and of Kubernetes in it. Two types are the same when they print the same. */
export type CelType = PlainType | ListType | MapType | ObjectType | OpaqueType | TypeOfType | ParamType;

export type PlainName =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'duration'
  | 'timestamp'
  | 'null'
  | 'dyn'
  | 'error';

export interface PlainType extends Bounds {
  readonly kind: PlainName;
}

/** How large a value can get: for estimates of cost. Characters, items or properties. */
interface Bounds {
  readonly maxSize?: number;
}

export interface ListType extends Bounds {
  readonly kind: 'list';
  readonly items: CelType;
  /** Sets and maps compare without order, and `+` merges them. */
  readonly listType?: 'set' | 'map';
  /** The JSON names of what tells the items of a `map` apart. */
  readonly keys?: readonly string[];
}

export interface MapType extends Bounds {
  readonly kind: 'map';
  readonly key: CelType;
  readonly value: CelType;
}

export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  /** By the name CEL knows a field by. */
  readonly fields: ReadonlyMap<string, ObjectField>;
  /** Made by expressions: fields that no schema tells, as in `Object.spec{}`. */
  readonly fieldType?: (field: string) => CelType | undefined;
}

export interface ObjectField {
  /** In JSON. */
  readonly name: string;
  readonly type: CelType;
}

/** `kubernetes.Quantity`, `net.IP`; `optional_type` with what it holds. */
export interface OpaqueType {
  readonly kind: 'opaque';
  readonly name: string;
  readonly params: readonly CelType[];
}

export interface TypeOfType {
  readonly kind: 'type';
  readonly of: CelType | undefined;
}

export interface ParamType {
  readonly kind: 'param';
  readonly name: string;
}

const plain = (kind: PlainName): PlainType => ({ kind });
export const boolType = plain('bool');
export const intType = plain('int');
export const uintType = plain('uint');
export const doubleType = plain('double');
export const stringType = plain('string');
export const bytesType = plain('bytes');
export const durationType = plain('duration');
export const timestampType = plain('timestamp');
export const nullType = plain('null');
export const dynType = plain('dyn');
export const errorType = plain('error');

export function listOf(items: CelType): ListType {
  return { kind: 'list', items };
}

export function mapOf(key: CelType, value: CelType): MapType {
  return { kind: 'map', key, value };
}

export function opaqueType(name: string, ...params: CelType[]): OpaqueType {
  return { kind: 'opaque', name, params };
}

export function optionalOf(type: CelType): OpaqueType {
  return opaqueType('optional_type', type);
}

/** What an optional holds, if the type is one. */
export function heldBy(type: CelType): CelType | undefined {
  return type.kind === 'opaque' && type.name === 'optional_type' ? type.params[0] : undefined;
}

export function isDyn(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'error';
}

/** As cel-go prints types in errors. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.items)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'object':
    case 'param':
      return type.name;
    case 'opaque':
      return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(formatType).join(', ')})`;
    case 'type':
      return type.of ? `type(${formatType(type.of)})` : 'type';
    case 'error':
      return '!error!';
    default:
      return type.kind;
  }
}

/** What `type(x)` prints, and identifiers mean. */
export const namedTypes: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['bool', boolType],
  ['int', intType],
  ['uint', uintType],
  ['double', doubleType],
  ['string', stringType],
  ['bytes', bytesType],
  ['dyn', dynType],
  ['null_type', nullType],
  ['list', listOf(dynType)],
  ['map', mapOf(dynType, dynType)],
  ['type', { kind: 'type', of: undefined }],
  ['google.protobuf.Duration', durationType],
  ['google.protobuf.Timestamp', timestampType],
  ['optional_type', optionalOf(dynType)],
]);
