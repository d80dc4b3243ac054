import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Logger } from '../../base/log.ts';
import { type CniRequest, formatAnswer, formatError, parseRequest } from './cni.ts';

/** Configuration and environment of a call are a few kilobytes. */
const maxRequest = 1 << 20;
const maxConnections = 256;

/** Answers the plugin's requests on a Unix socket that only root can open. */
export class CniServer {
  readonly #log: Logger;
  readonly #handle: (request: CniRequest) => Promise<object | undefined>;
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();
  #server: Server | undefined;

  /** @param deps.handle resolves with what the plugin prints; what it rejects with becomes a CNI error. */
  constructor(
    deps: { log: Logger; handle: (request: CniRequest) => Promise<object | undefined> },
    options: { path: string },
  ) {
    this.#log = deps.log;
    this.#handle = deps.handle;
    this.#path = options.path;
  }

  async start(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    // Left by an agent that was killed; nobody listens on it any more.
    await rm(this.#path, { force: true });
    const server = createServer({ allowHalfOpen: true }, socket => this.#accept(socket));
    server.maxConnections = maxConnections;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#path, resolve);
    });
    await chmod(this.#path, 0o600);
  }

  /** Lets requests under way finish. */
  async stop(): Promise<void> {
    this.#server?.close();
    await Promise.allSettled(this.#running);
    for (const socket of this.#sockets) socket.destroy();
    await rm(this.#path, { force: true });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // A plugin that was killed while it waited.
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > maxRequest) socket.destroy();
    });
    socket.once('end', () => {
      const answer = this.#answer(text).then(reply => void socket.end(reply));
      this.#running.add(answer);
      void answer.finally(() => this.#running.delete(answer));
    });
  }

  async #answer(text: string): Promise<string> {
    let version = '1.0.0';
    try {
      const request = parseRequest(text);
      version = request.cniVersion;
      return formatAnswer(await this.#handle(request));
    } catch (error) {
      this.#log.warn('request failed', { error });
      return formatError(error, version);
    }
  }
}
