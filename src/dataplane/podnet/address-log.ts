import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AddressBook, type Attachment, attachmentKey } from './address-book.ts';

type Entry =
  | { give: Attachment }
  | { free: string }
  /** Of a compacted log: this address is free and waits in this place. */
  | { freed: string }
  | { cidrs: string[] };

/** Files an `AddressLog` needs, so that tests can let one fail at each step. */
export interface LogFiles {
  read(path: string): Promise<string>;
  /** Replaces the file in one step that survives a crash, and opens it for appending. */
  replace(path: string, content: string): Promise<AppendFile>;
}

export interface AppendFile {
  /** Resolves when the text outlives this process. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * The address book on disk: a log of JSON lines, appended to before an answer depends on it. A line that a crash cut
 * short was never answered for and is dropped. Written anew, compact, at each start. Lines are not synced: when the
 * machine goes down, the namespaces that hold the addresses go with it, so that those of lost lines are free.
 */
export class AddressLog {
  readonly book = new AddressBook();
  readonly #path: string;
  readonly #files: LogFiles;
  #file: AppendFile | undefined;
  #waiting: { text: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #flushing: Promise<void> | undefined;
  #open = false;

  constructor(deps: { files?: LogFiles }, options: { path: string }) {
    this.#files = deps.files ?? diskFiles;
    this.#path = options.path;
  }

  async start(): Promise<void> {
    const text = await this.#files.read(this.#path);
    // Without its line feed the last line may be half of one.
    for (const line of text.split('\n').slice(0, -1)) this.#replay(line);
    this.#file = await this.#files.replace(this.#path, this.#compact());
    this.#open = true;
  }

  async stop(): Promise<void> {
    await this.#flushing;
    this.#open = false;
    await this.#file?.close();
    this.#file = undefined;
  }

  async setCidrs(cidrs: readonly string[]): Promise<void> {
    if (cidrs.join() === this.book.cidrs.join()) return;
    this.book.setCidrs(cidrs);
    await this.#append({ cidrs: [...cidrs] });
  }

  /** @throws AddressesExhausted */
  async give(attachment: Omit<Attachment, 'addresses'>): Promise<Attachment> {
    const given = this.book.give(attachment);
    try {
      await this.#append({ give: given });
    } catch (error) {
      this.book.free(attachmentKey(given));
      throw error;
    }
    return given;
  }

  async free(key: string): Promise<Attachment | undefined> {
    const attachment = this.book.free(key);
    if (attachment) await this.#append({ free: key });
    return attachment;
  }

  #replay(line: string): void {
    let entry: Entry;
    try {
      entry = JSON.parse(line) as Entry;
    } catch {
      return;
    }
    if ('cidrs' in entry) this.book.setCidrs(entry.cidrs);
    else if ('give' in entry) this.book.restore(entry.give);
    else if ('free' in entry) this.book.free(entry.free);
    else if ('freed' in entry) this.book.markFreed(entry.freed);
  }

  #compact(): string {
    const entries: Entry[] = [
      ...(this.book.cidrs.length > 0 ? [{ cidrs: this.book.cidrs }] : []),
      ...this.book.freed().map(freed => ({ freed })),
      ...this.book.all().map(give => ({ give })),
    ];
    return entries.map(entry => `${JSON.stringify(entry)}\n`).join('');
  }

  /** Entries that come while one is being written share the next write. */
  #append(entry: Entry): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text: `${JSON.stringify(entry)}\n`, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#write(batch.map(({ text }) => text).join(''));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#flushing = undefined;
  }

  async #write(text: string): Promise<void> {
    if (!this.#open) throw new Error('the address log is not open');
    if (this.#file) {
      try {
        await this.#file.append(text);
        return;
      } catch (error) {
        // Where the file ends now is unknown: nothing is appended to it any more.
        await this.#file.close().catch(() => {});
        this.#file = undefined;
        throw error;
      }
    }
    // The book holds what the text says already.
    this.#file = await this.#files.replace(this.#path, this.#compact());
  }
}

const diskFiles: LogFiles = {
  async read(path) {
    await mkdir(dirname(path), { recursive: true });
    return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
  },
  async replace(path, content) {
    const file = await open(`${path}.new`, 'w', 0o600);
    await file.writeFile(content);
    await file.datasync();
    await rename(`${path}.new`, path);
    await syncFolder(dirname(path));
    return {
      async append(text) {
        await file.write(text);
      },
      close: () => file.close(),
    };
  },
};

/** A rename is on the disk when the folder that holds the name is. */
async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(path, 'r');
    await folder.sync();
  } finally {
    await folder?.close();
  }
}
