/**
 * Messages of a gRPC service as data: field name → [field number, type]. Names are the proto's in camelCase.
 * Fields that are not listed are skipped when read and never sent.
 *
 * A type is a scalar, `map` (string → string), an enum's or a message's name; `[]` behind it: repeated.
 * The TypeScript types derive from such a table, so the two cannot differ.
 */
export interface GrpcSchema {
  readonly messages: { readonly [name: string]: { readonly [field: string]: readonly [number, string] } };
  /** Enum name → its values' names; the index is the number on the wire. */
  readonly enums: { readonly [name: string]: readonly string[] };
}

export type MessageNameIn<S extends GrpcSchema> = keyof S['messages'] & string;

interface Scalars {
  string: string;
  bool: boolean;
  int32: number;
  uint32: number;
  /** int64 and uint64 are numbers: nanosecond timestamps are exact to 256 ns, sizes below 2^53 are exact. */
  int64: number;
  uint64: number;
  bytes: Uint8Array;
  map: Record<string, string>;
}

type TypeOf<Field> = Field extends readonly [number, infer T] ? T : never;

type DecodedValue<S extends GrpcSchema, T> = T extends `${infer Element}[]`
  ? DecodedElement<S, Element>[]
  : T extends MessageNameIn<S>
    ? DecodedIn<S, T> | undefined
    : DecodedElement<S, T>;

type DecodedElement<S extends GrpcSchema, T> = T extends keyof Scalars
  ? Scalars[T]
  : T extends keyof S['enums']
    ? S['enums'][T][number]
    : T extends MessageNameIn<S>
      ? DecodedIn<S, T>
      : never;

/** A message as it is read: scalars have their zero where they were not sent, messages are undefined. */
export type DecodedIn<S extends GrpcSchema, N extends MessageNameIn<S>> = {
  -readonly [F in keyof S['messages'][N]]: DecodedValue<S, TypeOf<S['messages'][N][F]>>;
};

type EncodedValue<S extends GrpcSchema, T> = T extends `${infer Element}[]`
  ? readonly EncodedValue<S, Element>[]
  : T extends keyof Scalars
    ? Readonly<Scalars[T]>
    : T extends keyof S['enums']
      ? S['enums'][T][number]
      : T extends MessageNameIn<S>
        ? EncodedIn<S, T>
        : never;

/** A message as it is written: everything may be left out. */
export type EncodedIn<S extends GrpcSchema, N extends MessageNameIn<S>> = {
  -readonly [F in keyof S['messages'][N]]?: EncodedValue<S, TypeOf<S['messages'][N][F]>>;
};
