/** What is kept in etcd v3, through its JSON gateway (`/v3/kv/range` and so on; keys and values in base64). */

export interface Kept {
  key: string;
  value: string;
  /** etcd's revision of the last write; an object's resourceVersion. */
  revision: number;
}

export interface KeptChange {
  type: 'put' | 'delete';
  revision: number;
  /** The value before; undefined where there was none. */
  previous?: Kept;
  /** The value written. */
  kept?: Kept;
}

interface KeyValue {
  key: string;
  value?: string;
  mod_revision: string;
}

export class HistoryGone extends Error {
  override name = 'HistoryGone';
}

export class Etcd {
  readonly #server: string;

  /** @param server `http://127.0.0.1:2379` */
  constructor(server: string) {
    this.#server = server.replace(/\/$/, '');
  }

  /** All whose keys begin with `prefix`, by key, and the revision at which they stand so. */
  async list(prefix: string): Promise<{ kept: Kept[]; revision: number }> {
    const { kvs = [], header } = await this.#call('kv/range', rangeOf(prefix));
    return { kept: kvs.map(keptOf), revision: Number(header.revision) };
  }

  async get(key: string): Promise<Kept | undefined> {
    const { kvs = [] } = await this.#call('kv/range', { key: encode(key) });
    return kvs[0] && keptOf(kvs[0]);
  }

  /** Writes where the key's revision is `expected` (0: it is not there). Resolves with the new one, or undefined. */
  async put(key: string, value: string, expected: number): Promise<number | undefined> {
    return this.#writeIf(key, expected, { request_put: { key: encode(key), value: encode(value) } });
  }

  async delete(key: string, expected: number): Promise<number | undefined> {
    return this.#writeIf(key, expected, { request_delete_range: { key: encode(key) } });
  }

  /** The changes after `revision`, as they come. @throws HistoryGone where etcd has forgotten some of them. */
  async *watch(prefix: string, revision: number, signal: AbortSignal): AsyncGenerator<KeptChange[]> {
    const range = rangeOf(prefix);
    const create_request = { ...range, start_revision: String(revision + 1), prev_kv: true };
    const response = await this.#post('watch', { create_request }, signal);
    let rest = '';
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const { result } = JSON.parse(line);
        if (Number(result.compact_revision ?? 0) > 0) throw new HistoryGone('the revision is compacted');
        if (result.events?.length > 0) yield result.events.map(changeOf);
      }
    }
  }

  async #writeIf(key: string, expected: number, write: object): Promise<number | undefined> {
    const compare = { target: 'MOD', key: encode(key), result: 'EQUAL', mod_revision: String(expected) };
    const answer = await this.#call('kv/txn', { compare: [compare], success: [write] });
    return answer.succeeded ? Number(answer.header.revision) : undefined;
  }

  async #call(path: string, body: object) {
    // biome-ignore lint/suspicious/noExplicitAny: the gateway's answers, each of its own form
    return (await (await this.#post(path, body)).json()) as any;
  }

  async #post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
    const response = await fetch(`${this.#server}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
    if (!response.ok) throw new Error(`etcd: ${response.status} ${await response.text()}`);
    return response;
  }
}

const encode = (text: string) => Buffer.from(text).toString('base64');
const decode = (text: string) => Buffer.from(text, 'base64').toString();

function rangeOf(prefix: string) {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return { key: encode(prefix), range_end: end.toString('base64') };
}

function keptOf({ key, value = '', mod_revision }: KeyValue): Kept {
  return { key: decode(key), value: decode(value), revision: Number(mod_revision) };
}

function changeOf(event: { type?: string; kv: KeyValue; prev_kv?: KeyValue }): KeptChange {
  const previous = event.prev_kv && { previous: keptOf(event.prev_kv) };
  const revision = Number(event.kv.mod_revision);
  if (event.type === 'DELETE') return { type: 'delete', revision, ...previous };
  return { type: 'put', revision, kept: keptOf(event.kv), ...previous };
}
