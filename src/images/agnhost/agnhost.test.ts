import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convert } from './conversion-webhook.ts';
import { Flags, parseDuration } from './flags.ts';
import { hostPort } from './http-server.ts';
import { goMode } from './mounttest.ts';

test('flags are read as pflag reads them', () => {
  const flags = new Flags(
    ['--http-port', '80', '--udp-port=-1', '--close', 'word', '-t', '5', '--timeout=1m30s', '--tcp=false'],
    ['close', 'tcp'],
    { t: 'log-lines-total' },
  );
  assert.equal(flags.number('http-port', 8080), 80);
  assert.equal(flags.number('udp-port', 8081), -1);
  assert.equal(flags.number('sctp-port', -1), -1);
  assert.equal(flags.number('log-lines-total', 0), 5);
  assert.equal(flags.duration('timeout', 0), 90_000);
  assert.deepEqual(
    [flags.boolean('close'), flags.boolean('tcp'), flags.boolean('http', true)],
    [true, false, true],
  );
  assert.deepEqual(flags.words, ['word']);
});

test('durations of Go', () => {
  const rows: [string, number | undefined][] = [
    ['0', 0],
    ['1.5s', 1500],
    ['300ms', 300],
    ['1h2m', 3_720_000],
    ['5', undefined],
    ['s', undefined],
    ['', undefined],
  ];
  for (const [text, milliseconds] of rows) assert.equal(parseDuration(text), milliseconds, text);
});

test('file modes as Go prints them', () => {
  const rows: [number, string][] = [
    [0o100644, '-rw-r--r--'],
    [0o040777, 'drwxrwxrwx'],
    [0o041777, 'dtrwxrwxrwx'],
    [0o042775, 'dgrwxrwxr-x'],
    [0o104755, 'urwxr-xr-x'],
    [0o120777, 'Lrwxrwxrwx'],
    [0o020666, 'Dcrw-rw-rw-'],
  ];
  for (const [mode, text] of rows) assert.equal(goMode(mode), text);
});

test('addresses as Go prints them', () => {
  assert.equal(hostPort('::ffff:10.244.0.7', 80), '10.244.0.7:80');
  assert.equal(hostPort('fd00::7', 80), '[fd00::7]:80');
});

test('the conversion webhook splits and joins hostPort', () => {
  const v1 = { apiVersion: 'stable.example.com/v1', hostPort: 'localhost:8080' };
  const v2 = { apiVersion: 'stable.example.com/v2', host: 'localhost', port: '8080' };
  assert.deepEqual(convert(v1, v2.apiVersion), v2);
  assert.deepEqual(convert(v2, v1.apiVersion), v1);
  assert.throws(() => convert(v1, 'stable.example.com/v3'), /unexpected conversion version/);
  assert.throws(() => convert({ ...v1, hostPort: 'a' }, v2.apiVersion), /invalid hostPort value/);
});
