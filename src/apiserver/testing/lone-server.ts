/**
 * An API server in a process of its own, over TLS on loopback, on a fresh memory store: for tests that watch what a
 * process takes. Prints one line of JSON (`LoneServer`) when it serves, ends when its standard input does.
 */
import { RestartingServer } from './restarting-server.ts';

export interface LoneServer {
  port: number;
  /** PEM. */
  ca: string;
  /** Of a cluster's admin, PEM. */
  admin: { cert: string; key: string };
}

const server = await RestartingServer.create();
const { port, authority, admin } = server;
console.log(JSON.stringify({ port, ca: authority.cert, admin } satisfies LoneServer));
process.stdin.resume();
process.stdin.once('end', () => void server.end());
