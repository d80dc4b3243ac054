import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Component } from '../base/component.ts';
import { errorChain, type Logger } from '../base/log.ts';
import { StandInError } from './catalog/catalog.ts';
import { ImageForbiddenError, type ImageLibrary, ImageNotFoundError } from './image-library.ts';
import { isDigest } from './manifest.ts';
import { type ImageReference, InvalidReferenceError, parseReference } from './reference.ts';
import { type Credentials, UpstreamError } from './upstream.ts';

export interface ImageMirrorOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Others listen on the same address and port. */
  reusePort?: boolean;
  tls: { cert: string; key: string; clientCa: string };
}

/** An answer other than the content asked for, with a code of the OCI distribution specification. */
class MirrorError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

const maxConnections = 1024;

/**
 * The read part of the OCI distribution API over TLS for nodes that show a certificate of the cluster's CA.
 * As a mirror in containerd's sense it serves every registry: `?ns=` names the one that is meant.
 */
export class ImageMirror implements Component {
  readonly name = 'image-mirror';
  readonly #library: ImageLibrary;
  readonly #log: Logger;
  readonly #options: ImageMirrorOptions;
  readonly #stopping = new AbortController();
  #server: Server | undefined;

  constructor(deps: { library: ImageLibrary; log: Logger }, options: ImageMirrorOptions) {
    this.#library = deps.library;
    this.#log = deps.log;
    this.#options = options;
  }

  /** The port it listens on. @throws Error before `start`. */
  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (!address) throw new Error('the image mirror does not listen');
    return address.port;
  }

  async start(_signal: AbortSignal): Promise<void> {
    const { host, port, tls, reusePort = false } = this.#options;
    const server = createServer(
      {
        cert: tls.cert,
        key: tls.key,
        ca: tls.clientCa,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        // A reason phrase, which HTTP/2 has not, carries our words into containerd's error.
        ALPNProtocols: ['http/1.1'],
      },
      (request, response) => void this.#handle(request, response),
    );
    server.maxConnections = maxConnections;
    server.requestTimeout = 30_000;
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, reusePort }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the image mirror stops'));
    const server = this.#server;
    if (!server) return;
    await new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the client went away')));
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal]);
    try {
      await this.#serve(request, response, signal);
    } catch (error) {
      if (signal.aborted || response.headersSent) response.destroy();
      else this.#sendError(request, response, error);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new MirrorError(405, 'UNSUPPORTED', 'the image mirror is read-only');
    }
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    const { path, namespace } = parseTarget(request.url ?? '/');
    if (path === '/v2/' || path === '/v2') {
      sendJson(response, 200, {});
      return;
    }
    const match = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path);
    if (!match) throw new MirrorError(404, 'NAME_UNKNOWN', `no such path: ${path}`);
    const [, name = '', what, wanted = ''] = match;
    if (what === 'manifests')
      await this.#manifest(response, request, requested(namespace, name, wanted), signal);
    else if (what === 'blobs')
      await this.#blob(response, request, requested(namespace, name), wanted, signal);
    else if (wanted === 'list') {
      const { domain, path: repository } = requested(namespace, name);
      sendJson(response, 200, { name, tags: await this.#library.tags(`${domain}/${repository}`) });
    } else throw new MirrorError(404, 'NAME_UNKNOWN', `no such path: ${path}`);
  }

  async #manifest(
    response: ServerResponse,
    request: IncomingMessage,
    reference: ImageReference,
    signal: AbortSignal,
  ): Promise<void> {
    // Not ended when this client goes: a build or a pull serves the next one too.
    const who = { ...credentialsOf(request), signal: this.#stopping.signal };
    const image = await this.#library.resolve(reference, who);
    response.writeHead(200, {
      'Content-Type': image.mediaType,
      'Content-Length': image.size,
      'Docker-Content-Digest': image.digest,
      ETag: `"${image.digest}"`,
    });
    if (request.method === 'HEAD') response.end();
    else await this.#send(response, (await this.#library.blob(reference, image.digest)).open(), signal);
  }

  async #blob(
    response: ServerResponse,
    request: IncomingMessage,
    reference: ImageReference,
    digest: string,
    signal: AbortSignal,
  ): Promise<void> {
    if (!isDigest(digest)) throw new MirrorError(400, 'DIGEST_INVALID', `${digest} is no digest of a blob`);
    const blob = await this.#library.blob(reference, digest, { ...credentialsOf(request), signal });
    const range = blob.size === undefined ? undefined : parseRange(request.headers.range, blob.size);
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${blob.size}`);
      throw new MirrorError(416, 'SIZE_INVALID', 'the range lies outside of the blob');
    }
    response.setHeader('Content-Type', 'application/octet-stream');
    response.setHeader('Docker-Content-Digest', digest);
    if (blob.size !== undefined) {
      response.setHeader('Accept-Ranges', 'bytes');
      response.setHeader('Content-Length', range ? range.end - range.start + 1 : blob.size);
    }
    if (range) response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${blob.size}`);
    response.statusCode = range ? 206 : 200;
    if (request.method === 'HEAD') response.end();
    else await this.#send(response, blob.open(range), signal);
  }

  /** Sends the content; a failure before its first byte can still be answered with an error. */
  async #send(
    response: ServerResponse,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const iterator = content[Symbol.asyncIterator]();
    const first = await iterator.next();
    const whole = async function* () {
      if (first.done) return;
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => iterator };
    };
    await pipeline(whole(), response, { signal });
  }

  #sendError(request: IncomingMessage, response: ServerResponse, cause: unknown): void {
    const { status, code, message } = mirrorError(cause, credentialsOf(request).credentials !== undefined);
    // Basic, whatever the registry asks for: so its credentials come here, and go on to it.
    if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="the registry of the image"');
    for (const name of ['Content-Length', 'Content-Range', 'Docker-Content-Digest']) {
      if (status !== 416 || name !== 'Content-Range') response.removeHeader(name);
    }
    if (status >= 500)
      this.#log.warn('cannot serve', { method: request.method, url: request.url, error: cause });
    // containerd drops the text of a 404 and shows only `not found`; of any other status it shows the reason
    // phrase. So its requests, known by `ns`, are answered with 410 and our words there.
    const mirrored = parseTarget(request.url ?? '/').namespace !== undefined;
    response.statusCode = mirrored && status === 404 ? 410 : status;
    if (mirrored) response.statusMessage = message.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 1024);
    sendJson(response, response.statusCode, { errors: [{ code, message }] });
  }
}

