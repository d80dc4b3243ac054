import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';

/** How a client writes and reads the objects of a kind. */
export interface Format<T> {
  /** Of requests and answers. */
  mediaType: string;
  /** What a watch says it sends. */
  watchType: string;
  list(body: Buffer): { version: string; items: T[] };
  one(body: Buffer): T;
  write(object: T): Buffer;
  /** The event that `bytes` begin with and how long it is; undefined where it is not all there yet. */
  event(bytes: Buffer): { length: number; event: WatchEvent<T> } | undefined;
  failure(body: Buffer, mediaType: string): Failure;
  version(object: T): string;
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; version: string }
  | { type: 'ERROR'; failure: Failure };

/** Of a Status. */
export interface Failure {
  code: number;
  reason: string;
}

/** An answer that is no success. */
export class Failed extends Error {
  readonly path: string;
  readonly failure: Failure;

  constructor(path: string, failure: Failure) {
    super(`${path}: ${failure.code} ${failure.reason}`);
    this.path = path;
    this.failure = failure;
  }
}

/** Speaks to one server, for one kind of objects. */
export class FormatClient<T> {
  readonly #format: Format<T>;
  readonly #server: () => RequestOptions;

  constructor(format: Format<T>, server: () => RequestOptions) {
    this.#format = format;
    this.#server = server;
  }

  async list(path: string): Promise<{ version: string; items: T[] }> {
    return this.#format.list(await this.#ask('GET', path));
  }

  async get(path: string): Promise<T> {
    return this.#format.one(await this.#ask('GET', path));
  }

  async write(method: 'POST' | 'PUT', path: string, object: T): Promise<T> {
    return this.#format.one(await this.#ask(method, path, this.#format.write(object)));
  }

  /** Until the server or the signal ends it. @throws Failed where it does not begin */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const response = await this.#send('GET', path, undefined, signal);
    if (response.statusCode !== 200) throw await this.#failed(path, response);
    const type = response.headers['content-type'];
    if (type !== this.#format.watchType) throw new Error(`the watch sends ${type}`);
    let bytes: Buffer = Buffer.alloc(0);
    for await (const chunk of response) {
      bytes = Buffer.concat([bytes, chunk as Buffer]);
      for (let next = this.#format.event(bytes); next; next = this.#format.event(bytes)) {
        bytes = bytes.subarray(next.length);
        yield next.event;
      }
    }
  }

  async #ask(method: string, path: string, body?: Buffer): Promise<Buffer> {
    const response = await this.#send(method, path, body);
    if (response.statusCode! >= 300) throw await this.#failed(path, response);
    const type = response.headers['content-type'];
    if (type !== this.#format.mediaType) throw new Error(`${method} ${path} is answered in ${type}`);
    return read(response);
  }

  async #failed(path: string, response: IncomingMessage): Promise<Failed> {
    const type = response.headers['content-type'] ?? '';
    return new Failed(path, this.#format.failure(await read(response), type));
  }

  async #send(method: string, path: string, body?: Buffer, signal?: AbortSignal): Promise<IncomingMessage> {
    const { mediaType } = this.#format;
    const headers = { accept: mediaType, ...(body && { 'content-type': mediaType }) };
    const sent = request({ ...this.#server(), method, path, headers, ...(signal && { signal }) });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Keeps what a server has of a kind, by name, as client-go's reflectors do: lists, then watches, and again. */
export class Reflector<T> {
  readonly #client: FormatClient<T>;
  readonly #path: string;
  readonly #format: Format<T>;
  readonly #nameOf: (object: T) => string;
  readonly #changed: (name: string) => void;
  readonly #ended = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly known = new Map<string, T>();
  /** How often it listed, was told that its history is gone, and found nobody or was cut off. */
  lists = 0;
  gone = 0;
  failures = 0;

  constructor(
    { client, path, format }: { client: FormatClient<T>; path: string; format: Format<T> },
    nameOf: (object: T) => string,
    changed: (name: string) => void,
  ) {
    this.#client = client;
    this.#path = path;
    this.#format = format;
    this.#nameOf = nameOf;
    this.#changed = changed;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let version = '';
    while (!this.#ended.signal.aborted) {
      try {
        version ||= await this.#list();
        for await (const event of this.#watch(version)) version = this.#take(event);
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        if (error instanceof Failed && error.failure.code === 410) {
          this.gone++;
          version = '';
          continue;
        }
        this.failures++;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    }
  }

  async #list(): Promise<string> {
    const { version, items } = await this.#client.list(this.#path);
    this.lists++;
    const before = new Set(this.known.keys());
    this.known.clear();
    for (const item of items) this.known.set(this.#nameOf(item), item);
    for (const name of new Set([...before, ...this.known.keys()])) this.#changed(name);
    return version;
  }

  #watch(version: string): AsyncGenerator<WatchEvent<T>> {
    const query = `watch=1&allowWatchBookmarks=1&resourceVersion=${version}`;
    return this.#client.watch(`${this.#path}?${query}`, this.#ended.signal);
  }

  /** The version the event brings. @throws Failed for an error */
  #take(event: WatchEvent<T>): string {
    if (event.type === 'ERROR') throw new Failed(this.#path, event.failure);
    if (event.type === 'BOOKMARK') return event.version;
    const name = this.#nameOf(event.object);
    if (event.type === 'DELETED') this.known.delete(name);
    else this.known.set(name, event.object);
    this.#changed(name);
    return this.#format.version(event.object);
  }
}
