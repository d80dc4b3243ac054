import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock as clock } from '../base/clock.ts';
import { LinuxAcceptQueues } from './accept-queues.ts';
import { SystemCommands } from './command.ts';
import { inFreshNamespace } from './testing/fresh-namespace.ts';

/** Listens on both loopback addresses and tells the ports; what it accepts stays open. */
const server = `
  const { createServer } = require('node:net');
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer(socket => socket.resume()).listen(0, host, () => console.log(host, server.address().port));
  }`;

if (inFreshNamespace(import.meta.url)) {
  test('connections wait while a server that listens does not run, in its own network namespace', async t => {
    await new SystemCommands({ clock }).run(['ip', 'link', 'set', 'lo', 'up']);
    const queues = new LinuxAcceptQueues();
    const child = spawn(process.execPath, ['-e', server], { stdio: ['ignore', 'pipe', 'inherit'] });
    const elsewhere = spawn('unshare', ['--net', 'sleep', '1000'], { stdio: 'ignore' });
    const clients: Socket[] = [];
    t.after(() => {
      for (const client of clients) client.destroy();
      for (const each of [child, elsewhere]) each.kill('SIGKILL');
    });
    let told = '';
    child.stdout.setEncoding('utf8').on('data', text => (told += text));
    await until(() => told.split('\n').length === 3);
    const pid = child.pid!;
    assert.equal(await queues.waiting(pid), 0);

    child.kill('SIGSTOP');
    await until(() => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
    for (const line of told.trim().split('\n')) {
      const [host = '', port] = line.split(' ');
      for (let each = 0; each < (host === '::1' ? 40 : 3); each++) {
        const client = connect(Number(port), host);
        clients.push(client);
        await once(client, 'connect');
      }
    }
    assert.equal(await queues.waiting(pid), 43);
    assert.equal(await queues.waiting(process.pid), 43, 'those of the namespace, not of the process');
    await until(async () => (await queues.waiting(elsewhere.pid!)) === 0);

    child.kill('SIGCONT');
    await until(async () => (await queues.waiting(pid)) === 0);
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.equal(await queues.waiting(pid), 0, 'gone');
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(2);
}
