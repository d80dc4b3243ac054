import type { ValueAt } from './store.ts';

/**
 * How the store lies in etcd, all below one prefix:
 *
 *     PREFIX/registry/KEY   a current entry
 *     PREFIX/final          the key and the final value of what was deleted last; watchers get it from the
 *                           history, in which it has the revision of the deletion
 *     PREFIX/tick           written to see how far the watch has come
 *     PREFIX/cluster        whose data this is
 *     PREFIX/restore        there while a backup is being put in
 */
export class EtcdLayout {
  readonly prefix: string;
  readonly final: string;
  readonly tick: string;
  readonly cluster: string;
  readonly restore: string;

  constructor(prefix: string) {
    this.prefix = prefix.replace(/\/+$/, '');
    this.final = `${this.prefix}/final`;
    this.tick = `${this.prefix}/tick`;
    this.cluster = `${this.prefix}/cluster`;
    this.restore = `${this.prefix}/restore`;
  }

  /** Everything below the prefix. */
  get all(): { key: string; rangeEnd: string } {
    return rangeOf(`${this.prefix}/`);
  }

  get entries(): { key: string; rangeEnd: string } {
    return rangeOf(this.entry(''));
  }

  entry(key: string): string {
    return `${this.prefix}/registry${key}`;
  }

  /** The store's key; undefined for a key that is no entry's. */
  keyOf(etcdKey: string): string | undefined {
    const before = `${this.prefix}/registry`;
    return etcdKey.startsWith(before) ? etcdKey.slice(before.length) : undefined;
  }
}

/** The keys that begin with `prefix`, as etcd names a range. The last character is ASCII. */
export function rangeOf(prefix: string): { key: string; rangeEnd: string } {
  const last = prefix.charCodeAt(prefix.length - 1);
  return { key: prefix, rangeEnd: prefix.slice(0, -1) + String.fromCharCode(last + 1) };
}

/** In place of the position where a value carries its revision, for one that carries none. */
const unstamped = 0xffffffff;

/**
 * The bytes etcd keeps. The revision of a write is known only after it: where a value carries it, etcd keeps
 * the parts around it, preceded by the length of the first.
 */
export function packValue(value: Uint8Array | ValueAt): Uint8Array {
  const [before, after] = value instanceof Uint8Array ? [value, new Uint8Array(0)] : value.parts();
  const packed = Buffer.allocUnsafe(4 + before.byteLength + after.byteLength);
  packed.writeUInt32BE(value instanceof Uint8Array ? unstamped : before.byteLength);
  packed.set(before, 4);
  packed.set(after, 4 + before.byteLength);
  return packed;
}

/** The value at its revision, in bytes of its own. @throws RangeError for what this store did not write. */
export function unpackValue(packed: Uint8Array, revision: number): Uint8Array {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  if (bytes.length < 4) throw new RangeError('a value in etcd is not one of this store');
  const cut = bytes.readUInt32BE(0);
  if (cut === unstamped) return copyOf(bytes.subarray(4), '', bytes.subarray(0, 0));
  if (4 + cut > bytes.length) throw new RangeError('a value in etcd is not one of this store');
  return copyOf(bytes.subarray(4, 4 + cut), String(revision), bytes.subarray(4 + cut));
}

/** In a buffer of its own: a slice would keep the whole message it came in. */
function copyOf(before: Buffer, digits: string, after: Buffer): Uint8Array {
  const value = Buffer.allocUnsafeSlow(before.length + digits.length + after.length);
  before.copy(value);
  value.write(digits, before.length, 'latin1');
  after.copy(value, before.length + digits.length);
  return value;
}

/** The record under `final`: key, line feed, value. */
export function packFinal(key: string, value: Uint8Array | ValueAt): Uint8Array {
  return Buffer.concat([Buffer.from(`${key}\n`), packValue(value)]);
}

export function unpackFinal(packed: Uint8Array, revision: number): { key: string; value: Uint8Array } {
  const end = packed.indexOf(0x0a);
  const key = Buffer.from(packed.subarray(0, end)).toString();
  return { key, value: unpackValue(packed.subarray(end + 1), revision) };
}
