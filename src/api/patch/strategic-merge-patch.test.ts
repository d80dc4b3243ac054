import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { equalJson, type JsonObject } from '../json.ts';
import { kindSchema } from '../schema/definitions.ts';
import type { ApiError } from '../status.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

interface Row {
  what: string;
  /** Where upstream tells or tests it. */
  source: string;
  kind: string;
  live: JsonObject;
  patch: JsonObject;
  result?: JsonObject;
  /** Of the answer, where the patch is refused. */
  code?: number;
  /** The reason, which a client of the API is not always told. */
  error?: string;
}

const groups: Record<string, string> = { Deployment: 'apps' };
const schemaOf = (kind: string) => kindSchema({ group: groups[kind] ?? '', version: 'v1', kind })!;

const file = new URL('strategic-merge-cases.yaml', import.meta.url);
for (const row of parse(readFileSync(file, 'utf8')) as Row[]) {
  test(`${row.what} (${row.source})`, () => {
    const before = structuredClone([row.live, row.patch]);
    const merge = () => strategicMergePatch(row.live, row.patch, schemaOf(row.kind));
    if (row.error === undefined) {
      const result = merge();
      assert.ok(equalJson(result, row.result), `${JSON.stringify(result)}\n${JSON.stringify(row.result)}`);
    } else {
      assert.throws(merge, (error: ApiError) => {
        const reason = error.cause instanceof Error ? error.cause.message : error.message;
        assert.deepEqual([error.code, reason.trim()], [row.code, row.error]);
        return true;
      });
    }
    assert.deepEqual([row.live, row.patch], before);
  });
}

test('a patch must be an object', () => {
  assert.throws(() => strategicMergePatch({}, [], schemaOf('Pod')), {
    code: 400,
    message: 'invalid JSON document',
  });
});
