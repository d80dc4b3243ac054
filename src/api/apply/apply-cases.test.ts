import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { typedResource } from '../custom/typed-schema.ts';
import type { JSONSchemaProps, ManagedFieldsEntry } from '../generated/types.ts';
import { isObject, type JsonObject } from '../json.ts';
import { ApiError } from '../status.ts';
import { applyConfiguration, trackUpdate } from './server-side-apply.ts';

interface Step {
  by: string;
  apply?: JsonObject;
  update?: JsonObject;
  force?: boolean;
  /** Under the schema that the definition has got since. */
  schema?: 'later';
}

interface Row {
  what: string;
  /** Where upstream tells or tests it. */
  source: string;
  steps: Step[];
  object?: JsonObject;
  /** `manager Operation` → fieldsV1. */
  owners?: Record<string, JsonObject> | null;
  /** What the last step wants and may not have: `manager Operation: .field`. */
  conflicts?: string[];
  /** Why the last step is refused. */
  error?: string;
}

const string: JSONSchemaProps = { type: 'string' };
const integer: JSONSchemaProps = { type: 'integer' };
const object = (properties: Record<string, JSONSchemaProps>): JSONSchemaProps => ({
  type: 'object',
  properties,
});
const mapOf = (additionalProperties: JSONSchemaProps): JSONSchemaProps => ({
  type: 'object',
  additionalProperties,
});
const listOf = (items: JSONSchemaProps): JSONSchemaProps => ({ type: 'array', items });
const setOf = (items: JSONSchemaProps): JSONSchemaProps => ({
  ...listOf(items),
  'x-kubernetes-list-type': 'set',
});
const keyed = (items: JSONSchemaProps, ...keys: string[]): JSONSchemaProps => ({
  ...listOf(items),
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});
const atomic = (schema: JSONSchemaProps): JSONSchemaProps => ({
  ...schema,
  'x-kubernetes-map-type': 'atomic',
});

const item = object({ name: string, value: string, labels: mapOf(string), set: setOf(string) });
const struct = object({ a: string, b: integer, inner: object({ c: string, d: string }) });
const schemas = {
  first: typedResource(
    object({
      num: integer,
      text: string,
      flag: { type: 'boolean' },
      labels: mapOf(string),
      atomicMap: atomic(mapOf(string)),
      atomicStruct: atomic(object({ a: string, b: string })),
      struct,
      set: setOf(string),
      numbers: setOf(integer),
      atoms: listOf(string),
      items: keyed(item, 'name'),
      ports: keyed(
        object({ port: integer, protocol: { ...string, default: 'TCP' }, name: string }),
        'port',
        'protocol',
      ),
      atomicItems: listOf(item),
      mapOfMaps: mapOf(mapOf(string)),
      mapOfSets: mapOf(setOf(string)),
    }),
  ),
  later: typedResource(
    object({
      labels: atomic(mapOf(string)),
      set: listOf(string),
      atoms: setOf(string),
      atomicMap: mapOf(string),
      items: listOf(item),
      struct: atomic(struct),
    }),
  ),
};

const head = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'thing' } };

async function take(live: JsonObject | undefined, step: Step): Promise<JsonObject> {
  const { apiVersion, kind } = head;
  const management = {
    schema: schemas[step.schema ?? 'first'],
    apiVersion,
    kind,
    manager: step.by,
    now: '2030-01-01T00:00:00Z',
  };
  if (step.apply) {
    const force = step.force ?? false;
    return (await applyConfiguration(live, { ...head, ...step.apply }, { ...management, force })).object;
  }
  const next = { ...head, ...step.update };
  const managedFields = await trackUpdate(live, next, management);
  return { ...next, metadata: { ...head.metadata, ...(managedFields && { managedFields }) } };
}

function ownersOf(live: JsonObject | undefined): Record<string, unknown> {
  const metadata = isObject(live?.metadata) ? live.metadata : {};
  const entries = (metadata.managedFields ?? []) as ManagedFieldsEntry[];
  return Object.fromEntries(
    entries.map(({ manager, operation, fieldsV1 }) => [`${manager} ${operation}`, fieldsV1]),
  );
}

function conflictsOf(error: ApiError): string[] {
  assert.equal(error.code, 409);
  return error.status
    .details!.causes!.map(({ message, field }) => {
      const [, manager, using] = /^conflict with "(.*?)"( using example\.com\/v1)?$/.exec(message!)!;
      return `${manager} ${using ? 'Update' : 'Apply'}: ${field}`;
    })
    .sort();
}

const file = new URL('apply-cases.yaml', import.meta.url);
for (const row of parse(readFileSync(file, 'utf8')) as Row[]) {
  test(`${row.what} (${row.source})`, async () => {
    let live: JsonObject | undefined;
    let refusal: ApiError | undefined;
    for (const [at, step] of row.steps.entries()) {
      try {
        live = await take(live, step);
      } catch (error) {
        if (!(error instanceof ApiError) || at < row.steps.length - 1) throw error;
        refusal = error;
      }
    }
    if (row.error !== undefined) {
      const prefix = 'failed to create typed patch object (/thing; example.com/v1, Kind=Thing): ';
      assert.deepEqual([refusal?.code, refusal?.message], [500, prefix + row.error]);
      return;
    }
    assert.deepEqual(refusal ? conflictsOf(refusal) : undefined, row.conflicts);
    const { apiVersion: _, kind: __, metadata: ___, ...content } = live!;
    assert.deepEqual(content, row.object);
    assert.deepEqual(ownersOf(live), row.owners ?? {});
  });
}
