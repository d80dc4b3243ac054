import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock as clock } from '../../base/clock.ts';
import { type LogOptions, readContainerLog } from './container-log.ts';

const log = [
  '2030-01-01T00:00:01.000000001Z stdout F one',
  '2030-01-01T00:00:02.000000001Z stderr F two',
  '2030-01-01T00:00:03.000000001Z stdout P thr',
  '2030-01-01T00:00:03.000000002Z stdout F ee',
  '2030-01-01T00:00:04.000000001Z stdout F ',
  '',
].join('\n');

function logFile(t: TestContext, text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-log-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, '0.log'), text);
  return join(dir, '0.log');
}

async function read(path: string, options: LogOptions): Promise<string> {
  const deps = { clock, isRunning: () => false, signal: new AbortController().signal };
  let text = '';
  for await (const chunk of readContainerLog(path, options, deps)) text += chunk.toString();
  return text;
}

test('a log reads as kubectl asks', async t => {
  const path = logFile(t, log);
  const rows: [LogOptions, string][] = [
    [{}, 'one\ntwo\nthree\n\n'],
    [{ tailLines: 1 }, '\n'],
    [{ tailLines: 0 }, ''],
    [{ tailLines: 99 }, 'one\ntwo\nthree\n\n'],
    [{ limitBytes: 5 }, 'one\nt'],
    [{ since: Date.parse('2030-01-01T00:00:02.500Z') }, 'three\n\n'],
    [{ stream: 'stderr' }, 'two\n'],
    [
      { tailLines: 4, timestamps: true },
      '2030-01-01T00:00:02.000000001Z two\n2030-01-01T00:00:03.000000001Z three\n2030-01-01T00:00:04.000000001Z \n',
    ],
    [{ follow: true }, 'one\ntwo\nthree\n\n'],
  ];
  for (const [options, text] of rows) assert.equal(await read(path, options), text, JSON.stringify(options));
});

test('the tail of a long log is found from its end', async t => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `2030-01-01T00:00:01Z stdout F line ${index}\n`);
  const path = logFile(t, lines.join(''));
  const tail = await read(path, { tailLines: 5000 });
  assert.equal(tail.split('\n').length, 5001);
  assert.ok(tail.startsWith('line 15000\n') && tail.endsWith('line 19999\n'));
});

test('what is written while a log is read is not part of it', async t => {
  const path = logFile(t, log);
  const deps = { clock, isRunning: () => true, signal: new AbortController().signal };
  let text = '';
  for await (const chunk of readContainerLog(path, { tailLines: 4 }, deps)) {
    text += chunk.toString();
    appendFileSync(path, '2030-01-01T00:00:05.000000001Z stdout F late\n');
  }
  assert.equal(text, 'two\nthree\n\n');
});

test('following goes on into the file after a rotation and ends with the container', async t => {
  const path = logFile(t, log);
  let running = true;
  const deps = { clock, isRunning: () => running, signal: new AbortController().signal };
  const entry = (text: string) => `2030-01-01T00:00:09Z stdout F ${text}\n`;
  const seen: string[] = [];
  for await (const chunk of readContainerLog(path, { follow: true }, deps)) {
    seen.push(chunk.toString());
    if (seen.length === 1) appendFileSync(path, entry('more'));
    if (seen.length === 2) {
      appendFileSync(path, entry('last of the old'));
      renameSync(path, `${path}.1`);
      writeFileSync(path, entry('first of the new'));
    }
    if (seen.join('').includes('first of the new')) running = false;
  }
  assert.equal(seen.join(''), 'one\ntwo\nthree\n\nmore\nlast of the old\nfirst of the new\n');
});
