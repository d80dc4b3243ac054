import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../base/clock.ts';
import { digestOf, isObject, manifestMediaTypes, maxManifestBytes } from './manifest.ts';
import { type ImageReference, repositoryOf } from './reference.ts';

/** A manifest or index as a registry gave it. */
export interface UpstreamManifest {
  content: Buffer;
  mediaType: string;
  digest: string;
}

/** What a registry knows someone by. */
export interface Credentials {
  username: string;
  password: string;
}

/** For whom something is asked; anonymously where nobody is named. */
export interface PullRequest {
  credentials?: Credentials;
  signal?: AbortSignal;
}

/** The registries that images really come from. */
export interface Upstream {
  /** @throws UpstreamError */
  manifest(reference: ImageReference, request?: PullRequest): Promise<UpstreamManifest>;
  /** The bytes of a blob of the reference's repository, not checked. @throws UpstreamError */
  blob(reference: ImageReference, digest: string, request?: PullRequest): Promise<AsyncIterable<Uint8Array>>;
}

/** `unauthorized`: the registry does not give the image to who asks. */
type UpstreamFailure = 'unreachable' | 'refused' | 'unauthorized';

/** `unreachable`: no answer came. `refused`: the registry answered that it does not give the image out. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly kind: UpstreamFailure;

  constructor(kind: UpstreamFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export interface RegistryOptions {
  /** A registry must have begun to answer after this many milliseconds. */
  answerTimeout?: number;
  /** A registry that could not be reached is not tried again for this many milliseconds. */
  retryAfter?: number;
  /** Registries spoken to without TLS, by domain: those on loopback in tests. */
  plainHttp?: (domain: string) => boolean;
}

/** Hosts of registries that are not at their domain. */
const registryHosts: Record<string, string> = { 'docker.io': 'registry-1.docker.io' };
const maxRedirects = 5;
const maxTokenBytes = 64 * 1024;
const maxTokens = 256;

interface Answer {
  response: IncomingMessage;
  url: URL;
}

/**
 * Reads from OCI registries over HTTPS, anonymously or for someone, with what a registry's authentication challenge
 * leads to.
 */
export class RegistryUpstream implements Upstream {
  readonly #clock: Clock;
  readonly #options: Required<RegistryOptions>;
  /** `Authorization` headers, by repository and for whom. */
  readonly #tokens = new Map<string, { header: string; expires: number }>();
  readonly #unreachableUntil = new Map<string, number>();

  constructor(deps: { clock: Clock }, options: RegistryOptions = {}) {
    this.#clock = deps.clock;
    this.#options = { answerTimeout: 5_000, retryAfter: 60_000, plainHttp: () => false, ...options };
  }

  async manifest(reference: ImageReference, request: PullRequest = {}): Promise<UpstreamManifest> {
    const wanted = reference.digest ?? reference.tag ?? 'latest';
    const accept = manifestMediaTypes.join(', ');
    const { response } = await this.#get(reference, `manifests/${wanted}`, accept, request);
    const content = await readBody(response, maxManifestBytes);
    const digest = digestOf(content);
    if (reference.digest && digest !== reference.digest) {
      throw new UpstreamError('refused', `${reference.domain} sent a manifest of another digest: ${digest}`);
    }
    const mediaType = response.headers['content-type']?.split(';', 1)[0] ?? manifestMediaTypes[2]!;
    return { content, mediaType, digest };
  }

  async blob(
    reference: ImageReference,
    digest: string,
    request: PullRequest = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#get(reference, `blobs/${digest}`, '*/*', request)).response;
  }

  async #get(reference: ImageReference, path: string, accept: string, request: PullRequest): Promise<Answer> {
    const { domain } = reference;
    const until = this.#unreachableUntil.get(domain) ?? 0;
    if (this.#clock.now() < until)
      throw new UpstreamError('unreachable', `${domain} could not be reached lately`);
    try {
      const answer = await this.#getAuthorized(reference, path, accept, request);
      this.#unreachableUntil.delete(domain);
      return answer;
    } catch (error) {
      if (error instanceof UpstreamError || request.signal?.aborted) throw error;
      this.#unreachableUntil.set(domain, this.#clock.now() + this.#options.retryAfter);
      throw new UpstreamError('unreachable', `${domain} cannot be reached`, { cause: error });
    }
  }

