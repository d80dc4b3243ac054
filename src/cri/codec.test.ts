import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage, encodeMessage } from './codec.ts';

test('bytes are those of the wire format', () => {
  const rows: [string, Buffer, string][] = [
    ['string', encodeMessage('VersionRequest', { version: 'v1' }), '0a027631'],
    ['zero is left out', encodeMessage('StopContainerRequest', { containerId: '', timeout: 0 }), ''],
    ['varint', encodeMessage('StopContainerRequest', { timeout: 300 }), '10ac02'],
    ['negative', encodeMessage('Int64Value', { value: -1 }), '08ffffffffffffffffff01'],
    ['map', encodeMessage('PodSandboxFilter', { labelSelector: { a: 'b' } }), '1a060a01611201' + '62'],
    ['packed', encodeMessage('PortForwardRequest', { port: [1, 300] }), '120301ac02'],
    ['enum', encodeMessage('NamespaceOption', { pid: 'NODE' }), '1002'],
    ['empty message', encodeMessage('LinuxPodSandboxConfig', { securityContext: {} }), '1200'],
    ['high field', encodeMessage('ImageSpec', { userSpecifiedImage: 'x' }), '920101' + '78'],
  ];
  for (const [name, bytes, hex] of rows) assert.equal(bytes.toString('hex'), hex, name);
});

test('what is encoded comes back, with zeros for what was left out', () => {
  const config = decodeMessage(
    'ContainerConfig',
    encodeMessage('ContainerConfig', {
      metadata: { name: 'web', attempt: 3 },
      envs: [{ key: 'A', value: 'ä' }],
      labels: { x: '1', y: '' },
      linux: {
        resources: { cpuQuota: -1, memoryLimitInBytes: 2 ** 40 },
        securityContext: { supplementalGroups: [1, 2000] },
      },
      tty: true,
      stopSignal: 'SIGQUIT',
    }),
  );
  assert.deepEqual(config.metadata, { name: 'web', attempt: 3 });
  assert.deepEqual(config.envs, [{ key: 'A', value: 'ä' }]);
  assert.deepEqual(config.labels, { x: '1', y: '' });
  assert.equal(config.linux?.resources?.cpuQuota, -1);
  assert.equal(config.linux?.resources?.memoryLimitInBytes, 2 ** 40);
  assert.deepEqual(config.linux?.securityContext?.supplementalGroups, [1, 2000]);
  assert.equal(config.tty, true);
  assert.equal(config.stdin, false);
  assert.equal(config.stopSignal, 'SIGQUIT');
  assert.deepEqual(config.mounts, []);
  assert.equal(config.image, undefined);
});

test('unknown fields are skipped, cut-off bytes refused', () => {
  const known = encodeMessage('VersionRequest', { version: 'v1' });
  const unknown = Buffer.from('f0010a' + 'fa0103616263' + 'f9010000000000000000' + 'fd0100000000', 'hex');
  assert.equal(decodeMessage('VersionRequest', Buffer.concat([unknown, known])).version, 'v1');
  assert.throws(() => decodeMessage('VersionRequest', known.subarray(0, 3)), RangeError);
  assert.throws(() => decodeMessage('Int64Value', Buffer.from('08ff', 'hex')), RangeError);
});

test('an enum value that does not exist is refused', () => {
  assert.throws(() => encodeMessage('NamespaceOption', { pid: 'POT' as 'POD' }), /pid has no value POT/);
});
