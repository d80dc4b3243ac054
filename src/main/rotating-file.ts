import { appendFile, chmod, rename, rm, stat } from 'node:fs/promises';
import type { Logger } from '../base/log.ts';

export interface RotatingFileOptions {
  path: string;
  /** Bytes after which a new file is begun. */
  maxBytes?: number;
  /** How many full files are kept: `path.1` is the youngest. */
  keep?: number;
  /** Characters that may wait to be written; lines beyond are dropped, and counted. */
  maxWaiting?: number;
}

const mebibyte = 1024 * 1024;

/** Lines in a file that only its owner reads. Bounded in size, and in memory where the disk is slow. */
export class RotatingFile {
  readonly #log: Logger;
  readonly #options: Required<RotatingFileOptions>;
  #waiting: string[] = [];
  #length = 0;
  #dropped = 0;
  #size: number | undefined;
  #writing: Promise<void> | undefined;

  constructor(deps: { log: Logger }, options: RotatingFileOptions) {
    this.#log = deps.log;
    this.#options = { maxBytes: 32 * mebibyte, keep: 3, maxWaiting: 16 * mebibyte, ...options };
  }

  write(line: string): void {
    if (this.#length + line.length > this.#options.maxWaiting) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#length += line.length;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    // Lines of one turn of the event loop are written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const text = `${this.#waiting.splice(0).join('\n')}\n`;
      this.#length = 0;
      try {
        await this.#append(text);
      } catch (error) {
        this.#log.error('lines were lost', { file: this.#options.path, error });
      }
      if (this.#dropped > 0) {
        this.#log.error('lines were dropped: the disk is too slow', { lines: this.#dropped });
        this.#dropped = 0;
      }
    }
  }

  async #append(text: string): Promise<void> {
    const { path, maxBytes } = this.#options;
    this.#size ??= await this.#present();
    const bytes = Buffer.byteLength(text);
    if (this.#size > 0 && this.#size + bytes > maxBytes) {
      await this.#rotate();
      this.#size = 0;
    }
    await appendFile(path, text, { mode: 0o600 });
    this.#size += bytes;
  }

  async #present(): Promise<number> {
    const { path } = this.#options;
    const found = await stat(path).catch(() => undefined);
    if (found) await chmod(path, 0o600);
    return found?.size ?? 0;
  }

  async #rotate(): Promise<void> {
    const { path, keep } = this.#options;
    await rm(`${path}.${keep}`, { force: true });
    for (let at = keep - 1; at >= 1; at--) await rename(`${path}.${at}`, `${path}.${at + 1}`).catch(() => {});
    await rename(path, `${path}.1`);
  }
}
