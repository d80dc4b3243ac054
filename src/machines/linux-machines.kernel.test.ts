import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { systemClock as clock } from '../base/clock.ts';
import { silentLogger as log } from '../base/log.ts';
import { LinuxCgroups } from '../kernel/cgroup/linux-cgroups.ts';
import { SystemCommands } from '../kernel/command.ts';
import { LinuxIpRoute } from '../kernel/ip/linux-ip-route.ts';
import { LinuxNetworkNamespaces } from '../kernel/network-namespace.ts';
import { inFreshNamespace } from '../kernel/testing/fresh-namespace.ts';
import { bridgeName, clusterCgroup } from './cluster-names.ts';
import { machinesContract } from './contract.ts';
import { LinuxMachines } from './linux-machines.ts';
import { hostSide, type Place } from './machines.ts';

if (inFreshNamespace(import.meta.url)) {
  const commands = new SystemCommands({ clock });
  const cgroups = new LinuxCgroups({ clock });
  const folder = mkdtempSync(join(tmpdir(), 'machines-'));
  const made: LinuxMachines[] = [];
  let count = 0;
  after(async () => {
    for (const machines of made) await machines.destroyAll();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (cluster: string, isolated: boolean) => {
    const machines = new LinuxMachines(
      {
        clock,
        log,
        commands,
        ip: new LinuxIpRoute({ commands }),
        namespaces: new LinuxNetworkNamespaces({ commands }),
        cgroups,
      },
      {
        cluster,
        runDir: join(folder, cluster),
        isolated,
        bridge: bridgeName(cluster),
        subnets: ['172.30.0.0/24', 'fd00:30::/64'],
        gateways: ['172.30.0.1', 'fd00:30::1'],
        mtu: 1400,
      },
    );
    made.push(machines);
    return machines;
  };
  const fresh = (isolated: boolean) => {
    const cluster = `test-${process.pid}-${count++}`;
    return { cluster, machines: open(cluster, isolated), logFile: join(folder, `${cluster}.log`) };
  };

  describe('isolated', () => machinesContract(() => fresh(true)));
  describe('on the machine itself', () => machinesContract(() => fresh(false)));

  const run = async (machines: LinuxMachines, place: Place, ...argv: string[]) => {
    const words = await machines.command(place, argv);
    const { stdout, stderr, status } = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8' });
    return { stdout: stdout.trim(), stderr, status };
  };
  const reach = `const [host] = process.argv.slice(1);
    require('node:net').connect({ host, port: 1, timeout: 300 })
      .on('error', error => { console.log(error.code); process.exit(); })
      .on('timeout', () => { console.log('timeout'); process.exit(); });`;
  const reaches = async (machines: LinuxMachines, place: Place, host: string) =>
    (await run(machines, place, process.execPath, '-e', reach, host)).stdout;
  const until = async (what: string, condition: () => boolean | Promise<boolean>) => {
    for (let round = 0; !(await condition()); round++) {
      assert.ok(round < 200, `waited in vain: ${what}`);
      await clock.sleep(25);
    }
  };

  test('a machine is a host of its own: name, processes, addresses, way to others; a cut link parts it', async () => {
    const { machines } = fresh(true);
    await machines.prepare();
    await Promise.all([
      machines.create({ name: 'n1', addresses: ['172.30.0.11', 'fd00:30::11'] }),
      machines.create({ name: 'n2', addresses: ['172.30.0.12', 'fd00:30::12'] }),
    ]);
    const n1 = { machine: 'n1' };
    assert.equal((await run(machines, n1, 'hostname')).stdout, 'n1');
    // `ready` is said just before.
    const first = async () => (await run(machines, n1, 'cat', '/proc/1/comm')).stdout;
    await until('its first process is the reaper', async () => (await first()) === 'catatonit');
    assert.equal((await run(machines, n1, 'cat', '/proc/sys/net/ipv4/ip_forward')).stdout, '1');
    const eth0 = JSON.parse((await run(machines, n1, 'ip', '-json', 'link', 'show', 'eth0')).stdout);
    assert.equal(eth0[0].mtu, 1400);
    for (const host of ['172.30.0.12', 'fd00:30::12', '172.30.0.1', 'fd00:30::1']) {
      assert.equal(await reaches(machines, n1, host), 'ECONNREFUSED', host);
    }
    assert.equal(await reaches(machines, hostSide, '172.30.0.12'), 'ECONNREFUSED');
    await machines.cutLink('n1');
    assert.notEqual(await reaches(machines, n1, '172.30.0.12'), 'ECONNREFUSED');
    await machines.restoreLink('n1');
    await until('the link carries again', async () => {
      return (await reaches(machines, n1, '172.30.0.12')) === 'ECONNREFUSED';
    });
    await machines.destroyAll();
  });

  test('a process that ends is started again; its log is kept small; another CLI finds it', async () => {
    const { machines, cluster, logFile } = fresh(true);
    await machines.prepare();
    await machines.create({ name: 'n1', addresses: ['172.30.0.11'] });
    const place = { machine: 'n1' };
    const runs = join(folder, 'runs');
    const script = 'echo started >>"$1"; head -c 4000 /dev/zero | tr "\\0" x; echo; exec sleep 1000';
    const argv: [string, ...string[]] = ['sh', '-c', script, 'sh', runs];
    await machines.startProcess(place, { name: 'p', argv, logFile, maxLogBytes: 5000, env: { A: 'b' } });
    const started = () => (existsSync(runs) ? readFileSync(runs, 'utf8').split('\n').length - 1 : 0);
    await until('the first start', () => started() === 1);
    const other = open(cluster, true);
    const child = async () => {
      const [found] = await other.processes(place);
      return found?.pids.find(pid =>
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('sleep\u00001000'),
      );
    };
    for (const round of [2, 3]) {
      await until('it sleeps', async () => (await child()) !== undefined);
      process.kill((await child())!, 'SIGKILL');
      await until(`start ${round}`, () => started() === round);
    }
    assert.match(
      readFileSync(logFile, 'utf8') + readFileSync(`${logFile}.1`, 'utf8'),
      /supervise p ended with 137/,
    );
    assert.ok(readFileSync(logFile).length < 10_000);
    await other.stopProcess(place, 'p');
    assert.deepEqual(await machines.processes(place), []);
    await machines.destroyAll();
  });

  test('a killed supervisor: the process is ended and started anew, not twice', async () => {
    const { machines, logFile } = fresh(true);
    await machines.prepare();
    const spec = { name: 'p', argv: ['sleep', '1000'] as [string, ...string[]], logFile };
    await machines.startProcess(hostSide, spec);
    await until('it runs', async () => (await machines.processes(hostSide))[0]!.pids.length === 3);
    const before = (await machines.processes(hostSide))[0]!.pids;
    process.kill(before[0]!, 'SIGKILL');
    await until('the supervisor is gone', async () => !(await machines.processes(hostSide))[0]!.supervised);
    await machines.startProcess(hostSide, spec);
    const pids = (await machines.processes(hostSide))[0]!.pids;
    assert.ok(pids.every(pid => !before.includes(pid)));
    await machines.destroyAll();
  });

  test('machines.json lost or damaged: the machines are found in their control groups', async () => {
    const { machines, cluster } = fresh(true);
    await machines.prepare();
    const { init } = await machines.create({ name: 'n1', addresses: ['172.30.0.11'] });
    writeFileSync(join(folder, cluster, 'machines.json'), '{ "machi');
    const [found] = await open(cluster, true).list();
    assert.deepEqual(
      [found?.name, found?.init?.pid, found?.init?.startTime],
      ['n1', init?.pid, init?.startTime],
    );
    await machines.destroyAll();
  });

  test('a recycled PID is left alone', async () => {
    const { machines, cluster } = fresh(true);
    await machines.prepare();
    const record = { name: 'n1', addresses: [], init: { pid: process.pid, startTime: 1 } };
    writeFileSync(join(folder, cluster, 'machines.json'), JSON.stringify({ machines: [record] }));
    const other = open(cluster, true);
    assert.equal((await other.list())[0]?.init, undefined);
    await other.destroyAll();
  });

  for (const isolated of [true, false]) {
    test(`everything gone leaves the machine as it was (${isolated ? 'isolated' : 'plain'})`, async () => {
      const before = await inventory();
      const { machines, cluster, logFile } = fresh(isolated);
      await machines.prepare();
      await machines.create({ name: 'n1', addresses: ['172.30.0.11'] });
      await machines.create({ name: 'n2', addresses: ['172.30.0.12'] });
      const argv: [string, ...string[]] = ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'];
      await machines.startProcess({ machine: 'n1' }, { name: 'stubborn', argv, logFile });
      await machines.startProcess(hostSide, { name: 'server', argv: ['sleep', '1000'], logFile });
      // Half of it broken: a first process dead, a link gone, the records lost.
      process.kill((await machines.list())[0]!.init!.pid, 'SIGKILL');
      rmSync(join(folder, cluster, 'machines.json'));
      await open(cluster, isolated).destroyAll();
      assert.deepEqual(await inventory(), before);
    });
  }

  test('a machine that cannot start leaves nothing and says why', async () => {
    const { machines, cluster } = fresh(true);
    await machines.prepare();
    const binds = [{ source: '/nowhere', target: '/tmp' }];
    await assert.rejects(
      machines.create({ name: 'n1', addresses: ['172.30.0.11'], binds }),
      /the machine n1 did not start: .*\/nowhere/,
    );
    assert.deepEqual(await cgroups.processes(clusterCgroup(cluster)), []);
    await machines.destroyAll();
  });

  test('files of an unsynced folder are there in the machine and after it, whichever way it ends', async () => {
    const { machines, cluster } = fresh(true);
    await machines.prepare();
    const unsynced = [{ folder: join(folder, cluster, 'data'), work: join(folder, cluster, 'work') }];
    mkdirSync(unsynced[0]!.folder, { recursive: true });
    const file = join(unsynced[0]!.folder, 'file');
    const place = { machine: 'n1' };
    const run = async (...argv: string[]) => {
      const [program, ...args] = await machines.command(place, argv);
      return execFileSync(program!, args, { encoding: 'utf8' });
    };
    for (const text of ['first', 'second']) {
      const { init } = await machines.create({ name: 'n1', addresses: ['172.30.0.11'], unsynced });
      await run('sh', '-c', `echo ${text} >>${file} && sync ${file}`);
      const mounted = (await run('cat', '/proc/mounts'))
        .split('\n')
        .find(line => line.includes(unsynced[0]!.folder));
      // Where the folder for temporary files lies on an overlay itself there is no such mount.
      if (mounted) assert.match(mounted, /^overlay .*volatile/);
      if (text === 'first') {
        process.kill(init!.pid, 'SIGKILL');
        await until('it has ended', async () => (await machines.list())[0]!.init === undefined);
      } else await machines.stop('n1');
    }
    assert.equal(readFileSync(file, 'utf8'), 'first\nsecond\n');
    await machines.destroyAll();
  });

  /** What a cluster could leave behind. */
  async function inventory(): Promise<Record<string, unknown>> {
    const settled = async () => {
      const { stdout } = await commands.run(['ip', '-o', 'link']);
      return stdout.replace(/^\d+: /gm, '');
    };
    return {
      links: await settled(),
      mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length,
      rules: (await commands.run(['nft', 'list', 'ruleset'])).stdout,
      groups: (await cgroups.children('causeway')).filter(name => name.startsWith(`test-${process.pid}`)),
      folders: readdirSync(folder).filter(name => !name.includes('.')),
    };
  }
}
