import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHierarchies } from './hierarchies.ts';

const v1 = (path: string, controllers: string) =>
  `30 25 0:26 / /sys/fs/cgroup/${path} rw,relatime - cgroup cgroup rw,${controllers}`;
const v2 = (path: string) => `31 25 0:27 / ${path} rw,relatime - cgroup2 cgroup2 rw`;

const rows: [what: string, lines: string[], version: number | undefined, paths: string[]][] = [
  ['version 2', [v2('/sys/fs/cgroup')], 2, ['/sys/fs/cgroup']],
  [
    'hybrid, controllers apart',
    [
      v1('cpu', 'cpu'),
      v1('cpuacct', 'cpuacct'),
      v1('memory', 'memory'),
      v1('cpuset', 'cpuset'),
      v2('/sys/fs/cgroup/unified'),
    ],
    1,
    ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpuacct'],
  ],
  [
    'version 1, controllers together, mounted twice',
    [v1('cpu,cpuacct', 'cpu,cpuacct'), v1('again', 'cpu,cpuacct'), v1('pids', 'pids')],
    1,
    ['/sys/fs/cgroup/cpu,cpuacct', '/sys/fs/cgroup/pids'],
  ],
  [
    'a hybrid with systemd only in version 1',
    [v1('systemd', 'name=systemd'), v2('/sys/fs/cgroup')],
    2,
    ['/sys/fs/cgroup'],
  ],
  ['none', ['22 1 0:20 / / rw - ext4 /dev/sda rw'], undefined, []],
];

for (const [what, lines, version, paths] of rows) {
  test(`control groups: ${what}`, () => {
    const found = readHierarchies(lines.join('\n'));
    assert.equal(found?.version, version);
    assert.deepEqual(found?.roots.map(root => root.path) ?? [], paths);
  });
}
