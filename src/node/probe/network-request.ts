import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Container, HTTPGetAction } from '../../api/generated/types.ts';
import type { Clock } from '../../base/clock.ts';

export interface HttpAnswer {
  status: number;
  body: string;
}

const maxBody = 10 * 1024;
const maxRedirects = 10;

/** A request as a probe or hook makes it: certificates are not checked, connections not kept. */
export class NetworkRequests {
  readonly #clock: Clock;

  constructor(deps: { clock: Clock }) {
    this.#clock = deps.clock;
  }

  /**
   * GET, following redirects on the same host. Rejects with Go's words for what went wrong.
   * @param timeout milliseconds for all of it
   */
  async get(url: URL, headers: Readonly<Record<string, string>>, timeout: number): Promise<HttpAnswer> {
    const controller = new AbortController();
    const cancel = this.#clock.after(timeout, () => controller.abort());
    try {
      let at = url;
      for (let hops = 0; hops <= maxRedirects; hops++) {
        const answer = await getOnce(at, headers, controller.signal);
        const next = answer.location === undefined ? undefined : new URL(answer.location, at);
        if (next === undefined || next.hostname !== url.hostname) return answer;
        at = next;
      }
      throw new Error(`Get "${url}": stopped after ${maxRedirects} redirects`);
    } catch (cause) {
      throw explain(url, cause, controller.signal.aborted);
    } finally {
      cancel();
    }
  }

  /** Resolves when a TCP connection stands. */
  async connect(host: string, port: number, timeout: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = net.connect({ host, port });
    const where = `dial tcp ${joinHostPort(host, port)}`;
    const cancel = this.#clock.after(timeout, () => reject(new Error(`${where}: i/o timeout`)));
    socket.once('connect', resolve);
    socket.once('error', cause => reject(new Error(`${where}: ${reasonOf(cause)}`, { cause })));
    try {
      await promise;
    } finally {
      cancel();
      socket.destroy();
    }
  }
}

function getOnce(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HttpAnswer & { location?: string }> {
  return new Promise((resolve, reject) => {
    const options = { headers, signal, agent: false as const };
    const answered = (response: http.IncomingMessage) => {
      const status = response.statusCode ?? 0;
      const location = status >= 300 && status < 400 ? response.headers.location : undefined;
      readBody(response).then(body => resolve({ status, body, ...(location && { location }) }), reject);
    };
    const request =
      url.protocol === 'https:'
        ? https.get(url, { ...options, rejectUnauthorized: false }, answered)
        : http.get(url, options, answered);
    request.once('error', reject);
  });
}

async function readBody(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBody) break;
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, maxBody).toString();
}

function explain(url: URL, cause: unknown, timedOut: boolean): Error {
  const get = `Get "${url}"`;
  if (timedOut) {
    const words = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    return new Error(`${get}: ${words}`, { cause });
  }
  if (cause instanceof Error && cause.message.startsWith('Get ')) return cause;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const dial = code in dialReasons ? `dial tcp ${url.hostname}:${port}: ` : '';
  return new Error(`${get}: ${dial}${reasonOf(cause)}`, { cause });
}

const dialReasons: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
};

function reasonOf(cause: unknown): string {
  const { code = '', message = String(cause) } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ECONNRESET') return message === 'socket hang up' ? 'EOF' : 'read: connection reset by peer';
  return dialReasons[code] ?? message;
}

export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A port by number or by the name it has in the container. @throws Error where there is none */
export function resolvePort(port: number | string, container: Container): number {
  const number = Number(port);
  if (Number.isInteger(number)) {
    if (number > 0 && number < 65_536) return number;
    throw new Error(`invalid port number: ${port}`);
  }
  const named = (container.ports ?? []).find(({ name }) => name === port);
  if (!named) throw new Error(`couldn't find port: ${port}`);
  return named.containerPort;
}

/** The request of an httpGet action. Header names keep their spelling; `Host` sets the host header. */
export function httpRequest(
  { host, path = '', port, scheme = 'HTTP', httpHeaders = [] }: HTTPGetAction,
  container: Container,
  podIP: string,
  userAgent: string,
): { url: URL; headers: Record<string, string> } {
  const target = joinHostPort(host || podIP, resolvePort(port, container));
  const url = new URL(path.startsWith('/') ? path : `/${path}`, `${scheme.toLowerCase()}://${target}`);
  const headers: Record<string, string> = { 'User-Agent': userAgent, Accept: '*/*', Connection: 'close' };
  for (const { name, value = '' } of httpHeaders) {
    const same = Object.keys(headers).find(known => known.toLowerCase() === name.toLowerCase());
    if (same) delete headers[same];
    if (value !== '' || !same) headers[name] = value;
  }
  return { url, headers };
}
