import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { skipName } from '../wire/dns-message.ts';

/** A DNS server to ask. */
export interface UpstreamServer {
  /** IP address. */
  address: string;
  port: number;
}

/** How a query gets to a server and its answer back; one try. */
export interface Exchange {
  /**
   * Resolves with the answer whose id and question are those of `query`; rejects when none can come or when
   * `signal` aborts.
   */
  udp(server: UpstreamServer, query: Buffer, signal: AbortSignal): Promise<Buffer>;
  tcp(server: UpstreamServer, query: Buffer, signal: AbortSignal): Promise<Buffer>;
}

/**
 * Over real sockets. Each UDP query has a socket of its own: the kernel gives it a random port and lets only
 * the server's packets in, which with the random id is what keeps forged answers out (RFC 5452).
 */
export const socketExchange: Exchange = {
  udp(server, query, signal) {
    return new Promise((resolve, reject) => {
      const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
      const end = (settle: () => void) => {
        signal.removeEventListener('abort', onAbort);
        socket.removeAllListeners('message');
        socket.close();
        settle();
      };
      const onAbort = () => end(() => reject(signal.reason));
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      socket.on('error', error => end(() => reject(error)));
      socket.on('message', message => {
        if (answers(message, query)) end(() => resolve(message));
      });
      socket.connect(server.port, server.address, () => {
        if (!signal.aborted) socket.send(query);
      });
    });
  },

  tcp(server, query, signal) {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: server.address, port: server.port, signal });
      let received = Buffer.alloc(0);
      const end = (settle: () => void) => {
        socket.destroy();
        settle();
      };
      socket.on('error', error => end(() => reject(error)));
      socket.on('close', () => reject(new Error(`${server.address} closed the connection`)));
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const message = received.subarray(2, 2 + received.readUInt16BE(0));
        if (answers(message, query)) end(() => resolve(message));
        else end(() => reject(new Error(`${server.address} sent an answer to another question`)));
      });
      const framed = Buffer.allocUnsafe(query.length + 2);
      framed.writeUInt16BE(query.length, 0);
      query.copy(framed, 2);
      socket.write(framed);
    });
  },
};

/** Whether `message` is an answer with the id and the question of `query`, capitals included. */
export function answers(message: Buffer, query: Buffer): boolean {
  if (message.length < 12 || !(message[2]! & 0x80) || message.readUInt16BE(0) !== query.readUInt16BE(0))
    return false;
  if (message.readUInt16BE(4) !== 1) return false;
  const end = skipName(query, 12, true) + 4;
  return message.length >= end && message.compare(query, 12, end, 12, end) === 0;
}
