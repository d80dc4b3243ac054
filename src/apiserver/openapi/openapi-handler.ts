/** Answers `/openapi/v2` and `/openapi/v3/…`. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { notAcceptable } from '../../api/status.ts';
import { header, type ServerRequest, type ServerResponse } from '../exchange.ts';
import { parseAccept } from '../negotiation.ts';
import { type ApiSurface, openApiHash, openApiV2, openApiV3, openApiV3Index } from './openapi.ts';
import { encodeOpenApiV2, openApiV2Protobuf, openApiV2ProtobufAnswer } from './v2-protobuf.ts';

interface Cached {
  /** Compressed: documents are big and asked for rarely. */
  gzip: Buffer;
  etag: string;
  type: string;
  /** Of what the document tells; where that is the same, so is the document. */
  hash: string;
}

const json = 'application/json';
const versions = '/openapi/v3/';

/** Makes each document when it is first asked for, and keeps it until what it tells has changed. */
export class OpenApiHandler {
  readonly #surface: () => ApiSurface;
  readonly #documents = new Map<string, Cached>();
  #hash = '';

  /** @param surface what the API serves at the time */
  constructor(surface: () => ApiSurface) {
    this.#surface = surface;
  }

  /**
   * The answer to a request for a path below `/openapi/`; undefined where nothing is there.
   * @throws ApiError 406
   */
  handle(request: ServerRequest): ServerResponse | undefined {
    const surface = this.#surface();
    const hash = openApiHash(surface);
    if (hash !== this.#hash) this.#dropChanged(surface, hash);
    this.#hash = hash;
    const path = request.path.replace(/\/$/, '');
    const type = path === '/openapi/v2' ? v2Type(request) : json;
    const document = this.#document(path, type, surface);
    return document && respond(request, document);
  }

  /** A definition that comes or goes changes the documents of its group alone, and those of everything. */
  #dropChanged(surface: ApiSurface, all: string): void {
    for (const [key, cached] of this.#documents) {
      const path = key.slice(key.indexOf(' ') + 1);
      if (cached.hash !== hashOf(path, surface, all)) this.#documents.delete(key);
    }
  }

  #document(path: string, type: string, surface: ApiSurface): Cached | undefined {
    const key = `${type} ${path}`;
    let cached = this.#documents.get(key);
    if (!cached) {
      const bytes = makeDocument(path, type, surface);
      if (!bytes) return undefined;
      const etag = `"${createHash('sha256').update(bytes).digest('hex').toUpperCase()}"`;
      const hash = hashOf(path, surface, this.#hash);
      cached = { gzip: gzipSync(bytes, { level: 5 }), etag, type, hash };
      this.#documents.set(key, cached);
    }
    return cached;
  }
}

/** @param all the hash of everything */
function hashOf(path: string, surface: ApiSurface, all: string): string {
  return path.startsWith(versions) ? openApiHash(surface, path.slice(versions.length)) : all;
}

function makeDocument(path: string, type: string, surface: ApiSurface): Buffer | undefined {
  if (path === '/openapi/v2') {
    const document = openApiV2(surface);
    return type === json ? Buffer.from(JSON.stringify(document)) : encodeOpenApiV2(document);
  }
  if (path === '/openapi/v3') return Buffer.from(JSON.stringify(openApiV3Index(surface)));
  if (!path.startsWith(versions)) return undefined;
  const document = openApiV3(path.slice(versions.length), surface);
  return document && Buffer.from(JSON.stringify(document));
}

function v2Type(request: ServerRequest): string {
  const accept = header(request, 'accept') ?? json;
  for (const { type } of parseAccept(accept)) {
    if (type === json || type === '*/*' || type === 'application/*') return json;
    if (type === openApiV2Protobuf || type === openApiV2ProtobufAnswer) return openApiV2ProtobufAnswer;
  }
  throw notAcceptable(`only the following media types are accepted: ${json}, ${openApiV2Protobuf}`);
}

function respond(request: ServerRequest, { gzip, etag, type }: Cached): ServerResponse {
  const headers: Record<string, string> = { 'content-type': type, etag, vary: 'Accept-Encoding, Accept' };
  if (request.query.has('hash')) headers['cache-control'] = 'public, immutable';
  if (header(request, 'if-none-match') === etag) return { status: 304, headers, body: { kind: 'none' } };
  if (!/\bgzip\b/.test(header(request, 'accept-encoding') ?? '')) {
    return { status: 200, headers, body: { kind: 'bytes', chunks: [gunzipSync(gzip)] } };
  }
  return {
    status: 200,
    headers: { ...headers, 'content-encoding': 'gzip' },
    body: { kind: 'bytes', chunks: [gzip] },
  };
}
