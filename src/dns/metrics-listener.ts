import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from './udp-listener.ts';

const maxConnections = 32;

/** Serves the metrics' text over HTTP at `/metrics`, as CoreDNS does on port 9153. */
export class MetricsListener {
  readonly #text: () => string;
  readonly #at: ListenAddress;
  #server: Server | undefined;

  constructor(text: () => string, at: ListenAddress) {
    this.#text = text;
    this.#at = at;
  }

  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address?.port ?? this.#at.port;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const known = request.url?.split('?', 1)[0] === '/metrics';
      const allowed = request.method === 'GET' || request.method === 'HEAD';
      const status = !known ? 404 : allowed ? 200 : 405;
      response.writeHead(status, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(status === 200 && request.method === 'GET' ? this.#text() : undefined);
    });
    server.maxConnections = maxConnections;
    server.requestTimeout = 10_000;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: this.#at.address, port: this.#at.port, ipv6Only: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    await new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}
