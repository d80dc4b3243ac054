import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { fail } from './flags.ts';
import { hostPort } from './http-server.ts';

/** Answers datagrams on a port. @param address '' for all of both families. */
export function serveUdp(
  address: string,
  port: number,
  answer: (text: string, client: string) => string | undefined,
): Promise<void> {
  const socket = createSocket(address === '' || address.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', error => fail(`UDP port ${port}: ${error.message}`));
  socket.on('message', (message, client) => {
    const text = answer(message.toString(), hostPort(client.address, client.port));
    if (text !== undefined) socket.send(text, client.port, client.address);
  });
  return new Promise(resolve => socket.bind(port, address || '::', () => resolve()));
}

/** Sends one datagram and resolves with the answer. @throws Error when none comes within `timeout` ms. */
export async function askUdp(host: string, port: number, text: string, timeout: number): Promise<string> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  const timer = timeout > 0 ? AbortSignal.timeout(timeout) : undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      // A connected socket is told of refusals.
      socket.on('error', reject);
      socket.on('message', message => resolve(message.toString()));
      timer?.addEventListener('abort', () =>
        reject(
          Object.assign(new Error(`reading from udp connection failed. err:'i/o timeout'`), {
            code: 'ETIMEDOUT',
          }),
        ),
      );
      socket.connect(port, address, () => socket.send(text));
    });
  } finally {
    socket.close();
  }
}
