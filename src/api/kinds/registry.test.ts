import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareForStatusUpdate, prepareForUpdate, validateCreate, validateUpdate } from './registry.ts';

const unknown = { group: 'example.com', version: 'v1', kind: 'Thing' };

test('unknown kinds get metadata validation', () => {
  const found = validateCreate(unknown, { metadata: { name: 'A_b', labels: { 'a/b/c': 'x y' } } });
  assert.deepEqual(
    found.map(f => `${f.field}: ${f.message}`),
    [
      `metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      `metadata.labels: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      `metadata.labels: Invalid value: "x y": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
  );
});

test('an update keeps what the server set, and may not rename', () => {
  const old = {
    metadata: { name: 'a', namespace: 'n', uid: 'u', creationTimestamp: 'then', resourceVersion: '1' },
  };
  const fresh = { metadata: { name: 'b', namespace: 'n', resourceVersion: '1', creationTimestamp: 'now' } };
  prepareForUpdate(unknown, fresh, old);
  assert.equal(fresh.metadata.creationTimestamp, 'then');
  assert.deepEqual(
    validateUpdate(unknown, fresh, old).map(f => `${f.field}: ${f.message}`),
    ['metadata.name: Invalid value: "b": field is immutable'],
  );
});

test('a status update changes nothing but status and metadata', () => {
  const old = { metadata: { name: 'a' }, spec: { x: 1 }, status: { y: 1 } };
  const fresh = { metadata: { name: 'a' }, spec: { x: 2 }, other: 1, status: { y: 2 } };
  prepareForStatusUpdate(unknown, fresh, old);
  assert.deepEqual(fresh, { metadata: { name: 'a' }, spec: { x: 1 }, status: { y: 2 } });
});

test('new finalizers are refused while the object is being deleted', () => {
  const meta = { name: 'a', resourceVersion: '1', deletionTimestamp: 'then' };
  const old = { metadata: { ...meta, finalizers: ['x/y'] } };
  const fresh = { metadata: { ...meta, finalizers: ['x/y', 'x/z'] } };
  assert.deepEqual(
    validateUpdate(unknown, fresh, old).map(f => f.message),
    [
      'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x/z"}',
    ],
  );
});
