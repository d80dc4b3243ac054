/** Requests of which each is wrong by the way it is made: a server that takes one, or fails on one, is at fault. */
import type { JsonObject } from '../../../api/json.ts';
import type { Random } from '../../random.ts';
import { invalidBody } from './invalid-bodies.ts';
import { pick, type Sample, samples } from './samples.ts';

export interface HostileRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
}

const jsonType = { 'content-type': 'application/json' };
const path = ({ collection, object }: Sample) => `${collection}/${object.metadata.name}`;
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

function odd(random: Random): HostileRequest {
  const { collection, type, bytes: body } = invalidBody(random);
  return { method: 'POST', path: collection, headers: { 'content-type': type }, body };
}

const oddPaths = [
  '/api/v1/nothing',
  '/api/v7/pods',
  '/apis/apps/v9/deployments',
  '/apis/none.example.com/v1/things',
  '/api/v1/namespaces/default/pods/p/nothing',
  '/api/v1/namespaces/default/configmaps/%00',
  '/api/v1/namespaces/default/configmaps/%zz',
  '/api/v1/namespaces/default/configmaps/..%2f..%2fsecrets',
  `/api/v1/namespaces/default/configmaps/${'n'.repeat(2000)}`,
  '/api/v1/namespaces/default/configmaps/m/status',
  '/api/v1/namespaces/Nowhere/configmaps/m',
  '/api/v1/namespaces/default/nodes/n',
  '/apis/apps/v1/pods/p',
  '/api/v1/watch',
];

/** Methods that a collection, or an object, does not have. */
const oddMethods: [where: 'collection' | 'object', method: string][] = [
  ['collection', 'PUT'],
  ['collection', 'PATCH'],
  ['collection', 'BREW'],
  ['object', 'POST'],
  ['object', 'PROPFIND'],
  ['object', 'OPTIONS'],
];

function wrongPath(random: Random): HostileRequest {
  const sample = pick(random, samples);
  if (random.integer(3) === 0) {
    const [where, method] = pick(random, oddMethods);
    const at = where === 'object' ? path(sample) : sample.collection;
    return { method, path: at, headers: jsonType, body: bytes(sample.object) };
  }
  if (random.integer(3) === 0) {
    const absent = `${sample.collection}/absent-${random.integer(1000)}`;
    const [method, body] = pick<[string, object | undefined]>(random, [
      ['GET', undefined],
      ['DELETE', undefined],
      ['PATCH', {}],
    ]);
    if (!body) return { method, path: absent, headers: {} };
    return { method, path: absent, headers: { 'content-type': mergeType }, body: bytes(body) };
  }
  const method = pick(random, ['GET', 'DELETE', 'PUT', 'PATCH']);
  const at = pick(random, oddPaths);
  if (method === 'GET' || method === 'DELETE') return { method, path: at, headers: {} };
  return { method, path: at, headers: { 'content-type': mergeType }, body: bytes({}) };
}

const listQueries = [
  'labelSelector=a%3D%3D%3Db',
  'labelSelector=!!!',
  'labelSelector=a%20in%20(b',
  `labelSelector=${'x'.repeat(300)}`,
  'fieldSelector=spec.nowhere%3Dx',
  'fieldSelector=metadata.name',
  'limit=many',
  'limit=9223372036854775808',
  'continue=%FF%FE',
  'continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIuLi9cdTAwMDAifQ',
  'resourceVersion=x',
  'resourceVersion=-5',
  'resourceVersion=1&resourceVersionMatch=Sideways',
  'resourceVersionMatch=Exact',
  'resourceVersion=0&resourceVersionMatch=Exact',
  'timeoutSeconds=soon',
];
const watchQueries = [
  'watch=1&resourceVersion=x',
  'watch=1&resourceVersion=1&resourceVersionMatch=Exact',
  'watch=1&sendInitialEvents=true',
  'watch=1&sendInitialEvents=true&resourceVersionMatch=Exact',
  'watch=1&timeoutSeconds=99999999999999999999',
  'watch=1&labelSelector=!!!',
  'watch=1&fieldSelector=spec.nowhere%3Dx',
];
const writeQueries = [
  'dryRun=Some',
  'fieldValidation=Loose',
  `fieldManager=${'m'.repeat(200)}`,
  'fieldManager=%07',
];

function wrongQuery(random: Random): HostileRequest {
  const sample = pick(random, samples);
  if (random.integer(3) === 0) {
    const at = `${path(sample)}?${pick(random, writeQueries)}`;
    return { method: 'PUT', path: at, headers: jsonType, body: bytes(sample.object) };
  }
  const query = pick(random, random.integer(2) ? listQueries : watchQueries);
  return { method: 'GET', path: `${sample.collection}?${query}`, headers: {} };
}

function wrongHeader(random: Random): HostileRequest {
  const sample = pick(random, samples);
  const body = bytes({ ...sample.object, metadata: { name: 'fresh' } });
  const types = [
    'text/html',
    'application/cbor',
    'application/x',
    'image/png',
    'application/jsonx',
    'multipart/form-data',
  ];
  const patches = ['application/json', 'application/yaml', 'text/plain', 'application/strategic-merge-patch'];
  switch (random.integer(4)) {
    case 0:
      return {
        method: 'POST',
        path: sample.collection,
        headers: { 'content-type': pick(random, types) },
        body,
      };
    case 1:
      return {
        method: 'PATCH',
        path: path(sample),
        headers: { 'content-type': pick(random, patches) },
        body,
      };
    case 2: {
      const accept = pick(random, ['text/html', 'image/*', 'application/cbor', 'application/x;q=1']);
      return { method: 'GET', path: path(sample), headers: { accept } };
    }
    default: {
      const headers = pick<Record<string, string>>(random, [
        { 'impersonate-group': 'system:masters' },
        { 'impersonate-user': '', 'impersonate-group': 'x' },
        { 'impersonate-user': 'nobody' },
        { 'impersonate-user': 'system:serviceaccount:default:nobody' },
        { 'impersonate-uid': '1' },
        { 'impersonate-extra-a': 'b' },
      ]);
      return { method: 'GET', path: path(sample), headers };
    }
  }
}

