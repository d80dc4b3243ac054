/** Requests over TLS to a server in another process: most share HTTP/2 sessions, some take HTTP/1.1. */
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { LoneServer } from '../lone-server.ts';
import type { HostileRequest } from './invalid-requests.ts';

export interface WireAnswer {
  status: number;
  text: string;
  /** Milliseconds until the whole answer was there. */
  took: number;
}

export class Wire {
  readonly #server: LoneServer;
  readonly #credentials: { ca: string; cert: string; key: string };
  readonly #agent: Agent;
  #session: ClientHttp2Session | undefined;

  constructor(server: LoneServer) {
    this.#server = server;
    this.#credentials = { ca: server.ca, ...server.admin };
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4, ...this.#credentials });
  }

  async send(what: HostileRequest, version: 1 | 2): Promise<WireAnswer> {
    const start = performance.now();
    const { status, text } = await (version === 1 ? this.#http1(what) : this.#http2(what));
    return { status, text, took: performance.now() - start };
  }

  close(): void {
    this.#session?.destroy();
    this.#agent.destroy();
  }

  /** A server may end a session of bad requests; then there is another. */
  #open(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = connect(`https://127.0.0.1:${this.#server.port}`, this.#credentials);
    session.on('error', () => {});
    this.#session = session;
    return session;
  }

  async #http2({ method, path, headers, body }: HostileRequest) {
    const stream = this.#open().request(
      { ':method': method, ':path': path, ...headers },
      { endStream: !body },
    );
    const [answer] = await Promise.all([once(stream, 'response'), body && stream.end(body)]);
    return { status: Number(answer[0][':status']), text: await text(stream) };
  }

  async #http1({ method, path, headers, body }: HostileRequest) {
    const { port } = this.#server;
    // Node sends no length by itself for methods that rarely have a body.
    const length = body && { 'content-length': `${body.length}` };
    const options = { host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } };
    const asked = request({ ...options, agent: this.#agent });
    asked.end(body);
    const [answer] = await once(asked, 'response');
    return { status: answer.statusCode as number, text: await text(answer) };
  }
}