  async #getAuthorized(
    reference: ImageReference,
    path: string,
    accept: string,
    request: PullRequest,
  ): Promise<Answer> {
    const { domain } = reference;
    const { signal } = request;
    const scheme = this.#options.plainHttp(domain) ? 'http' : 'https';
    const url = new URL(`${scheme}://${registryHosts[domain] ?? domain}/v2/${reference.path}/${path}`);
    const key = tokenKey(reference, request);
    const send = () => this.#follow(url, { accept, ...this.#authorization(key) }, signal);
    let answer = await send();
    const challenge = answer.response.headers['www-authenticate'];
    if (answer.response.statusCode === 401 && challenge) {
      answer.response.resume();
      await this.#authenticate(reference, challenge, request);
      answer = await send();
    }
    if (answer.response.statusCode === 200) return answer;
    const body = await readBody(answer.response, maxTokenBytes).catch(() => Buffer.alloc(0));
    const status = answer.response.statusCode ?? 0;
    if (status >= 500) throw new Error(`${url.host} answered ${status}`);
    const kind = status === 401 || status === 403 ? 'unauthorized' : 'refused';
    throw new UpstreamError(kind, `${domain} answers ${status}${registryMessage(body)}`);
  }

  /** Sends a GET and follows redirects; authorization never leaves the registry's host. */
  async #follow(url: URL, headers: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const response = await this.#send(url, headers, signal);
      const location = response.headers.location;
      if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || !location)
        return { response, url };
      response.resume();
      const next = new URL(location, url);
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw new UpstreamError('refused', `${url.host} redirects to ${next.protocol}//${next.host}`);
      }
      if (next.host !== url.host) delete headers.authorization;
      url = next;
    }
    throw new UpstreamError('refused', `${url.host} redirects too often`);
  }

  #send(url: URL, headers: Record<string, string>, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const open = url.protocol === 'http:' ? httpRequest : httpsRequest;
      const request = open(url, {
        headers: { 'user-agent': 'causeway', ...headers },
        ...(signal && { signal }),
      });
      const cancel = this.#clock.after(this.#options.answerTimeout, () => {
        request.destroy(new Error(`${url.host} did not answer within ${this.#options.answerTimeout} ms`));
      });
      request.once('response', response => {
        cancel();
        resolve(response);
      });
      request.once('error', error => {
        cancel();
        reject(error);
      });
      request.end();
    });
  }

  #authorization(key: string): Record<string, string> {
    const known = this.#tokens.get(key);
    if (!known || known.expires <= this.#clock.now()) return {};
    return { authorization: known.header };
  }

  #remember(key: string, header: string, seconds: number): void {
    if (this.#tokens.size >= maxTokens) this.#tokens.clear();
    this.#tokens.set(key, { header, expires: this.#clock.now() + (seconds * 1000 * 9) / 10 });
  }

  /** Gets the token a challenge asks for, or takes the credentials where it asks for these. */
  async #authenticate(reference: ImageReference, challenge: string, request: PullRequest): Promise<void> {
    const { credentials, signal } = request;
    const key = tokenKey(reference, request);
    const basic = credentials && basicHeader(credentials);
    const parameters = parseChallenge(challenge);
    if (!parameters?.realm) {
      if (!basic || !/^Basic\b/i.test(challenge))
        throw new UpstreamError('unauthorized', `${reference.domain} asks for credentials`);
      this.#remember(key, basic, 60);
      return;
    }
    const url = new URL(parameters.realm);
    if (parameters.service) url.searchParams.set('service', parameters.service);
    url.searchParams.set('scope', parameters.scope ?? `repository:${reference.path}:pull`);
    const headers = { accept: 'application/json', ...(basic && { authorization: basic }) };
    const { response } = await this.#follow(url, headers, signal);
    const body = await readBody(response, maxTokenBytes);
    if (response.statusCode !== 200) {
      const kind = response.statusCode === 401 || response.statusCode === 403 ? 'unauthorized' : 'refused';
      throw new UpstreamError(kind, `${url.host} gives no token for ${repositoryOf(reference)}`);
    }
    const { token, access_token: accessToken, expires_in: seconds } = parseToken(body);
    const value = token ?? accessToken;
    if (typeof value !== 'string') throw new UpstreamError('refused', `${url.host} gives no token`);
    this.#remember(key, `Bearer ${value}`, typeof seconds === 'number' ? seconds : 60);
  }
}

/** Passwords themselves are not kept in keys. */
function tokenKey(reference: ImageReference, { credentials }: PullRequest): string {
  const repository = repositoryOf(reference);
  if (!credentials) return repository;
  return `${repository} ${createHash('sha256').update(basicHeader(credentials)).digest('hex')}`;
}

function basicHeader({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The parameters of a `Bearer` challenge (RFC 6750); undefined for another scheme. */
export function parseChallenge(header: string): Record<string, string> | undefined {
  const match = /^Bearer\s+(.*)$/i.exec(header);
  if (!match) return undefined;
  const parameters: Record<string, string> = {};
  for (const [, name, quoted, plain] of match[1]!.matchAll(/(\w+)=(?:"([^"]*)"|([^",\s]+))/g)) {
    parameters[name!.toLowerCase()] = quoted ?? plain ?? '';
  }
  return parameters;
}

function parseToken(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The first message of a registry's error body, as `: text`. */
function registryMessage(body: Buffer): string {
  const { errors } = parseToken(body);
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return isObject(first) && typeof first.message === 'string' ? `: ${first.message.slice(0, 200)}` : '';
}

async function readBody(response: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > maxBytes) throw new UpstreamError('refused', `the registry sent more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
