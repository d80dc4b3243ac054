import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Access } from './access.ts';

export interface Answer {
  status: number;
  body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

/**
 * One HTTP/1.1 keep-alive connection, one request at a time, as light as Node allows: load clients share the
 * machine's cores with what they measure.
 */
export class HttpConnection {
  readonly #socket: TLSSocket;
  readonly #host: string;
  #received: Buffer[] = [];
  #head: { status: number; length: number | undefined; start: number } | undefined;
  #size = 0;
  #waiting: PromiseWithResolvers<Answer> | undefined;

  private constructor(socket: TLSSocket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
    socket.on('error', error => this.#waiting?.reject(error));
  }

  static async open(access: Access): Promise<HttpConnection> {
    const socket = connect({
      host: access.host,
      port: access.port,
      ...access.tls,
      ALPNProtocols: ['http/1.1'],
    });
    await once(socket, 'secureConnect');
    socket.setNoDelay(true);
    return new HttpConnection(socket, `${access.host}:${access.port}`);
  }

  request(method: string, path: string, body = '', contentType = 'application/json'): Promise<Answer> {
    const type = body && `content-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    this.#waiting = Promise.withResolvers();
    this.#socket.write(
      `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: application/json\r\n${type}\r\n${body}`,
    );
    return this.#waiting.promise;
  }

  /** Sends a GET whose answer has no end and calls `onData` with its bytes. */
  stream(path: string, onData: (chunk: Buffer) => void): void {
    this.#socket.removeAllListeners('data');
    this.#socket.on('data', onData);
    this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: application/json\r\n\r\n`);
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#size += chunk.length;
    this.#head ??= this.#parseHead();
    if (!this.#head || !this.#complete(this.#head)) return;
    const { status, start } = this.#head;
    const body = Buffer.concat(this.#received).subarray(start);
    const waiting = this.#waiting;
    this.#received = [];
    this.#size = 0;
    this.#head = undefined;
    this.#waiting = undefined;
    waiting?.resolve({ status, body });
  }

  #parseHead() {
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
  #complete({ length, start }: { length: number | undefined; start: number }): boolean {
    if (length !== undefined) return this.#size >= start + length;
    const last = this.#received.at(-1)!;
    const tail = last.length >= lastChunk.length ? last : Buffer.concat(this.#received.slice(-6));
    return tail.subarray(-lastChunk.length).equals(lastChunk);
  }
}
