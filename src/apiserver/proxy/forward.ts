import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { ServerRequest, ServerResponse } from '../exchange.ts';

/** A request to be passed on. */
export interface Target {
  secure: boolean;
  options: RequestOptions;
  /** With the query. */
  path: string;
  /** In place of the client's: who asks, for backends that trust this server to say so. */
  headers?: Readonly<Record<string, string | string[]>>;
}

/** Headers that belong to one connection or to us, and are not passed on. */
const ownHeaders = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether a header goes on to the backend. Never who asks: the backend knows this server only. */
function passesOn(name: string): boolean {
  const ours = name.startsWith(':') || name.startsWith('impersonate-') || name.startsWith('x-remote-');
  return !ours && !ownHeaders.has(name);
}

function headersOf(request: ServerRequest): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || !passesOn(name)) continue;
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  return headers;
}

function open(request: ServerRequest, target: Target, headers: object): ClientRequest {
  const send = target.secure ? httpsRequest : httpRequest;
  const options = {
    ...target.options,
    method: request.method,
    path: target.path,
    headers: { ...headersOf(request), ...target.headers, ...headers },
  };
  return send(options as RequestOptions);
}

/** Sends the request on, body and all, and resolves with the backend's answer as soon as its head is there. */
export function forward(request: ServerRequest, target: Target): Promise<IncomingMessage> {
  const value = request.body.kind === 'value' ? JSON.stringify(request.body.value) : undefined;
  const outgoing = open(request, target, bodyHeaders(request, value));
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    request.signal.addEventListener('abort', () => outgoing.destroy(), { once: true });
    if (request.body.kind === 'stream') request.body.stream.pipe(outgoing);
    else outgoing.end(value);
  });
}

/**
 * A body is always framed, with its length or in chunks: Node.js sends that of a DELETE or GET as it is where nobody
 * says so, and the backend would read it as the next request on the connection, which is trusted.
 */
function bodyHeaders(request: ServerRequest, value: string | undefined): Record<string, string> {
  if (value !== undefined) {
    const type = request.headers['content-type'] ?? 'application/json';
    return { 'content-type': String(type), 'content-length': String(Buffer.byteLength(value)) };
  }
  if (request.body.kind !== 'stream') return {};
  const length = request.headers['content-length'];
  return typeof length === 'string' ? { 'content-length': length } : { 'transfer-encoding': 'chunked' };
}

/** The backend's answer as ours. */
export function passedResponse(message: IncomingMessage): ServerResponse {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined && (name === 'content-length' || passesOn(name))) headers[name] = value;
  }
  return { status: message.statusCode ?? 502, headers, body: { kind: 'stream', stream: message } };
}

/** Answer of a backend to a request for another protocol. */
export type Upgraded =
  | { kind: 'upgraded'; message: IncomingMessage; socket: Socket; head: Buffer }
  | { kind: 'refused'; message: IncomingMessage };

/** Asks the backend for the protocol the client asks for. */
export function forwardUpgrade(request: ServerRequest, target: Target): Promise<Upgraded> {
  const protocol = request.headers.upgrade as string;
  // An upgraded connection is never reused.
  const own = { ...target, options: { ...target.options } };
  const outgoing = open(request, own, { connection: 'Upgrade', upgrade: protocol });
  return new Promise((resolve, reject) => {
    outgoing.once('upgrade', (message, socket, head) => resolve({ kind: 'upgraded', message, socket, head }));
    outgoing.once('response', message => resolve({ kind: 'refused', message }));
    outgoing.once('error', reject);
    request.signal.addEventListener('abort', () => outgoing.destroy(), { once: true });
    outgoing.end();
  });
}

/** Tells the client that the protocol has changed and passes bytes both ways until either side ends. */
export function joinSockets(
  client: Socket,
  clientHead: Buffer,
  upgraded: Extract<Upgraded, { kind: 'upgraded' }>,
): void {
  const { message, socket: backend, head } = upgraded;
  let text = `HTTP/1.1 101 ${message.statusMessage || 'Switching Protocols'}\r\n`;
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    text += `${message.rawHeaders[at]}: ${message.rawHeaders[at + 1]}\r\n`;
  }
  client.write(`${text}\r\n`, 'latin1');
  if (head.length > 0) client.write(head);
  if (clientHead.length > 0) backend.write(clientHead);
  for (const socket of [client, backend]) {
    socket.setTimeout(0);
    socket.setNoDelay(true);
  }
  client.pipe(backend);
  backend.pipe(client);
  client.on('error', () => backend.destroy());
  backend.on('error', () => client.destroy());
  client.on('close', () => backend.destroy());
  backend.on('close', () => client.destroy());
}

/** Writes an answer that refuses the other protocol to a client that asked for it, and ends the connection. */
export function relayResponse(client: Socket, message: IncomingMessage): void {
  let text = `HTTP/1.1 ${message.statusCode} ${message.statusMessage}\r\n`;
  for (const [name, value] of Object.entries(message.headers)) {
    if (!passesOn(name)) continue;
    for (const each of [value].flat()) text += `${name}: ${each}\r\n`;
  }
  client.write(`${text}connection: close\r\n\r\n`, 'latin1');
  message.pipe(client);
}

/** At most `limit` bytes of an answer, for error texts. */
export async function bodyText(message: IncomingMessage, limit = 64 * 1024): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8');
}
