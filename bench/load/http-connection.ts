import { once } from 'node:events';
import type { OnReadOpts } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Access } from './access.ts';

export interface Answer {
  status: number;
  body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');
const none = Buffer.alloc(0);

/** What all connections read into: who gets the bytes looks at them at once. */
const inbox = Buffer.allocUnsafeSlow(64 * 1024);

interface Head {
  status: number;
  length: number | undefined;
  /** Where the body begins. */
  start: number;
}

interface Waiting extends PromiseWithResolvers<Answer> {
  /** Whether the body is asked for, and not only that it comes. */
  keeps: boolean;
}

/**
 * One HTTP/1.1 keep-alive connection, one request at a time, as light as Node allows: load clients share the
 * machine's cores with what they measure.
 */
export class HttpConnection {
  readonly #socket: TLSSocket;
  readonly #host: string;
  #onData = (chunk: Buffer) => this.#take(chunk);
  #received: Buffer[] = [];
  #head: Head | undefined;
  #size = 0;
  #waiting: Waiting | undefined;

  private constructor(access: Access) {
    this.#host = `${access.host}:${access.port}`;
    const callback = (size: number, buffer: Uint8Array) => {
      this.#onData((buffer as Buffer).subarray(0, size));
      return true;
    };
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      host: access.host,
      port: access.port,
      ...access.tls,
      ALPNProtocols: ['http/1.1'],
      onread: { buffer: inbox, callback },
    };
    const socket = connect(options);
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
    socket.on('error', error => this.#waiting?.reject(error));
    this.#socket = socket;
  }

  static async open(access: Access): Promise<HttpConnection> {
    const connection = new HttpConnection(access);
    await once(connection.#socket, 'secureConnect');
    connection.#socket.setNoDelay(true);
    return connection;
  }

  request(method: string, path: string, body = '', contentType = 'application/json'): Promise<Answer> {
    return this.#send(method, path, body, contentType, true);
  }

  /** The status, when all of the answer has come. Its bytes are received and counted, not kept. */
  async status(method: string, path: string, body = '', contentType = 'application/json'): Promise<number> {
    return (await this.#send(method, path, body, contentType, false)).status;
  }

  /** Sends a GET whose answer has no end and calls `onData` with its bytes, which are there during the call only. */
  stream(path: string, onData: (chunk: Buffer) => void): void {
    this.#onData = onData;
    this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: application/json\r\n\r\n`);
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #send(method: string, path: string, body: string, contentType: string, keeps: boolean): Promise<Answer> {
    const type = body && `content-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    this.#waiting = { ...Promise.withResolvers<Answer>(), keeps };
    this.#socket.write(
      `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: application/json\r\n${type}\r\n${body}`,
    );
    return this.#waiting.promise;
  }

  #take(chunk: Buffer): void {
    const kept = this.#waiting?.keeps || this.#head?.length === undefined;
    if (kept) this.#received.push(Buffer.from(chunk));
    this.#size += chunk.length;
    this.#head ??= this.#parseHead();
    if (!this.#head || !this.#complete(this.#head)) return;
    const { status, start } = this.#head;
    const waiting = this.#waiting;
    const body = waiting?.keeps ? Buffer.concat(this.#received).subarray(start) : none;
    this.#received = [];
    this.#size = 0;
    this.#head = undefined;
    this.#waiting = undefined;
    waiting?.resolve({ status, body });
  }

  #parseHead(): Head | undefined {
    const all = Buffer.concat(this.#received);
    this.#received = [all];
    const end = all.indexOf(headEnd);
    if (end < 0) return undefined;
    const text = all.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    return {
      status: Number(text.slice(9, 12)),
      length: length === undefined ? undefined : Number(length),
      start: end + 4,
    };
  }

  /** A chunked answer is taken to end where its bytes end with the last chunk. */
  #complete({ length, start }: Head): boolean {
    if (length !== undefined) return this.#size >= start + length;
    const last = this.#received.at(-1)!;
    const tail = last.length >= lastChunk.length ? last : Buffer.concat(this.#received.slice(-6));
    return tail.subarray(-lastChunk.length).equals(lastChunk);
  }
}
