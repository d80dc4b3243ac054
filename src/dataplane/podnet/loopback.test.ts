import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const plugin = fileURLToPath(new URL('./loopback', import.meta.url));

function run(command: string, config: string) {
  const env = { CNI_COMMAND: command, CNI_NETNS: '/run/netns/a', CNI_CONTAINERID: 'c', CNI_IFNAME: 'lo' };
  const { status, stdout } = spawnSync(plugin, [], { env, input: config, encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout === '' ? undefined : JSON.parse(stdout);
}

const address = { address: '127.0.0.1/8', interface: 0 };
const rows = [
  {
    name: 'the configuration of containerd 1.6',
    config: '{"cniVersion":"0.3.1","name":"cni-loopback","type":"loopback"}',
    version: '0.3.1',
    ips: [{ version: '4', ...address }],
  },
  {
    name: 'a newer one, over several lines',
    config: '{\n  "name": "lo",\n  "cniVersion": "1.0.0",\n  "type": "loopback"\n}\n',
    version: '1.0.0',
    ips: [address],
  },
  {
    name: 'one that names no version',
    config: '{"name":"lo"}',
    version: '0.4.0',
    ips: [{ version: '4', ...address }],
  },
];

for (const { name, config, version, ips } of rows) {
  test(`loopback answers ${name}`, () => {
    assert.deepEqual(run('ADD', config), {
      cniVersion: version,
      interfaces: [{ name: 'lo', mac: '00:00:00:00:00:00', sandbox: '/run/netns/a' }],
      ips,
      dns: {},
    });
  });
}

test('loopback has nothing to say to DEL and CHECK, and tells its versions', () => {
  assert.equal(run('DEL', rows[0]!.config), undefined);
  assert.equal(run('CHECK', rows[0]!.config), undefined);
  assert.deepEqual(run('VERSION', '{}').supportedVersions, ['0.3.0', '0.3.1', '0.4.0', '1.0.0']);
});
