/** What must hold for whatever configurations there are, tried on ones made from the schemas with a fixed seed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../json.ts';
import { formatApiVersion } from '../objects.ts';
import { kindSchema } from '../schema/definitions.ts';
import { randomStruct, SeededRandom } from '../testing/random-values.ts';
import { applyConfiguration } from './server-side-apply.ts';

const kinds = [
  { group: '', version: 'v1', kind: 'Pod' },
  { group: '', version: 'v1', kind: 'Service' },
  { group: '', version: 'v1', kind: 'ConfigMap' },
  { group: 'apps', version: 'v1', kind: 'Deployment' },
  { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress' },
];
const rounds = 30;

for (const gvk of kinds) {
  const schema = kindSchema(gvk)!;
  const apiVersion = formatApiVersion(gvk.group, gvk.version);
  const random = new SeededRandom(1128);
  const configuration = (): JsonObject => {
    const config = randomStruct(random, schema);
    return { ...config, apiVersion, kind: gvk.kind, metadata: { name: 'x', namespace: 'default' } };
  };
  let second = 0;
  const apply = (live: JsonObject | undefined, config: JsonObject, manager: string, force = false) => {
    const now = `2030-01-01T00:00:${String(second++ % 60).padStart(2, '0')}Z`;
    const context = { schema, apiVersion, kind: gvk.kind, manager, now, force };
    return applyConfiguration(live, config, context);
  };

  test(`${gvk.kind}: what is applied twice changes nothing the second time, nor when it was applied`, async () => {
    for (let n = 0; n < rounds; n++) {
      const config = configuration();
      const { object } = await apply(undefined, config, 'one');
      const again = await apply(object, config, 'one');
      assert.deepEqual([again.changed, again.object], [false, object]);
    }
  });

  test(`${gvk.kind}: appliers of different fields never conflict, in whatever order they come`, async () => {
    for (let n = 0; n < rounds; n++) {
      const config = configuration();
      const { metadata, kind, ...rest } = config;
      const [mine, theirs] = split(random, rest);
      const head = { apiVersion, kind, metadata };
      const [first, second] = [
        { ...mine, ...head },
        { ...theirs, ...head },
      ] as JsonObject[];
      const both = async (a: JsonObject, by: string, b: JsonObject, next: string) =>
        (await apply((await apply(undefined, a, by)).object, b, next)).object;
      const there = await both(first!, 'one', second!, 'two');
      const back = await both(second!, 'two', first!, 'one');
      assert.deepEqual(contents(there), contents(back));
      assert.equal((await apply(there, first!, 'one')).changed, false);
    }
  });

  test(`${gvk.kind}: who applies another configuration by force is left with just that`, async () => {
    for (let n = 0; n < rounds; n++) {
      const [first, second] = [configuration(), configuration()];
      const live = (await apply(undefined, first, 'one')).object;
      const next = (await apply(live, second, 'one', true)).object;
      const fresh = (await apply(undefined, second, 'one')).object;
      // Maps and lists that lost their members may stay behind empty or as null, as upstream's do.
      assert.deepEqual(pruned(contents(next)), pruned(contents(fresh)));
    }
  });
}

/** The members of an object and of its `spec` and the like, each given to one of two. */
function split(random: SeededRandom, object: JsonObject, depth = 0): [JsonObject, JsonObject] {
  const halves: [JsonObject, JsonObject] = [{}, {}];
  for (const [key, value] of Object.entries(object)) {
    const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isPlain && depth === 0 && ['spec', 'data'].includes(key)) {
      const inner = split(random, value as JsonObject, depth + 1);
      for (const [half, members] of [
        [halves[0], inner[0]],
        [halves[1], inner[1]],
      ] as const) {
        if (Object.keys(members).length > 0) half[key] = members;
      }
    } else halves[random.integer(2)]![key] = value;
  }
  return halves;
}

function contents(object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata as JsonObject;
  return { ...object, metadata };
}

function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value)
    .map(([key, member]) => [key, pruned(member)] as const)
    .filter(([, member]) => member !== null)
    .filter(([, member]) => typeof member !== 'object' || Object.keys(member as object).length > 0);
  return Object.fromEntries(kept);
}
