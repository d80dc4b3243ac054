import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { ApiError, badRequest, internalError, serviceUnavailable } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { toApiError } from '../errors/status.ts';
import { header, type ServerRequest, type ServerResponse } from '../exchange.ts';
import { bodyText, forward, forwardUpgrade, joinSockets, passedResponse, type Target } from './forward.ts';
import type { PodTargets } from './pod-targets.ts';
import type { ProxyTargets } from './proxy-targets.ts';
import { type LinkBase, LinkRewriter, rewriteLink } from './rewrite-links.ts';
import { asksForWebSocket, sendAsMessages, streamProtocol } from './websocket-stream.ts';

const streaming = new Set(['exec', 'attach', 'portforward']);
const plainText = { 'content-type': 'text/plain; charset=utf-8' };

/** `log`, `exec`, `attach`, `portforward` and `proxy`: what is answered by nodes, pods and Services. */
export class ProxyHandler {
  readonly #pods: PodTargets;
  readonly #proxied: ProxyTargets;
  readonly #admit: (call: Call) => Promise<void>;

  /** @param admit rejects where a connection may not be opened */
  constructor(pods: PodTargets, proxied: ProxyTargets, admit: (call: Call) => Promise<void>) {
    this.#pods = pods;
    this.#proxied = proxied;
    this.#admit = admit;
  }

  /** Whether a subresource is ours. */
  serves(subresource: string): boolean {
    return subresource === 'log' || subresource === 'proxy' || streaming.has(subresource);
  }

  /** A request that stays one. @throws ApiError */
  async handle(call: Call): Promise<ServerResponse> {
    const { subresource } = call.info;
    await this.#admit(call);
    if (streaming.has(subresource)) {
      this.#streamTarget(call);
      throw badRequest('Upgrade request required');
    }
    if (subresource === 'log') return this.#log(call);
    const target = this.#proxied.of(call);
    const withoutSlash = call.info.rest === '' && !call.request.path.endsWith('/');
    if (withoutSlash && (call.request.method === 'GET' || call.request.method === 'HEAD')) {
      const query = call.request.query.toString();
      const location = `${call.request.path}/${query ? `?${query}` : ''}`;
      return { status: 301, headers: { location }, body: { kind: 'none' } };
    }
    let message: IncomingMessage;
    try {
      message = await forward(call.request, target);
    } catch (cause) {
      throw unreachable(target, cause);
    }
    return withLinks(passedResponse(message), linkBase(call, target));
  }

  /** A request for another protocol. Answers by itself; rejects when it can't. */
  async upgrade(call: Call, socket: Socket, head: Buffer): Promise<void> {
    await this.#admit(call);
    if (call.info.subresource === 'log' && asksForWebSocket(call.request)) {
      const protocol = streamProtocol(call.request);
      return sendAsMessages(call.request, socket, await this.#logStream(call), protocol);
    }
    const target = this.#upgradeTarget(call);
    refuseUnknownProtocols(call);
    let answer: Awaited<ReturnType<typeof forwardUpgrade>>;
    try {
      answer = await forwardUpgrade(call.request, target);
    } catch (cause) {
      throw unreachable(target, cause);
    }
    if (answer.kind === 'refused') throw await refusal(answer.message);
    joinSockets(socket, head, answer);
  }

  async #log(call: Call): Promise<ServerResponse> {
    const stream = await this.#logStream(call);
    return { status: 200, headers: { ...plainText }, body: { kind: 'stream', stream } };
  }

  /** Empty for a pod that has no node yet. @throws ApiError */
  async #logStream(call: Call): Promise<Readable> {
    const target = this.#pods.log(call);
    if (!target) return Readable.from([]);
    let message: IncomingMessage;
    try {
      message = await forward(call.request, target);
    } catch (cause) {
      throw unreachable(target, cause);
    }
    if ((message.statusCode ?? 500) >= 300) throw await refusal(message);
    return message;
  }

  #upgradeTarget(call: Call): Target {
    if (call.info.subresource === 'proxy') return this.#proxied.of(call);
    return this.#streamTarget(call);
  }

  #streamTarget(call: Call): Target {
    const { subresource } = call.info;
    if (subresource === 'exec' || subresource === 'attach') return this.#pods.stream(call, subresource);
    if (subresource === 'portforward') return this.#pods.portForward(call);
    throw badRequest('the request can not be upgraded');
  }
}

/** How links of the backend are to be written for who asked by this server's path. */
function linkBase({ info, request }: Call, { options }: Target): LinkBase {
  const suffix = info.rest === '' ? '' : `/${info.rest}`;
  const path = request.path.replace(/\/+$/, '');
  const prefix = path.slice(0, path.length - suffix.replace(/\/+$/, '').length);
  return { prefix, host: `${options.host}:${options.port}` };
}

/** Redirects and pages lead through this server, too (upstream: util/proxy, Transport). */
function withLinks(response: ServerResponse, base: LinkBase): ServerResponse {
  const { headers, body } = response;
  const { location } = headers;
  if (typeof location === 'string') headers.location = rewriteLink(location, base);
  const type = String(headers['content-type'] ?? '').split(';')[0];
  if (type !== 'text/html' || headers['content-encoding'] || body.kind !== 'stream') return response;
  delete headers['content-length'];
  const stream = new LinkRewriter(base);
  body.stream.on('error', error => stream.destroy(error));
  stream.on('close', () => body.stream.destroy());
  return { ...response, body: { kind: 'stream', stream: body.stream.pipe(stream) } };
}

/**
 * Runtimes speak SPDY and version 4 of the WebSocket protocol. kubectl, which offers version 5 only, takes a
 * refusal for a sign to try SPDY.
 */
function refuseUnknownProtocols({ info, request }: Call): void {
  if (info.subresource === 'proxy') return;
  if (header(request, 'upgrade')?.toLowerCase() !== 'websocket') return;
  const offered = (header(request, 'sec-websocket-protocol') ?? '').split(',').map(each => each.trim());
  const known = [
    'v4.channel.k8s.io',
    'v4.base64.channel.k8s.io',
    'channel.k8s.io',
    'base64.channel.k8s.io',
    '',
  ];
  if (offered.some(each => known.includes(each))) return;
  throw badRequest(`unable to upgrade: none of the offered protocols is supported: ${offered.join(', ')}`);
}

function unreachable({ options, path }: Target, cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  const why = cause instanceof Error ? cause.message || cause.name : String(cause);
  return serviceUnavailable(
    `error trying to reach service: ${options.host}:${options.port}${path.split('?')[0]}: ${why}`,
  );
}

/** A backend's refusal as a Status (upstream: registry/generic/rest/response_checker.go). */
async function refusal(message: IncomingMessage): Promise<ApiError> {
  const text = (await bodyText(message)).trim();
  const code = message.statusCode ?? 500;
  if (code === 400) return badRequest(text);
  if (code === 404) return new ApiError({ message: text, reason: 'NotFound', code, details: {} });
  if (code >= 500) return internalError(new Error(text));
  return new ApiError({ message: text, code });
}

/** Answers a request for another protocol with a Status and ends the connection. */
export function refuseUpgrade(socket: Socket, _request: ServerRequest, error: unknown): void {
  const { status, code } = toApiError(error);
  const body = Buffer.from(JSON.stringify(status));
  socket.end(
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 ${code} ${status.reason || 'Error'}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
      ),
      body,
    ]),
  );
}
