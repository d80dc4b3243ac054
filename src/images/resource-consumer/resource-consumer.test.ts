import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../base/testing/free-ports.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));
let port: number;
let consumer: ChildProcess;
before(async () => {
  port = await freePort();
  consumer = spawn(process.execPath, [program, `-port=${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(consumer.stderr!, 'data');
});
after(() => consumer.kill('SIGKILL'));

async function ask(path: string, method = 'POST'): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return [response.status, await response.text()];
}

/** Seconds of CPU the process used, of its threads too. */
function cpu(): number {
  const fields = readFileSync(`/proc/${consumer.pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function resident(): number {
  const status = readFileSync(`/proc/${consumer.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}

test('what is not asked for properly is refused', async () => {
  assert.deepEqual(await ask('/ConsumeCPU', 'GET'), [400, 'Bad request. Not a POST request\n']);
  assert.deepEqual(await ask('/Nothing'), [404, 'unknown function\n']);
  assert.deepEqual(await ask('/ConsumeCPU?millicores=1'), [400, 'not given function argument\n']);
  assert.deepEqual(await ask('/ConsumeMem?megabytes=x&durationSec=1'), [
    400,
    'incorrect function argument\n',
  ]);
  assert.deepEqual(await ask('/BumpMetric?delta=1&durationSec=1'), [400, 'not given function argument\n']);
});

test('CPU is used as long as it was asked for', async () => {
  const before = cpu();
  const answer = await ask('/ConsumeCPU?millicores=300&durationSec=3');
  assert.deepEqual(answer, [200, 'ConsumeCPU\n300 millicores\n3 durationSec\n']);
  await ask('/ConsumeCPU?millicores=200&durationSec=3');
  while (cpu() - before < 0.5) await sleep(50);
  let used: number;
  do {
    used = cpu();
    await sleep(500);
  } while (cpu() - used > 0.1);
});

test('memory is held, and given back', async () => {
  const before = resident();
  assert.deepEqual(await ask('/ConsumeMem?megabytes=100&durationSec=1'), [
    200,
    'ConsumeMem\n100 megabytes\n1 durationSec\n',
  ]);
  assert.ok(resident() - before > 90, `${resident()} MiB after ${before}`);
  while (resident() - before > 30) await sleep(100);
});

test('numbers go up and down again', async () => {
  assert.deepEqual(await ask('/BumpMetric?metric=QPS&delta=10&durationSec=60'), [
    200,
    'BumpMetric\n10 delta\n60 durationSec\n',
  ]);
  await ask('/BumpMetric?metric=QPS&delta=5&durationSec=0');
  while (!(await ask('/metrics', 'GET'))[1].includes('QPS 10\n')) await sleep(20);
  assert.deepEqual(await ask('/metrics', 'GET'), [200, '# TYPE QPS gauge\nQPS 10\n']);
});
