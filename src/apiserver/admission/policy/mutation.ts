import { mergeTyped } from '../../../api/apply/merge.ts';
import { atomicPaths, checkTyped, TypedError } from '../../../api/apply/typed-value.ts';
import { toJson } from '../../../api/cel/json.ts';
import type { CostBudget } from '../../../api/cel/meter.ts';
import { ListValue, MapValue, ObjectValue, type Value } from '../../../api/cel/values.ts';
import { isObject, type JsonObject } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { isFailedTest, jsonPatch } from '../../../api/patch/json-patch.ts';
import type { StructSchema } from '../../../api/schema/schema.ts';
import { ApiError } from '../../../api/status.ts';
import { cloneJson } from '../../objects/decoded.ts';
import type { CompiledMutation } from './policy-programs.ts';
import { failure } from './validation.ts';

/** A mutation that cannot be made: up to the policy's failurePolicy. */
export class MutationError extends Error {}

/**
 * What a mutation makes of an object, which is left as it is (upstream: mutating/patch).
 * @throws MutationError
 */
export function mutate(
  { kind, expression, program }: CompiledMutation,
  object: KubeObject,
  schema: StructSchema | undefined,
  bindings: Readonly<Record<string, unknown>>,
  budget: CostBudget,
): unknown {
  if (program.error !== undefined) throw new MutationError(program.error);
  const { value, error } = program.program.evaluate(bindings, budget);
  if (error !== undefined) throw new MutationError(failure(expression, error));
  return kind === 'apply' ? applied(value, object, schema) : patched(value, object);
}

function applied(value: Value, object: KubeObject, schema: StructSchema | undefined): unknown {
  if (!(value instanceof ObjectValue)) {
    throw new MutationError('unsupported return type from ApplyConfiguration expression');
  }
  checkTypeNames(value, 'Object');
  const { apiVersion, kind } = object;
  const configuration = { ...(toJson(value) as JsonObject), apiVersion, kind };
  if (!schema) return mergeTyped(object, configuration, undefined);
  try {
    checkTyped(configuration, schema);
    const atomics = atomicPaths(configuration, schema);
    if (atomics.length > 0) {
      const why = `may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`;
      throw new MutationError(`error applying patch: invalid ApplyConfiguration: ${why}`);
    }
    return mergeTyped(object, configuration, schema);
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    const why = `failed to convert patch object to typed object: ${error.message}`;
    throw new MutationError(`error applying patch: ${why}`);
  }
}

/** Objects that are made stand at the place their names say: `Object.spec` below `spec`. */
function checkTypeNames(value: Value, path: string): void {
  if (value instanceof ListValue) for (const item of value) checkTypeNames(item, path);
  else if (value instanceof MapValue) {
    for (const key of value.keys()) checkTypeNames(value.get(key)!, path);
  } else if (value instanceof ObjectValue && value.type.name.startsWith('Object')) {
    if (value.type.name !== path) {
      const expected = `expected "${path}", which matches field name path from root Object type`;
      throw new MutationError(`type mismatch: unexpected type name "${value.type.name}", ${expected}`);
    }
    for (const name of value.source.names()) checkTypeNames(value.get(name)!, `${path}.${name}`);
  }
}

function patched(value: Value, object: KubeObject): unknown {
  const operations = (toJson(value) as unknown[]).map(operation => {
    if (!isObject(operation)) throw new MutationError('JSONPatch expressions must give a list of JSONPatch');
    const { op, path, from, value: given } = operation;
    return {
      op,
      path: path ?? '',
      ...(from ? { from } : {}),
      ...('value' in operation ? { value: given } : {}),
    };
  });
  try {
    return jsonPatch(cloneJson(object), operations);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A test that fails means that there is nothing to patch.
    if (isFailedTest(error)) return cloneJson(object);
    throw new MutationError(
      `JSONPath: ${error.cause instanceof Error ? error.cause.message : error.message}`,
    );
  }
}
