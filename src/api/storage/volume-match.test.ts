import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim } from '../generated/types.ts';
import { findVolume, type MatchOptions, misfit } from './volume-match.ts';

const claim: PersistentVolumeClaim = {
  metadata: { namespace: 'default', name: 'data', uid: 'u1' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'slow',
  },
};

function volume(name: string, spec: PersistentVolume['spec'] = {}, phase = 'Available'): PersistentVolume {
  return {
    metadata: { name, labels: { disk: name } },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      storageClassName: 'slow',
      ...spec,
    },
    status: { phase },
  };
}

const onNode = (name: string): PersistentVolume['spec'] => ({
  nodeAffinity: {
    required: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] },
      ],
    },
  },
});
const node = (name: string) => ({ name, labels: { 'kubernetes.io/hostname': name } });
const reserved = { claimRef: { namespace: 'default', name: 'data' } };

const rows: [why: string, volumes: PersistentVolume[], found: string | undefined, options?: MatchOptions][] =
  [
    [
      'the smallest that is large enough',
      [
        volume('a', { capacity: { storage: '5Gi' } }),
        volume('b', { capacity: { storage: '1.5Gi' } }),
        volume('c', { capacity: { storage: '500Mi' } }),
      ],
      'b',
    ],
    ['only of its class', [volume('a', { storageClassName: '' })], undefined],
    ['only with its access modes', [volume('a', { accessModes: ['ReadOnlyMany'] })], undefined],
    ['only of its mode', [volume('a', { volumeMode: 'Block' })], undefined],
    [
      'only one that is free',
      [volume('a', {}, 'Released'), volume('b', { claimRef: { namespace: 'x', name: 'data', uid: 'u2' } })],
      undefined,
    ],
    [
      'one reserved for it before a smaller one',
      [volume('a'), volume('b', { ...reserved, capacity: { storage: '9Gi' } })],
      'b',
    ],
    [
      'not one reserved for an earlier claim of its name',
      [volume('a', { claimRef: { ...reserved.claimRef, uid: 'u0' } })],
      undefined,
    ],
    [
      'one that can be reached from the node',
      [volume('a', onNode('n1')), volume('b', onNode('n2'))],
      'b',
      { node: node('n2') },
    ],
    ['none, where only reserved ones count', [volume('a')], undefined, { onlyReserved: true }],
  ];
for (const [why, volumes, found, options] of rows) {
  test(`a claim gets ${why}`, () => {
    assert.equal(findVolume(claim, volumes, options)?.metadata?.name, found);
  });
}

test('a selector chooses among volumes', () => {
  const picky = { ...claim, spec: { ...claim.spec, selector: { matchLabels: { disk: 'b' } } } };
  assert.equal(findVolume(picky, [volume('a'), volume('b')])?.metadata?.name, 'b');
});

test('why a named volume does not do', () => {
  assert.equal(misfit(claim, volume('a')), undefined);
  assert.equal(misfit(claim, volume('a', { capacity: { storage: '1023Mi' } })), 'requested PV is too small');
  assert.equal(misfit(claim, volume('a', { storageClassName: 'fast' })), 'storageClassName does not match');
});