const uid = '00000000-0000-4000-8000-000000000000';

const strategicType = 'application/strategic-merge-patch+json';
const mergeType = 'application/merge-patch+json';
const jsonPatchType = 'application/json-patch+json';
const applyType = 'application/apply-patch+yaml';

/** Patches that fail on every object of the samples. */
const wrongPatches: [type: string, patch: unknown, query?: string][] = [
  [strategicType, '{'],
  [strategicType, []],
  [strategicType, { metadata: { $retainKeys: 7 } }],
  [strategicType, { metadata: { $retainKeys: ['name'], labels: { x: 'y' } } }],
  [strategicType, { metadata: { $deleteFromPrimitiveList: ['x'] } }],
  [strategicType, { metadata: { $setElementOrder: ['x'] } }],
  [strategicType, { metadata: { labels: { 'a/b/c': 'x' } } }],
  [strategicType, { metadata: { labels: 'x' } }],
  [strategicType, { metadata: { uid } }],
  [strategicType, { metadata: { finalizers: [['x']] } }],
  [mergeType, '{"a":'],
  [mergeType, 'x'],
  [mergeType, { metadata: { labels: { a: 1 } } }],
  [mergeType, { metadata: { name: 'other' } }],
  [mergeType, { metadata: { resourceVersion: '1' } }],
  [mergeType, { metadata: { resourceVersion: 'x' } }],
  [mergeType, { metadata: { uid } }],
  [mergeType, { metadata: 'x' }],
  [mergeType, { metadata: { ownerReferences: [{}] } }],
  [mergeType, {}, 'force=true'],
  [jsonPatchType, {}],
  [jsonPatchType, [1]],
  [jsonPatchType, [{ op: 'spin', path: '/metadata' }]],
  [jsonPatchType, [{ op: 'test', path: '/metadata/name', value: 'other' }]],
  [jsonPatchType, [{ op: 'remove', path: '/metadata/nothing/at/all' }]],
  [jsonPatchType, [{ op: 'add', path: '/metadata/labels', value: 7 }]],
  [jsonPatchType, [{ op: 'move', from: '/metadata', path: '/metadata/labels' }]],
  [jsonPatchType, [{ op: 'replace', path: '', value: 'x' }]],
  [jsonPatchType, Array(10_001).fill({ op: 'test', path: '/metadata/name', value: 'x' })],
  [applyType, 'a: [b', 'fieldManager=x'],
  [applyType, '- x', 'fieldManager=x'],
  [applyType, { apiVersion: 'v9', kind: 'Pod' }, 'fieldManager=x'],
  [applyType, {}],
  [applyType, {}, `fieldManager=${'m'.repeat(200)}`],
];

function wrongPatch(random: Random): HostileRequest {
  const [type, patch, query] = pick(random, wrongPatches);
  const at = path(pick(random, samples));
  return {
    method: 'PATCH',
    path: query ? `${at}?${query}` : at,
    headers: { 'content-type': type },
    body: bytes(patch),
  };
}

function wrongWrite(random: Random): HostileRequest {
  const sample = pick(random, samples);
  const { object, collection } = sample;
  const put = (metadata: JsonObject): HostileRequest => ({
    method: 'PUT',
    path: path(sample),
    headers: jsonType,
    body: bytes({ ...object, metadata: { ...object.metadata, ...metadata } }),
  });
  switch (random.integer(6)) {
    case 0:
      return put({ name: 'other' });
    case 1:
      return put(pick<JsonObject>(random, [{ resourceVersion: '1' }, { resourceVersion: 'x' }, { uid }]));
    case 2:
      return { method: 'POST', path: collection, headers: jsonType, body: bytes(object) };
    case 3: {
      const options = pick<unknown>(random, [
        { preconditions: { uid } },
        { preconditions: { resourceVersion: '1' } },
        { propagationPolicy: 'Sideways' },
        { dryRun: ['Some'] },
        { gracePeriodSeconds: 'x' },
        '{',
        [],
      ]);
      return { method: 'DELETE', path: path(sample), headers: jsonType, body: bytes(options) };
    }
    case 4: {
      const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'd' } };
      const body = pick<unknown>(random, [
        { ...scale, spec: { replicas: -1 } },
        { ...scale, metadata: { name: 'other' } },
        { ...scale, kind: 'Deployment' },
        'x',
      ]);
      const at = '/apis/apps/v1/namespaces/default/deployments/d/scale';
      return { method: 'PUT', path: at, headers: jsonType, body: bytes(body) };
    }
    default: {
      const body = pick<unknown>(random, [
        {},
        { target: { name: '' } },
        'x',
        { kind: 'Pod', apiVersion: 'v1' },
      ]);
      return { method: 'POST', path: `${path(samples[1]!)}/binding`, headers: jsonType, body: bytes(body) };
    }
  }
}

const makers = [odd, odd, odd, odd, wrongPath, wrongQuery, wrongHeader, wrongPatch, wrongPatch, wrongWrite];

export function invalidRequest(random: Random): HostileRequest {
  return pick(random, makers)(random);
}
