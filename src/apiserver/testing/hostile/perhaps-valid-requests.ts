/** Requests changed at random, of which some are still what a server takes. */
import type { JsonObject } from '../../../api/json.ts';
import { encodeProtobuf } from '../../protobuf/encode.ts';
import type { Random } from '../../random.ts';
import type { HostileRequest } from './invalid-requests.ts';
import { pick, samples } from './samples.ts';

/** What is put in the place of any value. */
const oddities: unknown[] = [
  ...[null, 0, -1, 1e20, '', 'x', 'A_b', [], {}, [[]], [null], { a: null }, true, '\0'],
  ...['ä'.repeat(50), { constructor: 1 }, { '': '' }, [{ name: 'a' }, { name: 'a' }]],
];
const oddKeys = ['spec', 'status', '__proto__', 'metadata', 'constructor', 'finalizers', 'selector'];

function mutate(value: unknown, random: Random): unknown {
  if (random.integer(12) === 0) return pick(random, oddities);
  if (Array.isArray(value)) {
    const items = value.map(item => mutate(item, random));
    return random.integer(5) === 0 ? [...items, pick(random, oddities)] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [
    random.integer(25) === 0 ? pick(random, oddKeys) : key,
    mutate(member, random),
  ]);
  if (random.integer(8) === 0) members.push([pick(random, oddKeys), pick(random, oddities)]);
  return Object.fromEntries(members);
}

/** Bytes of which a few are others, and the end may be missing. */
function damaged(random: Random, whole: Buffer): Buffer {
  const bytes = Buffer.from(whole);
  for (let count = 1 + random.integer(4); count > 0; count--)
    bytes[random.integer(bytes.length)] = random.integer(256);
  return random.integer(3) === 0 ? bytes.subarray(0, random.integer(bytes.length)) : bytes;
}

const queries = [
  ...['', '', '', 'dryRun=All', 'fieldValidation=Strict', 'fieldManager=me', 'pretty=1'],
  ...['gracePeriodSeconds=0', 'propagationPolicy=Orphan', 'limit=1', 'resourceVersion=0'],
];
const types: Record<string, readonly string[]> = {
  POST: ['application/json', 'application/json', 'application/yaml'],
  PUT: ['application/json', 'application/json', 'application/yaml'],
  PATCH: ['application/merge-patch+json', 'application/json-patch+json', 'application/apply-patch+yaml'],
};

function operations(random: Random): JsonObject[] {
  return Array.from({ length: 1 + random.integer(3) }, () => ({
    op: pick(random, ['add', 'replace', 'remove', 'test', 'copy', 'move']),
    path: pick(random, [
      '/spec',
      '/metadata/labels',
      '/metadata/labels/a',
      '/data',
      '/a/b',
      '',
      '/metadata/-',
    ]),
    from: pick(random, ['/metadata/labels', '/spec', '/data', '/nothing']),
    value: pick(random, oddities),
  }));
}

export function perhapsValidRequest(random: Random): HostileRequest {
  const { collection, object } = pick(random, samples);
  const name = pick(random, ['a', 'b', 'c', 'd']);
  const method = pick(random, ['POST', 'POST', 'PUT', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'GET', 'DELETE']);
  const at =
    method === 'POST' ? collection : `${collection}/${name}${pick(random, ['', '', '', '', '/status'])}`;
  const path = `${at}?${pick(random, queries)}`;
  if (method === 'GET' || method === 'DELETE') return { method, path, headers: {} };
  const named = { ...object, metadata: { ...object.metadata, name } };
  if (method === 'POST' && random.integer(5) === 0) {
    const body = damaged(random, encodeProtobuf(named));
    return { method, path, headers: { 'content-type': 'application/vnd.kubernetes.protobuf' }, body };
  }
  const type = pick(random, types[method]!);
  const value = type.includes('json-patch') ? operations(random) : mutate(named, random);
  const text = Buffer.from(JSON.stringify(value) ?? '');
  const body = random.integer(8) === 0 ? damaged(random, text) : text;
  return { method, path, headers: { 'content-type': type }, body };
}
