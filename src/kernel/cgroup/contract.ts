import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CgroupBusy, type Cgroups } from './cgroups.ts';

/**
 * What every `Cgroups` does.
 * @param fresh gives the port, a path nobody uses, and how a process comes into a group.
 */
export function cgroupsContract(
  fresh: () => { cgroups: Cgroups; path: string; enter: (path: string) => Promise<number> },
): void {
  test('control groups: made, entered, listed with those below, killed, removed', async () => {
    const { cgroups, path, enter } = fresh();
    assert.equal(await cgroups.exists(path), false);
    assert.deepEqual(await cgroups.processes(path), []);
    assert.equal(await cgroups.usage(path), undefined);
    await cgroups.create(`${path}/a/deep`);
    await cgroups.create(`${path}/a/deep`);
    await cgroups.create(`${path}/b`);
    assert.deepEqual(await cgroups.children(path), ['a', 'b']);
    const pids = [await enter(`${path}/a/deep`), await enter(`${path}/b`)];
    assert.deepEqual(
      await cgroups.processes(path),
      pids.sort((x, y) => x - y),
    );
    const usage = await cgroups.usage(path);
    assert.ok(usage && usage.workingSet <= usage.charged);
    await cgroups.kill(path);
    assert.deepEqual(await cgroups.processes(path), []);
    await cgroups.remove(path);
    await cgroups.remove(path);
    assert.equal(await cgroups.exists(path), false);
  });

  test('control groups: limited, and not limited again', async () => {
    const { cgroups, path } = fresh();
    const limits = { cpuShares: 512, cpuQuota: 50_000, memory: 64 * 1024 * 1024 };
    await assert.rejects(cgroups.limit(path, limits));
    await cgroups.create(`${path}/a`);
    await cgroups.limit(path, limits);
    await cgroups.limit(path, { ...limits, cpuQuota: 0, memory: 0 });
    await cgroups.remove(path);
  });

  test('control groups: one with processes is not removed', async () => {
    const { cgroups, path, enter } = fresh();
    await cgroups.create(path);
    await enter(path);
    await assert.rejects(cgroups.remove(path), CgroupBusy);
    await cgroups.kill(path);
    await cgroups.remove(path);
  });
}
