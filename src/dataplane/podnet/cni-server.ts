import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Logger } from '../../base/log.ts';
import type { Commands } from '../../kernel/command.ts';
import { type CniRequest, errorAnswer, parseRequest } from './cni.ts';
import { CniConnection } from './cni-connection.ts';

const maxConnections = 256;

/**
 * Resolves with what the plugin prints; what it rejects with becomes a CNI error.
 * @param plugin runs commands in the plugin's process.
 */
export type CniHandler = (request: CniRequest, plugin: Commands) => Promise<object | undefined>;

/** Answers the plugin's requests on a Unix socket that only root can open. */
export class CniServer {
  readonly #log: Logger;
  readonly #handle: CniHandler;
  readonly #path: string;
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();
  #server: Server | undefined;

  constructor(deps: { log: Logger; handle: CniHandler }, options: { path: string }) {
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
    const answered = this.#answer(new CniConnection(socket));
    this.#running.add(answered);
    void answered.finally(() => this.#running.delete(answered));
  }

  async #answer(connection: CniConnection): Promise<void> {
    let version = '1.0.0';
    try {
      const text = await connection.request();
      if (text === undefined) return;
      const request = parseRequest(text);
      version = request.cniVersion;
      const answer = await this.#handle(request, connection);
      connection.answer(0, answer === undefined ? '' : `${JSON.stringify(answer)}\n`);
    } catch (error) {
      this.#log.warn('request failed', { error });
      connection.answer(1, `${JSON.stringify(errorAnswer(error, version))}\n`);
    }
  }
}
