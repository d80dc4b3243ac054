import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerdConfig, containerdConfig } from './containerd-config.ts';

const config: ContainerdConfig = {
  root: '/data/root',
  state: '/run/x/state',
  socket: '/run/x/c.sock',
  sandboxImage: 'registry.k8s.io/pause:3.10',
  cniBinDir: '/data/cni/bin',
  cniConfDir: '/data/cni/net.d',
  runtimeBinary: '/usr/sbin/runc',
};

test('the configuration keeps to its own places and asks for nothing the machine forbids', () => {
  const text = containerdConfig({ ...config, registryConfigDir: '/data/"certs"' });
  for (const line of [
    'version = 2',
    'root = "/data/root"',
    'address = "/run/x/c.sock"',
    'restrict_oom_score_adj = true',
    'stream_server_address = "127.0.0.1"',
    'BinaryName = "/usr/sbin/runc"',
    'conf_dir = "/data/cni/net.d"',
    'config_path = "/data/\\"certs\\""',
  ]) {
    assert.ok(text.split('\n').includes(line), line);
  }
});

test('without a registry folder there is no registry section', () => {
  assert.equal(containerdConfig(config).includes('.registry]'), false);
  assert.match(containerdConfig({ ...config, snapshotter: 'native' }), /^snapshotter = "native"$/m);
});
