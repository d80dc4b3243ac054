import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fail } from './flags.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

export interface ServerOptions {
  port: number;
  address?: string;
  /** Paths of PEM files. */
  tls?: { cert: string; key: string } | undefined;
}

/** Serves; a handler that throws answers 500. Resolves with the port when it listens. */
export function serve(handler: Handler, options: ServerOptions): Promise<{ server: Server; port: number }> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://agnhost');
    Promise.resolve()
      .then(() => handler(request, response, url))
      .catch(error => answer(response, 500, `${error.message}\n`));
  };
  const server = options.tls
    ? createTlsServer({ cert: readFileSync(options.tls.cert), key: readFileSync(options.tls.key) }, listener)
    : createServer(listener);
  // A client that sends its next request on a kept connection must not meet the server closing it.
  server.keepAliveTimeout = 0;
  server.on('error', error => fail(`listening on port ${options.port}: ${error.message}`));
  return new Promise(resolve => {
    server.listen({ port: options.port, host: options.address, backlog: 4096 }, () =>
      resolve({ server, port: (server.address() as AddressInfo).port }),
    );
  });
}

/** Handlers by path; `/` takes the rest. */
export function routes(table: Record<string, Handler>): Handler {
  return (request, response, url) => {
    const handler = table[url.pathname] ?? table['/'];
    if (!handler) return answer(response, 404, '404 page not found\n');
    return handler(request, response, url);
  };
}

export function answer(response: ServerResponse, code: number, text: string): void {
  if (!response.headersSent) {
    response.writeHead(code, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
  }
  response.end(text);
}

/** Longest body that is read, in bytes. */
const maxBody = 64 * 2 ** 20;

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > maxBody) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The client as Go writes it: `10.0.0.1:4000`, `[fd00::1]:4000`. */
export function remoteAddress({ socket }: IncomingMessage): string {
  return hostPort(socket.remoteAddress ?? '', socket.remotePort ?? 0);
}

/** An address with its port; one of IPv4 that came through an IPv6 socket is shown as what it is. */
export function hostPort(address: string, port: number | string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
