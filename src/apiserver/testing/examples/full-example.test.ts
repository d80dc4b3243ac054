import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isObject } from '../../../api/json.ts';
import { builtinResources } from '../../../api/resources.ts';
import { definitionSchema, kindSchema } from '../../../api/schema/definitions.ts';
import type { Schema } from '../../../api/schema/schema.ts';
import { fullExamples } from './full-example.ts';

const created = builtinResources.filter(({ verbs }) => verbs.includes('create'));
const ofServer = ['apiVersion', 'kind', 'metadata', 'status'];

/** The fields that objects may have, by definition, status apart. */
function reachable(schema: Schema, found: Map<string, Set<string>>): void {
  if (schema.kind === 'list') reachable(schema.items, found);
  else if (schema.kind === 'map') reachable(schema.values, found);
  else if (schema.kind === 'struct' && schema.definition !== 'meta.v1.ObjectMeta') {
    if (found.has(schema.definition)) return;
    const isKind = schema.fields.has('metadata');
    const names = [...schema.fields.keys()].filter(name => !isKind || !ofServer.includes(name));
    found.set(schema.definition, new Set(names));
    for (const name of names) reachable(schema.fields.get(name)!.schema, found);
  }
}

/** Takes away the fields that `value` has. */
function strike(value: unknown, schema: Schema, left: Map<string, Set<string>>): void {
  if (schema.kind === 'list') for (const item of value as unknown[]) strike(item, schema.items, left);
  else if (!isObject(value) || schema.kind === 'scalar') return;
  else if (schema.kind === 'map')
    for (const member of Object.values(value)) strike(member, schema.values, left);
  else {
    for (const [name, member] of Object.entries(value)) {
      left.get(schema.definition)?.delete(name);
      const field = schema.fields.get(name);
      assert.ok(field, `${schema.definition} has no ${name}`);
      strike(member, field.schema, left);
    }
  }
}

test('the examples set every field there is, but those that no new object may have', () => {
  const left = new Map<string, Set<string>>();
  for (const resource of created) reachable(kindSchema(resource)!, left);
  for (const resource of created) {
    for (const example of fullExamples(resource)) strike(example, kindSchema(resource)!, left);
  }
  const unset = [...left]
    .filter(([, fields]) => fields.size > 0)
    .map(([name, fields]) => [name, [...fields]]);
  assert.deepEqual(Object.fromEntries(unset), neverSet);
});

const neverSet: Record<string, string[]> = {
  // Refused by the API, or of earlier versions of it.
  'apiextensions.v1.CustomResourceDefinitionSpec': ['preserveUnknownFields'],
  'apiextensions.v1.JSONSchemaProps': [
    '$ref',
    '$schema',
    'additionalItems',
    'definitions',
    'dependencies',
    'id',
    'patternProperties',
    'uniqueItems',
  ],
  'core.v1.NodeSpec': ['configSource', 'externalID'],
  'core.v1.NodeConfigSource': ['configMap'],
  'core.v1.ConfigMapNodeConfigSource': ['kubeletConfigKey', 'name', 'namespace', 'resourceVersion', 'uid'],
  'discovery.v1.Endpoint': ['deprecatedTopology'],
  'events.v1.Event': [
    'deprecatedCount',
    'deprecatedFirstTimestamp',
    'deprecatedLastTimestamp',
    'deprecatedSource',
  ],
  // Of the level named `exempt` only, which the server makes.
  'flowcontrol.v1.ExemptPriorityLevelConfiguration': ['lendablePercent', 'nominalConcurrencyShares'],
  'flowcontrol.v1.PriorityLevelConfigurationSpec': ['exempt'],
  // What the server writes itself: who asked.
  'certificates.v1.CertificateSigningRequestSpec': ['extra', 'groups', 'uid', 'username'],
  // Written and never read.
  'core.v1.Secret': ['stringData'],
  // Of pods that run.
  'core.v1.PodSpec': ['ephemeralContainers', 'schedulingGroup'],
  'core.v1.EphemeralContainer': [...definitionSchema('core.v1.EphemeralContainer')!.fields.keys()],
  // Behind feature gates that are off.
  'core.v1.PodSchedulingGroup': ['podGroupName'],
  'resource.v1.Device': ['nodeAllocatableResourceMappings'],
  'resource.v1.NodeAllocatableResourceMapping': ['allocationMultiplier', 'capacityKey'],
  'resource.v1.DeviceAttribute': ['bools', 'ints', 'strings', 'versions'],
};
