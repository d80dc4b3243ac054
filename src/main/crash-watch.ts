import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Of a log, at most this much is looked at: a process that ends at once says little. */
const maxRead = 256 * 1024;

/** What a supervised process said and how often it ended since the watch began. */
export interface Crashes {
  ends: number;
  /** The line that tells best why, without its time; undefined where nothing was said. */
  reason: string | undefined;
}

/**
 * Sees from the log of a supervised process that it keeps ending, so that whoever waits for it need not wait
 * for long. What the log held before is not looked at.
 */
export class CrashWatch {
  readonly name: string;
  readonly #path: string;
  readonly #from: number;

  /** @param name of the process, as the supervisor writes it. */
  constructor(name: string, path: string) {
    this.name = name;
    this.#path = path;
    this.#from = sizeOf(path);
  }

  look(): Crashes {
    const lines = readFrom(this.#path, this.#from).split('\n');
    const supervisor = ` supervise ${this.name} `;
    const ends = lines.filter(line => line.includes(`${supervisor}ended with `)).length;
    const said = lines.filter(line => line.trim() !== '' && !line.includes(supervisor));
    const telling = said.findLast(line => / (error|fatal) |Error: |level=(error|fatal)/.test(line));
    return { ends, reason: plain(telling ?? said.at(-1)) };
  }
}

/** A line without its time; of one of our own, what its error is. */
function plain(line: string | undefined): string | undefined {
  const own = line && / error="((?:[^"\\]|\\.)*)"$/.exec(line)?.[1];
  return own ? own.replaceAll(/\\(.)/g, '$1') : line?.replace(/^\d{4}-\S+Z\s+/, '').trim();
}

function sizeOf(path: string): number {
  return withFile(path, file => fstatSync(file).size) ?? 0;
}

/** Bytes from `start`, or from the beginning where the log was emptied meanwhile. */
function readFrom(path: string, start: number): string {
  const text = withFile(path, file => {
    const { size } = fstatSync(file);
    const begin = Math.max(size < start ? 0 : start, size - maxRead);
    const buffer = Buffer.alloc(size - begin);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, begin));
  });
  return text ?? '';
}

function withFile<T>(path: string, work: (file: number) => T): T | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}
