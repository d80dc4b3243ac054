import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostSide, MachineError, type Machines } from './machines.ts';

/**
 * What every `Machines` does.
 * @param fresh gives a cluster of its own on the subnet 172.30.0.0/24, and where a log may lie.
 */
export function machinesContract(fresh: () => { machines: Machines; logFile: string }): void {
  const refuses = (work: Promise<unknown>, code: MachineError['code']) =>
    assert.rejects(work, (error: Error) => error instanceof MachineError && error.code === code);

  test('machines: made once, listed, stopped, made again, forgotten', async () => {
    const { machines } = fresh();
    await machines.prepare();
    await machines.prepare();
    const spec = { name: 'n1', addresses: ['172.30.0.11'] };
    const first = await machines.create(spec);
    assert.ok(first.init);
    assert.deepEqual((await machines.create(spec)).init, first.init, 'the one that runs is kept');
    await machines.create({ name: 'n2', addresses: ['172.30.0.12'] });
    assert.deepEqual(
      (await machines.list()).map(({ name, addresses }) => [name, ...addresses]),
      [
        ['n1', '172.30.0.11'],
        ['n2', '172.30.0.12'],
      ],
    );
    await machines.stop('n1');
    assert.deepEqual(
      (await machines.list()).map(({ init }) => init !== undefined),
      [false, true],
    );
    assert.notDeepEqual((await machines.create(spec)).init, first.init);
    await machines.destroy('n2');
    await machines.destroy('n2');
    assert.deepEqual(
      (await machines.list()).map(({ name }) => name),
      ['n1'],
    );
    await refuses(machines.stop('n2'), 'not-found');
    await machines.destroyAll();
    await machines.destroyAll();
    assert.deepEqual(await machines.list(), []);
  });

  test('processes: supervised, found again by name, ended', async () => {
    const { machines, logFile } = fresh();
    await machines.prepare();
    await machines.create({ name: 'n1', addresses: ['172.30.0.11'] });
    const place = { machine: 'n1' };
    for (const where of [place, hostSide]) {
      const spec = { name: 'sleeper', argv: ['sleep', '1000'] as [string, ...string[]], logFile };
      await machines.startProcess(where, spec);
      const [running] = await machines.processes(where);
      assert.deepEqual([running?.name, running?.supervised], ['sleeper', true]);
      await machines.startProcess(where, spec);
      assert.equal(
        (await machines.processes(where))[0]?.pids[0],
        running?.pids[0],
        'the one that runs is kept',
      );
      assert.ok(await machines.usage(where));
      await machines.stopProcess(where, 'sleeper');
      await machines.stopProcess(where, 'sleeper');
      assert.deepEqual(await machines.processes(where), []);
    }
    await machines.cutLink('n1');
    await machines.restoreLink('n1');
    await machines.stop('n1');
    await refuses(machines.cutLink('n1'), 'not-running');
    await refuses(machines.command(place, ['true']), 'not-running');
    await refuses(machines.command({ machine: 'n9' }, ['true']), 'not-found');
    await machines.destroyAll();
  });
}
