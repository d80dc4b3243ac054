import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CrashWatch } from './crash-watch.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-crash-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const ended = '2026-01-01T00:00:00.000Z info  supervise server ended with 1; starting it again in 0 s\n';

test('counts ends and finds the reason among what came after the watch began', () => {
  const path = join(folder, 'server.log');
  writeFileSync(path, `2026-01-01T00:00:00.000Z error server old\n${ended}`);
  const watch = new CrashWatch('server', path);
  assert.deepEqual(watch.look(), { ends: 0, reason: undefined });
  appendFileSync(
    path,
    `2026-01-01T00:00:01.000Z error server cannot start error="\\"x\\" is no address"\n${ended}${ended}`,
  );
  assert.deepEqual(watch.look(), { ends: 2, reason: '"x" is no address' });
});

test('prefers the error to the trace below it', () => {
  const path = join(folder, 'agent.log');
  const watch = new CrashWatch('agent', path);
  assert.deepEqual(watch.look(), { ends: 0, reason: undefined }, 'the log is not there yet');
  writeFileSync(path, 'SyntaxError: Unexpected token\n    at JSON.parse\n\nNode.js v26.0.0\n');
  assert.equal(watch.look().reason, 'SyntaxError: Unexpected token');
});

test('a log that was emptied is read from its beginning', () => {
  const path = join(folder, 'containerd.log');
  writeFileSync(path, 'x'.repeat(1000));
  const watch = new CrashWatch('containerd', path);
  writeFileSync(path, 'containerd: invalid plugin config\n');
  assert.equal(watch.look().reason, 'containerd: invalid plugin config');
});
