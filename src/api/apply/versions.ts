/** Objects of a kind that is served in several versions, as they are compared and pruned in each other's. */
import type { JsonObject } from '../json.ts';
import type { StructSchema } from '../schema/schema.ts';

/** The other versions a kind is there in. */
export interface OtherVersions {
  /** Undefined: there is none of that name (any more). */
  schemaOf(apiVersion: string): StructSchema | undefined;
  /**
   * The object in another version, fresh. It may lack what valid objects have.
   * @throws ApiError where it cannot be converted now
   */
  convert(object: JsonObject, from: string, to: string): Promise<JsonObject>;
}

/** A kind in the version of a request, and in its others. */
export class Versions {
  /** Of the request. */
  readonly apiVersion: string;
  readonly #schema: StructSchema;
  readonly #others: OtherVersions | undefined;

  constructor(apiVersion: string, schema: StructSchema, others?: OtherVersions) {
    this.apiVersion = apiVersion;
    this.#schema = schema;
    this.#others = others;
  }

  schemaOf(apiVersion: string): StructSchema | undefined {
    return apiVersion === this.apiVersion ? this.#schema : this.#others?.schemaOf(apiVersion);
  }

  /** The object itself where the versions are the same. @throws ApiError */
  async convert(object: JsonObject, from: string, to: string): Promise<JsonObject> {
    if (from === to) return object;
    if (!this.#others) throw new Error(`${from} is not converted to ${to}`);
    return this.#others.convert(object, from, to);
  }
}
