import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports that Linux gives to connections and to whoever asks for any (ip_local_port_range). */
const range = { first: 15_000, end: 30_000 };

/**
 * TCP ports free a moment ago, for a program that has to be told its port. Those the kernel chooses would be
 * given to somebody else's connection as soon as they are let go; these meet nobody but by chance.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  while (held.length < count) {
    const server = createServer().listen(randomInt(range.first, range.end));
    // `once` rejects with the error of a port that is taken.
    const listening = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (listening) held.push(server);
  }
  const ports = held.map(server => (server.address() as { port: number }).port);
  await Promise.all(held.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

/** One of `freePorts`. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
