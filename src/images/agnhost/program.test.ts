import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../base/testing/free-ports.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));
const argv = (...args: string[]) => [program, ...args];
const run = (...args: string[]) => spawnSync(process.execPath, argv(...args), { encoding: 'utf8' });
const started: ChildProcess[] = [];

/** Starts a server and waits until its first line, which says that it listens. */
async function start(...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, argv(...args), { stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(child);
  await once(child.stderr!, 'data');
  return child;
}
const get = async (port: number, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
};

let http: number;
let udp: number;
let server: ChildProcess;
before(async () => {
  [http, udp] = [await freePort(), await freePort()];
  server = await start('netexec', `--http-port=${http}`, `--udp-port=${udp}`);
});
after(() => {
  for (const child of started) child.kill('SIGKILL');
});

test('nettest counts who wrote to it', async () => {
  const port = await freePort();
  await start('nettest', `--port=${port}`, '--peers=1');
  const write = (body: string) => fetch(`http://127.0.0.1:${port}/write`, { method: 'POST', body });
  assert.deepEqual(await (await write('{"Source":"prestop"}')).json(), { Hostname: hostname() });
  await write('{"Source":"prestop"}');
  await write('{');
  const state = JSON.parse((await get(port, '/read')).text);
  assert.deepEqual([state.Received, state.Sent, state.Errors.length], [{ prestop: 2 }, {}, 2]);
  assert.equal((await get(port, '/status')).text, 'running');
});

test('netexec: what it says over HTTP', async () => {
  assert.equal((await get(http, '/hostname')).text, hostname());
  assert.equal((await get(http, '/hostName')).text, hostname());
  assert.match((await get(http, '/clientip')).text, /^127\.0\.0\.1:\d+$/);
  assert.deepEqual(await get(http, '/echo?msg=a%20b&code=418'), { status: 418, text: 'a b' });
  assert.equal((await get(http, '/healthz')).status, 200);
  assert.match((await get(http, '/')).text, /^NOW: 20/);
  assert.deepEqual(JSON.parse((await get(http, '/shell?cmd=echo+hi;exit+3')).text), {
    output: 'hi\n',
    error: 'exit status 3',
  });
  const redirected = await fetch(`http://127.0.0.1:${http}/redirect?location=/hostname&code=307`);
  assert.equal(await redirected.text(), hostname());
});

test('netexec: dials others over HTTP and UDP', async () => {
  const dial = async (query: string) => JSON.parse((await get(http, `/dial?host=127.0.0.1&${query}`)).text);
  const own = hostname();
  assert.deepEqual(await dial(`port=${http}&request=hostname&tries=2`), { responses: [own, own] });
  assert.deepEqual(await dial(`port=${udp}&request=hostname&protocol=udp`), { responses: [own] });
  const { errors } = await dial(`port=${await freePort()}&request=hostname&protocol=http`);
  assert.match(errors[0], /ECONNREFUSED/);
  assert.equal((await get(http, '/dial?host=127.0.0.1&port=1')).status, 400);
});

test('netexec: answers datagrams', async () => {
  const socket = createSocket('udp4');
  const ask = async (text: string) => {
    socket.send(text, udp, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return answer.toString();
  };
  assert.equal(await ask('echo hello there\n'), 'hello there');
  assert.equal(await ask('hostname'), hostname());
  assert.match(await ask('clientip'), /^127\.0\.0\.1:\d+$/);
  socket.close();
});

test('netexec: many requests of one connection; it ends with the code asked for', async () => {
  const socket = createConnection(http, '127.0.0.1');
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  socket.write(request('/echo?msg=one') + request('/echo?msg=two'));
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) {
    text += chunk;
    if (text.endsWith('two')) break;
  }
  assert.match(text, /one.*two$/s);
  const ended = once(server, 'exit');
  await get(http, '/exit?code=7').catch(() => {});
  assert.equal((await ended)[0], 7);
});

test('serve-hostname over TCP and HTTP', async () => {
  const [plain, web] = [await freePort(), await freePort()];
  await start('serve-hostname', '--tcp', '--http=false', `--port=${plain}`);
  await start('serve-hostname', `--port=${web}`);
  const socket = createConnection(plain, '127.0.0.1');
  assert.equal(String((await once(socket, 'data'))[0]), hostname());
  assert.equal((await get(web, '/')).text, hostname());
});

test('connect says how it failed', async () => {
  const port = await freePort();
  const refused = run('connect', `127.0.0.1:${port}`, '--timeout=3s');
  assert.deepEqual([refused.status, refused.stderr], [1, 'REFUSED\n']);
  assert.match(run('connect', 'no-such-name.invalid:80').stderr, /^DNS: /);
  const listener = createServer().listen(port, '127.0.0.1');
  await once(listener, 'listening');
  const child = spawn(process.execPath, argv('connect', `127.0.0.1:${port}`));
  assert.deepEqual((await once(child, 'exit'))[0], 0);
  listener.close();
});

test('guestbook: replicas get what the primary is told', async () => {
  const port = await freePort();
  started.push(spawn(process.execPath, argv('guestbook', `--http-port=${port}`), { stdio: 'ignore' }));
  const answered = async (path: string) => {
    const end = performance.now() + 10_000;
    while (performance.now() < end) {
      const answer = await get(port, path).catch(() => undefined);
      if (answer) return JSON.parse(answer.text);
    }
    throw new Error('the guestbook does not answer');
  };
  assert.deepEqual(await answered('/set?key=messages&value=TestEntry'), { message: 'Updated' });
  assert.deepEqual(await answered('/get?key=messages'), { data: 'TestEntry' });
  assert.deepEqual(await answered('/register?host=127.0.0.9'), { data: { messages: 'TestEntry' } });
});

test('mounttest, entrypoint-tester, logs-generator print as the original', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'agnhost-'));
  const path = join(scratch, 'file');
  const mounted = run(
    'mounttest',
    `--new_file_0660=${path}`,
    `--file_perm=${path}`,
    `--file_mode=${scratch}`,
  );
  assert.equal(
    mounted.stdout,
    `content of file "${path}": mount-tester new file\n\nmode of file "${scratch}": drwx------\nperms of file "${path}": -rw-rw----\n`,
  );
  assert.equal(mounted.status, 0);
  rmSync(scratch, { recursive: true });
  assert.match(run('entrypoint-tester', 'a', 'b').stdout, /main\.ts entrypoint-tester a b\]\n$/);
  const lines = run('logs-generator', '-t', '3', '-d', '30ms').stderr.trim().split('\n');
  assert.equal(lines.length, 3);
  assert.match(
    lines[2]!,
    /^I\d{4} [\d:.]+ +1 logs_generator\.go:76\] 2 (GET|POST|PUT) \/api\/v1\/namespaces\/\S+ \d+$/,
  );
  const unknown = run('no-such-command');
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /this stand-in for agnhost has no command "no-such-command"/);
});
