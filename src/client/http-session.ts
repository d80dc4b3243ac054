import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';

export interface ServerAddress {
  /** `https://host:port`. */
  server: string;
  /** The certificates trusted to sign the server's, PEM. */
  ca: string;
  /** Client certificate and key, PEM. */
  cert?: string;
  key?: string;
  /** A Unix socket to connect to in place of the server's address. */
  socketPath?: string;
}

/** Milliseconds; after client-go: a ping after 30 s of silence, dead when it is not answered within 15 s. */
const connectTimeout = 10_000;
const silenceBeforePing = 30_000;
const pingTimeout = 15_000;

/** Per stream, and for the session as a whole: a list of thousands of objects must not wait for credit. */
const streamWindow = 1024 * 1024;
const sessionWindow = 16 * 1024 * 1024;

/**
 * One HTTP/2 session to the API server, made on first use and anew after it broke, was refused by GOAWAY or
 * stopped answering pings. Streams that are under way when a server says GOAWAY end in peace.
 */
export class HttpSession {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #address: ServerAddress;
  /** Made once: reading certificates takes longer than all else of an attempt that finds no server. */
  #secureContext: SecureContext | undefined;
  #current: Promise<ClientHttp2Session> | undefined;
  readonly #open = new Set<ClientHttp2Session>();
  #closed = false;

  constructor(deps: { clock: Clock; log: Logger }, address: ServerAddress) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#address = address;
  }

  /** A session that takes new streams. Rejects when the server can't be reached or trusted. */
  get(): Promise<ClientHttp2Session> {
    if (this.#closed) return Promise.reject(new Error('the transport is closed'));
    if (!this.#current) {
      const session = this.#connect();
      this.#current = session;
      session.catch(() => this.#forget(session));
    }
    return this.#current;
  }

  /** Ends all streams and connections. */
  close(): void {
    this.#closed = true;
    for (const session of this.#open) session.destroy();
  }

  #forget(session: Promise<ClientHttp2Session>): void {
    if (this.#current === session) this.#current = undefined;
  }

  #connect(): Promise<ClientHttp2Session> {
    const { server, ca, cert, key, socketPath } = this.#address;
    const settings = { initialWindowSize: streamWindow, enablePush: false };
    this.#secureContext ??= createSecureContext({ ca, cert, key });
    const tls = { secureContext: this.#secureContext, ALPNProtocols: ['h2'] };
    // TLS takes no address as a server's name; every API server's certificate is good for this one.
    const servername = 'kubernetes';
    const session = connect(server, {
      ...tls,
      settings,
      ...(socketPath && {
        createConnection: () => quietly(connectTls({ ...tls, path: socketPath, servername })),
      }),
    });
    this.#open.add(session);
    const connected = new Promise<ClientHttp2Session>((resolve, reject) => {
      const cancel = this.#clock.after(connectTimeout, () => {
        session.destroy(new Error(`${server} did not answer within ${connectTimeout / 1000} s`));
      });
      session.once('connect', () => {
        cancel();
        // It is told that it is connected, too, when it was destroyed in the same moment; then it closes.
        if (session.destroyed) return;
        session.setLocalWindowSize(sessionWindow);
        resolve(session);
      });
      session.once('close', () => {
        cancel();
        reject(new Error(`cannot connect to ${server}`, { cause: failure }));
      });
    });
    let failure: unknown;
    session.on('error', error => {
      failure = error;
      this.#log.debug('the session to the API server failed', { server, error });
    });
    this.#follow(session, connected);
    return connected;
  }

  /** Puts the session out of use when it says GOAWAY, closes, or is silent. */
  #follow(session: ClientHttp2Session, connected: Promise<ClientHttp2Session>): void {
    session.once('goaway', () => this.#forget(connected));
    const stopPings = this.#pingWhenSilent(session);
    session.once('close', () => {
      stopPings();
      this.#open.delete(session);
      this.#forget(connected);
    });
  }

  #pingWhenSilent(session: ClientHttp2Session): Cancel {
    let bytesSeen = -1;
    let awaiting: Cancel | undefined;
    const stop = this.#clock.every(silenceBeforePing, () => {
      const bytes = session.connecting ? -1 : (session.socket?.bytesRead ?? -1);
      if (bytes !== bytesSeen || awaiting || session.connecting || session.destroyed) {
        bytesSeen = bytes;
        return;
      }
      awaiting = this.#clock.after(pingTimeout, () => {
        session.destroy(new Error('the server stopped answering'), constants.NGHTTP2_CANCEL);
      });
      session.ping(() => {
        awaiting?.();
        awaiting = undefined;
      });
    });
    return () => {
      stop();
      awaiting?.();
    };
  }
}

/** The session tells of a socket's failure; one that comes after the session was destroyed is nobody's. */
function quietly(socket: TLSSocket): TLSSocket {
  return socket.on('error', () => {});
}
