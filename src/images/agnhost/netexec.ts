import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Flags, fail, log, parseDuration } from './flags.ts';
import { answer, bodyOf, type Handler, hostPort, remoteAddress, routes, serve } from './http-server.ts';
import { askUdp, serveUdp } from './udp.ts';

/** Milliseconds a dialled server has to answer. */
const dialTimeout = 5000;

/** HTTP and UDP servers that tests ask who they are, whom they see, and to ask others. */
export async function netexec(args: readonly string[]): Promise<void> {
  const flags = new Flags(args);
  const port = flags.number('http-port', 8080);
  const udpPort = flags.number('udp-port', 8081);
  if (flags.number('sctp-port', -1) !== -1) fail('this stand-in for agnhost has no SCTP');
  const state = { ready: udpPort === -1 };
  let server: Server | undefined;
  const exit = async (code: number, wait: number, timeout: number) => {
    await sleep(wait);
    if (timeout === 0 || !server) process.exit(code);
    setTimeout(() => process.exit(code), timeout).unref();
    server.close(() => process.exit(code));
    server.closeIdleConnections();
  };
  const table = routes({ ...handlers, ...stateful(state, exit) });
  const cert = flags.text('tls-cert-file');
  const override = flags.text('http-override');
  const handler: Handler = override
    ? (call, response) => table(call, response, new URL(override, 'http://agnhost'))
    : table;
  if (udpPort !== -1) {
    const addresses = flags.text('udp-listen-addresses').split(',');
    await Promise.all([...new Set(addresses)].map(address => serveUdp(address, udpPort, answerDatagram)));
    state.ready = true;
  }
  const tls = cert ? { cert, key: flags.text('tls-private-key-file') } : undefined;
  ({ server } = await serve(handler, { port, tls }));
  log(`Started HTTP server on port ${port}${udpPort === -1 ? '' : `, UDP server on port ${udpPort}`}`);
  const grace = flags.number('delay-shutdown', 0) * 1000;
  process.on('SIGTERM', () => void exit(0, grace, 0));
}

/** What the UDP server says to a command; undefined where it says nothing. */
function answerDatagram(text: string, client: string): string | undefined {
  const command = text.trim().toLowerCase();
  if (command === 'hostname') return hostname();
  if (command === 'clientip') return client;
  if (command.startsWith('echo ')) return command.slice(5);
  if (command) log(`Unknown UDP command received from ${client}: ${command}`);
  return undefined;
}

const handlers: Record<string, Handler> = {
  '/': (_call, response) => answer(response, 200, `NOW: ${new Date().toISOString()}`),
  '/clientip': (call, response) => answer(response, 200, remoteAddress(call)),
  '/serverport': ({ socket }, response) => answer(response, 200, String(socket.localPort)),
  '/hostname': (_call, response) => answer(response, 200, hostname()),
  '/hostName': (_call, response) => answer(response, 200, hostname()),
  '/header': (call, response, url) => {
    const name = url.searchParams.get('key') ?? '';
    answer(response, 200, String(call.headers[name.toLowerCase()] ?? ''));
  },
  '/echo': echo,
  '/redirect': redirect,
  '/dial': dial,
  '/shell': shell,
  '/upload': upload,
  '/shutdown': () => process.exit(0),
};

function stateful(
  state: { ready: boolean },
  exit: (code: number, wait: number, timeout: number) => void,
): Record<string, Handler> {
  return {
    '/healthz': (_call, response) => answer(response, state.ready ? 200 : 412, ''),
    '/exit': (_call, response, { searchParams }) => {
      const timing = ['wait', 'timeout'].map(name => parseDuration(searchParams.get(name) || '0'));
      const [wait, timeout] = timing;
      const code = Number(searchParams.get('code') ?? 0);
      if (wait === undefined || timeout === undefined || !Number.isInteger(code)) {
        return answer(response, 200, "'code' must be a whole number, 'wait' and 'timeout' Go durations\n");
      }
      exit(code, wait, timeout);
      answer(response, 200, '');
    },
  };
}

/** The parameters of a request, those of a form in its body too. */
async function parameters(call: IncomingMessage, { searchParams }: URL): Promise<URLSearchParams> {
  if (!call.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return searchParams;
  const form = new URLSearchParams((await bodyOf(call)).toString());
  return new URLSearchParams([...form, ...searchParams]);
}

async function echo(call: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const given = await parameters(call, url);
  const message = given.get('msg') ?? '';
  const code = given.get('code') || '200';
  log(`${call.method} /echo?msg=${message}&code=${code}`);
  if (!/^\d{3}$/.test(code)) {
    return answer(response, 200, `argument 'code' must be an integer or empty, got "${code}"\n`);
  }
  answer(response, Number(code), message);
}

async function redirect(call: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const given = await parameters(call, url);
  response.setHeader('location', given.get('location') ?? '');
  answer(response, Number(given.get('code') || 302), '');
}

async function dial(_call: IncomingMessage, response: ServerResponse, { searchParams }: URL): Promise<void> {
  const value = (name: string) => searchParams.get(name) ?? '';
  const tries = Number(value('tries') || 1);
  const protocol = value('protocol').toLowerCase() || 'http';
  log(`GET /dial?${searchParams}`);
  if (!Number.isInteger(tries)) return answer(response, 400, 'tries parameter is invalid.\n');
  if (!value('request')) return answer(response, 400, 'request parameter not specified.\n');
  const ask = { http: askHttp, udp: askUdp }[protocol];
  if (!ask) return answer(response, 400, `unsupported protocol. ${protocol}\n`);
  const responses: string[] = [];
  const errors: string[] = [];
  for (let round = 0; round < tries; round++) {
    try {
      responses.push(await ask(value('host'), Number(value('port')), value('request'), dialTimeout));
    } catch (error) {
      errors.push((error as Error).message);
    }
  }
  const output = { ...(responses.length > 0 && { responses }), ...(errors.length > 0 && { errors }) };
  answer(response, 200, JSON.stringify(output));
}

function askHttp(host: string, port: number, path: string, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(`http://${hostPort(host, port)}/${path}`, { agent: false, timeout }, response => {
      bodyOf(response).then(body => resolve(body.toString()), reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${timeout / 1000} s`)));
    call.on('error', reject);
    call.end();
  });
}

/** A test's pod runs what the test sends: that is what this path is for. */
async function shell(call: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const given = await parameters(call, url);
  const command = given.get('shellCommand') || given.get('cmd') || '';
  log(`GET /shell?cmd=${command}`);
  const result = await new Promise<{ output?: string; error?: string }>(resolve => {
    execFile('/bin/sh', ['-c', command], { maxBuffer: 16 * 2 ** 20 }, (error, stdout, stderr) => {
      const output = stdout + stderr;
      const failed = error && (typeof error.code === 'number' ? `exit status ${error.code}` : error.message);
      resolve({ ...(output && { output }), ...(failed && { error: failed }) });
    });
  });
  answer(response, 200, JSON.stringify(result));
}

async function upload(call: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = await new Response(new Uint8Array(await bodyOf(call)), {
    headers: { 'content-type': call.headers['content-type'] ?? '' },
  })
    .formData()
    .catch(() => undefined);
  const file = form?.get('file');
  if (!file || typeof file === 'string') {
    return answer(response, 200, JSON.stringify({ error: 'Unable to upload file.' }));
  }
  const path = join(mkdtempSync('/uploads/upload'), 'file');
  writeFileSync(path, Buffer.from(await file.arrayBuffer()));
  chmodSync(path, 0o700);
  answer(response, 201, JSON.stringify({ output: path }));
}
