import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume, Pod } from '../../api/generated/types.ts';
import { ExclusiveVolumes } from './exclusive-volumes.ts';

const volumeOf = (...accessModes: string[]): PersistentVolume => ({
  metadata: { name: 'pv' },
  spec: { accessModes },
});
const podOf = (name: string, namespace = 'default'): Pod => ({
  metadata: { name, namespace, uid: name },
  spec: { containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
});
const taken = {
  message: 'volume uses the ReadWriteOncePod access mode and is already in use by another pod',
};

test('a volume for one pod is given to the first, and to the next when that has ended', () => {
  let pods = [podOf('a'), podOf('b'), podOf('c')];
  const volumes = new ExclusiveVolumes({ pods: () => pods, hasContainers: () => false });
  const take = (name: string) => volumes.take(podOf(name), 'data', volumeOf('ReadWriteOncePod'));
  take('a');
  take('a');
  assert.throws(() => take('b'), taken);
  assert.throws(() => take('c'), taken);
  pods = [podOf('b'), podOf('c')];
  take('c');
  assert.throws(() => take('b'), taken);
});

test('whose containers are there has it, also by an earlier agent', () => {
  const pods = [podOf('a'), podOf('b')];
  const volumes = new ExclusiveVolumes({ pods: () => pods, hasContainers: uid => uid === 'a' });
  assert.throws(() => volumes.take(podOf('b'), 'data', volumeOf('ReadWriteOncePod')), taken);
  volumes.take(podOf('a'), 'data', volumeOf('ReadWriteOncePod'));
});

test('other volumes are shared, and claims of other namespaces are others', () => {
  const pods = [podOf('a'), podOf('b'), podOf('c', 'other')];
  const volumes = new ExclusiveVolumes({ pods: () => pods, hasContainers: uid => uid === 'c' });
  volumes.take(podOf('a'), 'data', volumeOf('ReadWriteOnce'));
  volumes.take(podOf('b'), 'data', volumeOf('ReadWriteOnce'));
  volumes.take(podOf('a'), 'data', volumeOf('ReadWriteOnce', 'ReadWriteOncePod'));
  volumes.take(podOf('b'), 'data', volumeOf('ReadWriteOncePod'));
});