function mirrorError(cause: unknown, known: boolean): MirrorError {
  if (cause instanceof MirrorError) return cause;
  if (cause instanceof ImageForbiddenError)
    // Asked again, containerd would show the same credentials again.
    return new MirrorError(known ? 403 : 401, known ? 'DENIED' : 'UNAUTHORIZED', cause.message, { cause });
  if (cause instanceof ImageNotFoundError)
    return new MirrorError(404, 'MANIFEST_UNKNOWN', cause.message, { cause });
  if (cause instanceof InvalidReferenceError)
    return new MirrorError(400, 'NAME_INVALID', cause.message, { cause });
  if (cause instanceof StandInError) return new MirrorError(500, 'UNAVAILABLE', cause.message, { cause });
  if (cause instanceof UpstreamError)
    return new MirrorError(502, 'UNAVAILABLE', errorChain(cause), { cause });
  return new MirrorError(500, 'UNKNOWN', errorChain(cause), { cause });
}

function parseTarget(target: string): { path: string; namespace: string | undefined } {
  const question = target.indexOf('?');
  if (question < 0) return { path: target, namespace: undefined };
  const namespace = new URLSearchParams(target.slice(question + 1)).get('ns');
  return { path: target.slice(0, question), namespace: namespace ?? undefined };
}

/** The reference of a request. Without a namespace the name itself may begin with a registry. */
function requested(namespace: string | undefined, name: string, wanted?: string): ImageReference {
  const suffix = wanted === undefined ? '' : wanted.includes(':') ? `@${wanted}` : `:${wanted}`;
  return parseReference(`${namespace === undefined ? '' : `${namespace}/`}${name}${suffix}`);
}

/** One range of bytes as RFC 9110 has it; several ranges and other units are answered with the whole. */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}

function credentialsOf({ headers }: IncomingMessage): { credentials?: Credentials } {
  const encoded = /^Basic +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (!encoded) return {};
  const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { credentials: { username, password: rest.join(':') } };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
