import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestPair } from './pki.ts';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests without ceremony
  body: any;
}

export interface Reply {
  status?: number;
  /** A string goes as it is, undefined never answers. */
  body: unknown;
}

/** A real HTTPS server on loopback that keeps what it is sent and answers what the test says. */
export class WebhookServer {
  readonly received: Received[] = [];
  /** TCP connections taken so far. */
  connections = 0;
  readonly #server: Server;
  answer: (request: Received) => Reply;

  private constructor(server: Server, answer: (request: Received) => Reply) {
    this.#server = server;
    this.answer = answer;
  }

  static async start(serving: TestPair, answer: (request: Received) => Reply): Promise<WebhookServer> {
    const server = createServer(serving);
    const webhook = new WebhookServer(server, answer);
    server.on('connection', () => webhook.connections++);
    server.on('request', async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const received = {
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      webhook.received.push(received);
      const { status = 200, body } = webhook.answer(received);
      if (body === undefined) return;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return webhook;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Ends the connections that wait for another request. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
