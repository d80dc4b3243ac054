import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FakeClock } from '../../base/fake-clock.ts';
import { LinuxCgroups } from './linux-cgroups.ts';

/** Control groups of a machine whose hierarchies are folders with these files. */
function machine(t: TestContext, mounts: string[], files: Record<string, string>): LinuxCgroups {
  const root = mkdtempSync(join(tmpdir(), 'causeway-cgroups-'));
  t.after(() => rmSync(root, { recursive: true }));
  const mountinfo = join(root, 'mountinfo');
  writeFileSync(mountinfo, mounts.map(line => line.replace('ROOT', root)).join('\n'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return new LinuxCgroups({ clock: new FakeClock() }, { mountinfo });
}

test('usage under version 2', async t => {
  const cgroups = machine(t, ['31 25 0:27 / ROOT rw - cgroup2 cgroup2 rw'], {
    'a/b/memory.current': '10000\n',
    'a/b/memory.stat':
      'anon 3000\nfile 6000\nshmem 500\ninactive_anon 7\ninactive_file 4000\npgfault 12\npgmajfault 2\n',
    'a/b/cpu.stat': 'usage_usec 2500000\nuser_usec 1\n',
    'a/memory.current': '1\n',
  });
  assert.deepEqual(await cgroups.usage('a/b'), {
    ...{ memory: 4500, charged: 10_000, workingSet: 6000, anonymous: 3000 },
    ...{ pageFaults: 12, majorPageFaults: 2, cpu: 2500 },
  });
  assert.equal(await cgroups.usage('a/none'), undefined);
});

test('usage under version 1, with what is below', async t => {
  const mount = (name: string) => `30 25 0:26 / ROOT/${name} rw - cgroup cgroup rw,${name}`;
  const cgroups = machine(t, [mount('memory'), mount('cpuacct')], {
    'memory/a/memory.usage_in_bytes': '10000\n',
    'memory/a/memory.stat':
      'rss 1\ninactive_file 1\ntotal_rss 3000\ntotal_shmem 500\ntotal_inactive_file 4000\ntotal_pgfault 12\ntotal_pgmajfault 2\n',
    'cpuacct/a/cpuacct.usage': '2500000000\n',
  });
  assert.deepEqual(await cgroups.usage('a'), {
    ...{ memory: 3500, charged: 10_000, workingSet: 6000, anonymous: 3000 },
    ...{ pageFaults: 12, majorPageFaults: 2, cpu: 2500 },
  });
});
