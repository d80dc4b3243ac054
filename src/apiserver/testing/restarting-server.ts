import { ApiError } from '../../api/status.ts';
import { systemClock } from '../../base/clock.ts';
import { DecisionLog } from '../../base/decisions.ts';
import { silentLogger } from '../../base/log.ts';
import { ApiServer } from '../apiserver.ts';
import { adminUser } from './api.ts';
import { TestAuthority, type TestPair } from './pki.ts';
import { TemporaryStore } from './temporary-store.ts';

/** The server, which can go and come back on the same port and store. */
export class RestartingServer {
  readonly store = new TemporaryStore();
  readonly authority: TestAuthority;
  readonly admin: TestPair;
  readonly #serving: TestPair;
  #running: ApiServer | undefined;
  port = 0;

  private constructor(authority: TestAuthority, serving: TestPair, admin: TestPair) {
    this.authority = authority;
    this.#serving = serving;
    this.admin = admin;
  }

  /** One that listens, over an empty store. */
  static async create(): Promise<RestartingServer> {
    const authority = await TestAuthority.create();
    const serving = await authority.issue('CN=kube-apiserver', ['127.0.0.1']);
    const admin = await authority.issue('O=system:masters, CN=operator');
    const server = new RestartingServer(authority, serving, admin);
    await server.store.start(AbortSignal.timeout(10_000));
    await server.start();
    return server;
  }

  /** @param listening where not, it serves this process only: clients find nobody there */
  async start(listening = true): Promise<void> {
    const decisions = new DecisionLog(systemClock, 'server');
    const tls = { ...this.#serving, clientCa: this.authority.cert };
    this.#running = new ApiServer(
      { clock: systemClock, log: silentLogger, decisions, store: this.store },
      listening ? { listen: { addresses: ['127.0.0.1'], port: this.port, tls } } : {},
    );
    await this.#running.start(AbortSignal.timeout(10_000));
    if (listening) this.port = this.#running.port;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  /** For good. */
  async end(): Promise<void> {
    await this.stop();
    await this.store.stop();
  }

  /** The code a watch is ended with. */
  async watchFailure(path: string): Promise<number | undefined> {
    const watch = this.#running!.transport(adminUser).watch({ method: 'GET', path });
    try {
      for await (const _ of watch) return undefined;
    } catch (error) {
      return error instanceof ApiError ? error.code : undefined;
    }
    return undefined;
  }

  /** As another client of the API, past the operator. */
  request<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T> {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return this.#running!.transport(adminUser).request<T>({
      method,
      path,
      contentType,
      ...(body && { body }),
    });
  }
}
