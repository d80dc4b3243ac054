/**
 * The least an HTTPS server can be: one that answers every request with `{}`. It says how fast this machine is.
 * Prints its port; ends at SIGTERM. Usage: node bench/load/empty-server.ts CERTIFICATE KEY
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

const [, , cert = '', key = ''] = process.argv;
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) =>
  response.end('{}'),
);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
