import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { timeOf } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';

/** What `kubectl logs` can ask for. */
export interface LogOptions {
  follow?: boolean;
  /** Only the last lines of what is there. */
  tailLines?: number;
  /** Milliseconds since the Unix epoch; older lines are left out. */
  since?: number;
  /** Each line begins with its time. */
  timestamps?: boolean;
  /** The answer is cut after this many bytes. */
  limitBytes?: number;
  /** Only one of them where the other is wanted not. */
  stream?: 'stdout' | 'stderr';
}

const chunkSize = 64 * 1024;
const pollInterval = 1000;

/**
 * The text of a container's log. The file has CRI's format: `time stream F text`, where `P` in place of `F`
 * says that the line goes on in the next entry. Following, it goes on into the new file of a rotated log, and ends
 * once `isRunning` says no and everything is read; else it ends with what was there when it began, so that one line
 * asked for is one line however slowly the reader takes it.
 */
export async function* readContainerLog(
  path: string,
  options: LogOptions,
  deps: { clock: Clock; isRunning: () => boolean; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const cutter = new LogCutter(options);
  let file = await open(path);
  try {
    const { size } = await file.stat();
    let position = options.tailLines === undefined ? 0 : await tailStart(file, size, options.tailLines);
    for (;;) {
      const wasRunning = deps.isRunning();
      const wanted = options.follow ? chunkSize : Math.min(chunkSize, size - position);
      if (wanted <= 0) return;
      const chunk = Buffer.alloc(wanted);
      const { bytesRead } = await file.read(chunk, 0, wanted, position);
      if (bytesRead > 0) {
        position += bytesRead;
        const text = cutter.push(chunk.subarray(0, bytesRead));
        if (text.length > 0) yield text;
        if (cutter.full) return;
        continue;
      }
      if (!options.follow) return;
      const next = await rotated(file, path);
      if (next) {
        await file.close();
        file = next;
        position = 0;
      } else if (!wasRunning || deps.signal.aborted) {
        return;
      } else {
        await change(path, deps.clock, deps.signal);
      }
    }
  } finally {
    await file.close();
  }
}

/** Turns entries of the file into the text that is shown. */
class LogCutter {
  readonly #options: LogOptions;
  #rest: Buffer = Buffer.alloc(0);
  #left: number;
  #atLineStart = true;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get full(): boolean {
    return this.#left <= 0;
  }

  push(chunk: Buffer): Buffer {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const parts: Buffer[] = [];
    let start = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      this.#entry(all.subarray(start, end), parts);
      start = end + 1;
    }
    this.#rest = all.subarray(start);
    const text = Buffer.concat(parts);
    const cut = text.length > this.#left ? text.subarray(0, this.#left) : text;
    this.#left -= cut.length;
    return cut;
  }

  #entry(line: Buffer, parts: Buffer[]): void {
    const timeEnd = line.indexOf(32);
    const streamEnd = line.indexOf(32, timeEnd + 1);
    const tagEnd = line.indexOf(32, streamEnd + 1);
    if (timeEnd < 0 || streamEnd < 0) return;
    const stream = line.toString('latin1', timeEnd + 1, streamEnd);
    const tag = line.toString('latin1', streamEnd + 1, tagEnd < 0 ? line.length : tagEnd);
    const { since, timestamps, stream: wanted } = this.#options;
    if (wanted && stream !== wanted) return;
    const time = line.toString('latin1', 0, timeEnd);
    if (since !== undefined && timeOf(time) < since) return;
    if (timestamps && this.#atLineStart) parts.push(Buffer.from(`${time} `));
    if (tagEnd >= 0) parts.push(line.subarray(tagEnd + 1));
    this.#atLineStart = !tag.split(':').includes('P');
    if (this.#atLineStart) parts.push(newline);
  }
}

const newline = Buffer.from('\n');

/** Where the last `lines` lines of the first `size` bytes begin. */
async function tailStart(file: FileHandle, size: number, lines: number): Promise<number> {
  if (lines === 0) return size;
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(end - chunkSize, 0);
    const chunk = Buffer.alloc(end - start);
    await file.read(chunk, 0, chunk.length, start);
    for (let at = chunk.length - 1; at >= 0; at--) {
      // The newline that ends the file begins no line.
      if (chunk[at] !== 10 || start + at === size - 1) continue;
      if (++found === lines) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

/** The new file under `path`, where the open one was moved away. */
async function rotated(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const [open_, present] = await Promise.all([file.stat(), stat(path).catch(() => undefined)]);
  if (!present || present.ino === open_.ino) return undefined;
  return open(path);
}

/** Waits until something happens to the log's folder, a second at most. */
function change(path: string, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      cancel();
      watcher?.close();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(pollInterval, done);
    const watcher = startWatch(dirname(path), done);
    signal.addEventListener('abort', done, { once: true });
  });
}

function startWatch(folder: string, onChange: () => void): ReturnType<typeof watch> | undefined {
  try {
    const watcher = watch(folder, onChange);
    watcher.on('error', onChange);
    return watcher;
  } catch {
    // No inotify left: the poll does it.
    return undefined;
  }
}
