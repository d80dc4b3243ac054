import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Hands an upgraded connection through to the runtime's streaming server as bytes: it speaks SPDY and
 * WebSocket itself.
 */
export function proxyStream(
  request: IncomingMessage,
  socket: net.Socket,
  head: Buffer,
  target: string,
): void {
  const { hostname, port, pathname, search } = new URL(target);
  const upstream = net.connect({ host: hostname, port: Number(port) });
  upstream.setNoDelay(true);
  upstream.once('connect', () => {
    upstream.write(requestHead(request, `${pathname}${search}`, `${hostname}:${port}`));
    if (head.length > 0) upstream.write(head);
    upstream.pipe(socket);
    socket.pipe(upstream);
  });
  // A side that breaks takes the other with it: half of a stream helps nobody.
  upstream.once('error', error => {
    if (upstream.bytesRead === 0)
      refuse(socket, 502, `the container runtime's streaming server: ${error.message}`);
    else socket.destroy();
  });
  socket.once('error', () => upstream.destroy());
  socket.once('close', () => upstream.destroy());
  // What is still to be sent goes out first; then nothing keeps the connection.
  upstream.once('close', () => socket.destroySoon());
}

function requestHead(request: IncomingMessage, path: string, host: string): string {
  const lines = [`${request.method} ${path} HTTP/1.1`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    lines.push(`${name}: ${name.toLowerCase() === 'host' ? host : request.rawHeaders[index + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const phrases: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
};

/** Answers an upgrade request that leads nowhere. */
export function refuse(socket: Duplex, status: number, message: string): void {
  const body = Buffer.from(`${message}\n`);
  const head = [
    `HTTP/1.1 ${status} ${phrases[status] ?? 'Error'}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
}
