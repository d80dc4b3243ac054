import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join, normalize } from 'node:path';
import { Flags, fail, log, splitOnce } from './flags.ts';
import { answer, type Handler, remoteAddress, serve } from './http-server.ts';
import { serveUdp } from './udp.ts';

/** Says the pod's name over HTTP, raw TCP or UDP. */
export async function serveHostname(args: readonly string[]): Promise<void> {
  const flags = new Flags(args, ['tcp', 'udp', 'http', 'close']);
  const port = flags.number('port', 9376);
  const [tcp, udp] = [flags.boolean('tcp'), flags.boolean('udp')];
  const http = flags.boolean('http', true);
  if (http && (tcp || udp)) fail("Can't serve TCP/UDP mode and HTTP mode at the same time");
  if (tcp) {
    const server = createServer(socket => socket.on('error', () => {}).end(hostname())).listen(port);
    await once(server, 'listening');
  }
  if (udp) await serveUdp('', port, () => hostname());
  if (http) {
    const handler: Handler = (request, response) => {
      log(`HTTP request from ${remoteAddress(request)}`);
      if (flags.boolean('close')) response.setHeader('connection', 'close');
      answer(response, 200, hostname());
    };
    await serve(handler, { port });
  }
  log(`Serving on port ${port}.`);
  // Tests count on it still answering while its endpoint is taken out: it stays until it is killed.
  process.on('SIGTERM', () => {
    log('Shutting down after receiving signal: terminated.');
    log('Awaiting pod deletion.');
    setTimeout(() => process.exit(0), 60_000);
  });
}

/** One server for each variable `SERVE_PORT_80=text`; `SERVE_TLS_PORT_` and `SERVE_UDP_PORT_` alike. */
export async function porter(args: readonly string[]): Promise<void> {
  const json = new Flags(args, ['json-response']).boolean('json-response');
  const { CERT_FILE: cert = '/localhost.crt', KEY_FILE: key = '/localhost.key' } = process.env;
  for (const [name, text = ''] of Object.entries(process.env)) {
    const [, protocol = '', port] = /^SERVE_(TCP_|TLS_|UDP_|SCTP_)?PORT_(\d+)$/.exec(name) ?? [];
    if (!port) continue;
    if (protocol === 'SCTP_') fail('this stand-in for agnhost has no SCTP');
    if (protocol === 'UDP_') await serveUdp('', Number(port), () => text);
    else {
      const handler: Handler = (request, response) => {
        if (!json) {
          if (looksLikeHtml.test(text))
            response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
          return answer(response, 200, text);
        }
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ Method: request.method, Body: text }));
      };
      await serve(handler, { port: Number(port), tls: protocol === 'TLS_' ? { cert, key } : undefined });
    }
  }
}

/** What servers written in Go take for a page (net/http, DetectContentType). */
const looksLikeHtml =
  /^\s*<(!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[\s>]/i;

/** Serves the files of the image, as the original does: it is for tests only. */
export async function testWebserver(args: readonly string[]): Promise<void> {
  const port = new Flags(args).number('port', 80);
  await serve(
    (_request, response, url) => {
      const path = join('/', normalize(decodeURIComponent(url.pathname)));
      try {
        if (statSync(path).isDirectory()) return answer(response, 200, `<pre>\n${path}\n</pre>\n`);
        response.end(readFileSync(path));
      } catch {
        answer(response, 404, '404 page not found\n');
      }
    },
    { port },
  );
}

/** Healthy for ten seconds, then not. */
export async function liveness(): Promise<void> {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  await serve(
    (_request, response, url) => {
      if (url.pathname === '/started') return answer(response, 200, `${seconds()}s`);
      if (url.pathname === '/redirect') {
        response.setHeader('location', url.searchParams.get('loc') ?? '');
        return answer(response, 302, '');
      }
      if (url.pathname !== '/healthz') return answer(response, 404, '404 page not found\n');
      if (seconds() > 10) answer(response, 500, `error: ${seconds()}`);
      else answer(response, 200, 'ok');
    },
    { port: 8080 },
  );
}

/** Reads one byte and closes: what was not read makes the kernel send a reset. */
export async function tcpReset(args: readonly string[]): Promise<void> {
  const port = new Flags(args).number('port', 8080);
  createServer(socket => {
    socket.on('error', () => {});
    socket.once('data', () => socket.resetAndDestroy());
  }).listen(port);
}

/** Sends chunks to whoever connects, after what it expects from the client has come. */
export async function portForwardTester(): Promise<void> {
  const number = (name: string) => Number(process.env[name] ?? 0);
  const expected = process.env.EXPECTED_CLIENT_DATA ?? '';
  const server = createServer({ allowHalfOpen: true }, socket => {
    server.close();
    log('Accepted client connection');
    socket.on('error', error => fail(error.message));
    let received = '';
    const send = (left: number) => {
      if (left === 0) {
        socket.end(() => process.exit(0));
        return;
      }
      socket.write('x'.repeat(number('CHUNK_SIZE')));
      setTimeout(send, number('CHUNK_INTERVAL') * 1000, left - 1);
    };
    const begin = () => {
      log('Done');
      send(number('CHUNKS'));
    };
    if (!expected) {
      socket.resume();
      return begin();
    }
    socket.on('data', part => {
      received += part;
      if (received.length < expected.length) return;
      if (received !== expected) {
        log(`Expected ${expected}, got ${received}`);
        process.exit(3);
      }
      log('Received expected client data');
      begin();
    });
  });
  server.listen(number('BIND_PORT'), process.env.BIND_ADDRESS ?? 'localhost');
}

/** `/whoami` says whom it sees; `/checknosnat?ips=…` asks others whether they see this pod's own address. */
export async function noSnatTest(args: readonly string[]): Promise<void> {
  const port = new Flags(args).number('port', 8080);
  const own = process.env.POD_IP ?? fail('the environment variable POD_IP is missing');
  await serve(
    async (request, response, url) => {
      if (url.pathname === '/whoami')
        return answer(response, 200, remoteAddress(request).replace(/:\d+$/, ''));
      const seen = await Promise.all(
        (url.searchParams.get('ips') ?? '')
          .split(',')
          .map(async ip => (await fetch(`http://${ip}/whoami`)).text()),
      );
      const wrong = seen.filter(address => splitOnce(address, ':')[0] !== own);
      answer(response, wrong.length === 0 ? 200 : 500, wrong.join(','));
    },
    { port },
  );
}

/** Passes `/checknosnat?target=…&ips=…` on. */
export async function noSnatTestProxy(args: readonly string[]): Promise<void> {
  const port = new Flags(args).number('port', 31235);
  await serve(
    async (_request, response, { searchParams }) => {
      const ips = encodeURIComponent(searchParams.get('ips') ?? '');
      const passed = await fetch(`http://${searchParams.get('target')}/checknosnat?ips=${ips}`);
      answer(response, passed.status, await passed.text());
    },
    { port },
  );
}

export async function fakeGitServer(): Promise<void> {
  await serve(
    (_request, response, url) => {
      if (url.pathname.endsWith('/info/refs')) {
        response.setHeader('content-type', 'application/x-git-upload-pack-advertisement');
        return void response.end('001e# service=git-upload-pack\n0000');
      }
      answer(response, 200, 'I am a fake git server');
    },
    { port: 8000 },
  );
}
