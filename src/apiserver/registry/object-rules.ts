import { type Decoded, type DecodeOptions, decodeObject } from '../../api/decode/decode-object.ts';
import { decodePatchedObject } from '../../api/decode/patched-object.ts';
import type { JsonObject } from '../../api/json.ts';
import {
  allowsCreateOnUpdate,
  allowsUnconditionalUpdate,
  applyDefaults,
  prepareForCreate,
  prepareForStatusUpdate,
  prepareForUpdate,
  validateCreate,
  validateStatusUpdate,
  validateUpdate,
} from '../../api/kinds/registry.ts';
import type { GroupVersionKind, KubeObject } from '../../api/objects.ts';
import { kindSchema } from '../../api/schema/definitions.ts';
import type { StructSchema } from '../../api/schema/schema.ts';
import type { FieldError } from '../../api/status.ts';

/**
 * How the objects of one kind are read, completed and checked: from the tables of the built-in kinds, or from
 * a custom resource definition. Objects handed to `applyDefaults` and `prepare…` are fresh and changed in place.
 */
export interface ObjectRules {
  /** The shape of the objects, which apply goes by; undefined where the kind has none. */
  readonly schema: StructSchema | undefined;
  /** Whether strategic merge patches are taken. */
  readonly strategic: boolean;
  readonly createOnUpdate: boolean;
  readonly unconditionalUpdate: boolean;
  /** @throws ApiError 400 */
  decode(body: string | JsonObject, options: DecodeOptions): Decoded;
  /** @throws ApiError 422 */
  decodePatched(patched: JsonObject, options: DecodeOptions, patch?: unknown): Decoded;
  applyDefaults(object: KubeObject): void;
  prepareForCreate(object: KubeObject): void;
  prepareForUpdate(object: KubeObject, old: KubeObject): void;
  prepareForStatusUpdate(object: KubeObject, old: KubeObject): void;
  validateCreate(object: KubeObject): FieldError[] | Promise<FieldError[]>;
  validateUpdate(object: KubeObject, old: KubeObject): FieldError[] | Promise<FieldError[]>;
  validateStatusUpdate(object: KubeObject, old: KubeObject): FieldError[] | Promise<FieldError[]>;
}

/** The rules of a built-in kind. */
export function builtinRules(gvk: GroupVersionKind): ObjectRules {
  return {
    get schema() {
      return kindSchema(gvk);
    },
    strategic: true,
    createOnUpdate: allowsCreateOnUpdate(gvk),
    unconditionalUpdate: allowsUnconditionalUpdate(gvk),
    decode: (body, options) => decodeObject(body, gvk, options),
    decodePatched: (patched, options, patch) => decodePatchedObject(patched, gvk, options, patch),
    applyDefaults: object => applyDefaults(gvk, object),
    prepareForCreate: object => prepareForCreate(gvk, object),
    prepareForUpdate: (object, old) => prepareForUpdate(gvk, object, old),
    prepareForStatusUpdate: (object, old) => prepareForStatusUpdate(gvk, object, old),
    validateCreate: object => validateCreate(gvk, object),
    validateUpdate: (object, old) => validateUpdate(gvk, object, old),
    validateStatusUpdate: (object, old) => validateStatusUpdate(gvk, object, old),
  };
}
