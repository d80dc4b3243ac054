import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError } from '../../api/status.ts';
import type { Call } from '../call.ts';
import { jsonResponse, type ServerResponse, textResponse } from '../exchange.ts';
import {
  bodyText,
  forward,
  forwardUpgrade,
  joinSockets,
  passedResponse,
  relayResponse,
  type Target,
} from '../proxy/forward.ts';
import { networkErrorText } from '../webhook/network-error.ts';
import type { ApiServices, RemoteApi } from './api-services.ts';
import { type RemoteClient, userHeaders } from './remote-client.ts';
import { remoteWatch } from './remote-watch.ts';

/** Bytes of an answer to a component in this process. */
const maxInProcessBytes = 64 * 1024 * 1024;

/** Passes requests for group versions of other servers on to them, in the name of who asks. */
export class RemoteProxy {
  readonly #services: ApiServices;
  readonly #client: RemoteClient;

  constructor(services: ApiServices, client: RemoteClient) {
    this.#services = services;
    this.#client = client;
  }

  /** The other server's API a call is for; undefined where this server answers. */
  remoteOf({ request: { path } }: Call): RemoteApi | undefined {
    const match = /^\/(?:openapi\/v3\/)?apis\/([^/]+)\/([^/]+)(?:\/|$)/.exec(path);
    return match ? this.#services.remote(match[1]!, match[2]!) : undefined;
  }

  handle(call: Call): Promise<ServerResponse> | undefined {
    const remote = this.remoteOf(call);
    return remote && this.#pass(call, remote);
  }

  /** A request for another protocol. Answers by itself. @throws ApiError 503 */
  async upgrade(call: Call, remote: RemoteApi, socket: Socket, head: Buffer): Promise<void> {
    const target = this.#target(call, remote);
    if (!target) throw unavailable('service unavailable');
    let answer: Awaited<ReturnType<typeof forwardUpgrade>>;
    try {
      answer = await forwardUpgrade(call.request, target);
    } catch (cause) {
      throw unavailable(unreachable(target, cause));
    }
    if (answer.kind === 'upgraded') joinSockets(socket, head, answer);
    else relayResponse(socket, answer.message);
  }

  async #pass(call: Call, remote: RemoteApi): Promise<ServerResponse> {
    const target = this.#target(call, remote);
    if (!target) return textResponse(503, 'service unavailable\n');
    let message: IncomingMessage;
    try {
      message = await forward(call.request, target);
    } catch (cause) {
      return textResponse(503, `${unreachable(target, cause)}\n`);
    }
    return call.request.inProcess ? inProcessResponse(call, message) : passedResponse(message);
  }

  /** Undefined where the server can not be asked. */
  #target({ request, user }: Call, remote: RemoteApi): Target | undefined {
    if (!remote.available) return undefined;
    const query = request.query.toString();
    try {
      return {
        secure: true,
        options: this.#client.target(remote),
        path: query ? `${request.path}?${query}` : request.path,
        headers: userHeaders(user),
      };
    } catch (error) {
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  }
}

/** Components in this process take objects. */
async function inProcessResponse(call: Call, message: IncomingMessage): Promise<ServerResponse> {
  const status = message.statusCode ?? 502;
  if (call.info.verb === 'watch' && status === 200) {
    const headers = { 'content-type': 'application/json' };
    return { status, headers, body: { kind: 'watch', source: remoteWatch(message) } };
  }
  const text = await bodyText(message, maxInProcessBytes);
  try {
    return jsonResponse(status, JSON.parse(text));
  } catch {
    return textResponse(status, text);
  }
}

function unreachable({ options }: Target, cause: unknown): string {
  const { host = '', port = 0 } = options;
  const address = { host: String(host), port: Number(port) };
  return `error trying to reach service: ${networkErrorText(cause, address)}`;
}

function unavailable(message: string): ApiError {
  return new ApiError({ message, reason: 'ServiceUnavailable', code: 503 });
}
