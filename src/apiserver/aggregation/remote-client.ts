import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { Clock } from '../../base/clock.ts';
import type { ApiUser } from '../exchange.ts';
import { networkErrorText } from '../webhook/network-error.ts';
import { type ResolverDeps, resolveService } from '../webhook/webhook-target.ts';
import type { RemoteApi } from './api-services.ts';

/** The certificate with which this server shows extension servers that it speaks for its users, PEM. */
export interface FrontProxyCredentials {
  ca: string;
  cert: string;
  key: string;
}

export interface RemoteClientDeps extends ResolverDeps {
  clock: Clock;
}

/** Who this server is when it asks for itself. */
const aggregator: ApiUser = { name: 'system:kube-aggregator', groups: ['system:masters'] };
/** Bytes of the largest document taken from an extension server. */
const maxDocumentBytes = 32 * 1024 * 1024;

/** Reaches the servers behind APIServices. */
export class RemoteClient {
  readonly #deps: RemoteClientDeps;
  readonly #credentials: FrontProxyCredentials | undefined;
  readonly #agent: Agent;

  constructor(deps: RemoteClientDeps, credentials: FrontProxyCredentials | undefined) {
    this.#deps = deps;
    this.#credentials = credentials;
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: 16, timeout: 90_000 });
  }

  /**
   * Options for `https.request` to one of the endpoints of the API's Service.
   * @throws ApiError 404, 503
   */
  target({ spec, service }: RemoteApi): RequestOptions {
    const { caBundle, insecureSkipTLSVerify } = spec;
    const { cert, key } = this.#credentials ?? {};
    const ca = caBundle ? Buffer.from(caBundle, 'base64').toString('latin1') : undefined;
    return {
      ...resolveService(this.#deps, service.namespace, service.name, service.port),
      servername: `${service.name}.${service.namespace}.svc`,
      agent: this.#agent,
      ...(ca && { ca, allowPartialTrustChain: true }),
      ...(insecureSkipTLSVerify && { rejectUnauthorized: false }),
      ...(cert && { cert, key }),
    };
  }

  /**
   * A JSON document of the server, asked for in this server's own name; undefined for 304 and 404.
   * @param insecure the certificate is not looked at: for what only tells whether somebody is there
   * @throws Error
   */
  async get(
    remote: RemoteApi,
    path: string,
    options: { accept?: string; timeout: number; insecure?: boolean },
  ): Promise<Fetched> {
    const target = this.target(remote);
    const deadline = new AbortController();
    const cancel = this.#deps.clock.after(options.timeout, () => deadline.abort());
    try {
      return await this.#fetch(target, path, options, deadline.signal);
    } catch (cause) {
      if (deadline.signal.aborted) {
        throw new Error(`Get "${urlOf(target, path)}": context deadline exceeded`, { cause });
      }
      const { host = '', port = 0 } = target;
      const why = networkErrorText(cause, { host: String(host), port: Number(port) });
      throw new Error(`Get "${urlOf(target, path)}": ${why}`, { cause });
    } finally {
      cancel();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #fetch(
    target: RequestOptions,
    path: string,
    { accept = 'application/json', insecure }: { accept?: string; insecure?: boolean },
    signal: AbortSignal,
  ): Promise<Fetched> {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request({
        ...target,
        ...(insecure && { rejectUnauthorized: false }),
        path,
        headers: { accept, ...userHeaders(aggregator) },
        signal,
      });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.end();
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of message) {
      size += (chunk as Buffer).length;
      if (size > maxDocumentBytes) {
        message.destroy();
        throw new Error(`the answer is larger than ${maxDocumentBytes} bytes`);
      }
      chunks.push(chunk as Buffer);
    }
    return {
      status: message.statusCode ?? 500,
      type: message.headers['content-type'] ?? '',
      text: Buffer.concat(chunks).toString('utf8'),
    };
  }
}

export interface Fetched {
  status: number;
  type: string;
  text: string;
}

export function urlOf({ host, port }: RequestOptions, path: string): string {
  const name = String(host).includes(':') ? `[${host}]` : host;
  return `https://${name}:${port}${path}`;
}

/** Who asks, as an extension server reads it from a front proxy (upstream: transport.SetAuthProxyHeaders). */
export function userHeaders({ name, uid, groups, extra }: ApiUser): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'X-Remote-User': name, 'X-Remote-Group': [...groups] };
  if (uid) headers['X-Remote-Uid'] = uid;
  for (const [key, values] of Object.entries(extra ?? {})) {
    headers[`X-Remote-Extra-${encodeURIComponent(key.toLowerCase())}`] = [...values];
  }
  return headers;
}
