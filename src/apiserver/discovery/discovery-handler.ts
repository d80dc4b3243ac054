import { createHash } from 'node:crypto';
import { methodNotAllowed } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { header, headerValues, type ServerResponse } from '../exchange.ts';
import { negotiate, parseAccept } from '../negotiation.ts';
import { encoded } from '../registry/representation.ts';
import type { Discovery } from './discovery.ts';

const aggregatedVersions = ['v2', 'v2beta1'];

/** Answers `/api`, `/apis` and what lies below them down to a group's version; undefined for other paths. */
export class DiscoveryHandler {
  #discovery: Discovery;
  #aggregated = new Map<string, { bytes: Uint8Array; value: unknown; etag: string }>();

  constructor(discovery: Discovery) {
    this.#discovery = discovery;
  }

  /** Puts new documents in place, when resources have come or gone. */
  replace(discovery: Discovery): void {
    this.#discovery = discovery;
    this.#aggregated.clear();
  }

  handle(call: Call): ServerResponse | undefined {
    const parts = call.request.path.split('/').filter(part => part !== '');
    const document = this.#document(call, parts);
    if (document === undefined) return undefined;
    if (call.request.method !== 'GET' && call.request.method !== 'HEAD') {
      throw methodNotAllowed('the server does not allow this method on the requested resource');
    }
    return document;
  }

  #document(call: Call, parts: string[]): ServerResponse | undefined {
    const [root, second, third, ...rest] = parts;
    if (rest.length > 0) return undefined;
    if (root === 'api') {
      if (second === undefined) return this.#root(call, true);
      return third === undefined ? answer(call, this.#discovery.resourceList('', second)) : undefined;
    }
    if (root !== 'apis') return undefined;
    if (second === undefined) return this.#root(call, false);
    if (third === undefined) return answer(call, this.#discovery.group(second));
    return answer(call, this.#discovery.resourceList(second, third));
  }

  #root(call: Call, core: boolean): ServerResponse {
    const version = aggregatedVersion(call);
    if (version === undefined) {
      return encoded(
        negotiate(call.request, false),
        200,
        core ? this.#discovery.coreVersions() : this.#discovery.groupList(),
      );
    }
    const { bytes, value, etag } = this.#aggregatedDocument(core, version);
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    const headers = { 'content-type': type, etag, vary: 'Accept', 'cache-control': 'public' };
    if (headerValues(call.request, 'if-none-match').includes(etag)) {
      return { status: 304, headers, body: { kind: 'none' } };
    }
    return { status: 200, headers, body: { kind: 'value', value: () => value, chunks: () => [bytes] } };
  }

  #aggregatedDocument(core: boolean, version: string) {
    const key = `${core} ${version}`;
    let document = this.#aggregated.get(key);
    if (!document) {
      const value = this.#discovery.aggregated(core, version);
      const bytes = Buffer.from(JSON.stringify(value));
      const etag = `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"`;
      document = { bytes, value, etag };
      this.#aggregated.set(key, document);
    }
    return document;
  }
}

function answer(call: Call, document: object | undefined): ServerResponse | undefined {
  return document && encoded(negotiate(call.request, false), 200, document);
}

/** The aggregated version the client would rather have than the plain documents. */
function aggregatedVersion(call: Call): string | undefined {
  const accept = header(call.request, 'accept');
  if (!accept?.includes('APIGroupDiscoveryList')) return undefined;
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== 'application/json') continue;
    if (parameters.get('as') === undefined) return undefined;
    const version = parameters.get('v') ?? '';
    if (parameters.get('g') === 'apidiscovery.k8s.io' && aggregatedVersions.includes(version)) return version;
  }
  return undefined;
}
