import { Worker } from 'node:worker_threads';
import type { Logger } from '../base/log.ts';
import type { Journal, JournalBatch, JournalContents } from './journal.ts';
import { packBatch, type WriterAnswer, type WriterMessage } from './sqlite-messages.ts';
import { openForWriting, readAll } from './sqlite-schema.ts';

/**
 * A journal in one SQLite file, written by a worker thread. An append is one transaction with one fsync.
 * A writer that ends for whatever reason fails what was under way and is replaced at the next append.
 */
export class SqliteJournal implements Journal {
  readonly #log: Logger;
  readonly #path: string;
  readonly #writer: URL;
  #worker: Worker | undefined;
  #waiting: PromiseWithResolvers<void>[] = [];
  #durable = 0;
  /** An append failed, so the file may hold records after `#durable`. */
  #suspect = false;

  constructor(deps: { log: Logger }, { path, writer }: { path: string; writer?: URL }) {
    this.#log = deps.log;
    this.#path = path;
    this.#writer = writer ?? new URL('./sqlite-writer.ts', import.meta.url);
  }

  async open(): Promise<JournalContents> {
    // The writer's thread begins while this one reads; it opens the file when it is told to.
    this.#worker = this.#begin();
    try {
      const contents = this.#read();
      await this.#send('open');
      return contents;
    } catch (cause) {
      await this.#worker?.terminate();
      throw new Error(`cannot open the store ${this.#path}`, { cause });
    }
  }

  async append(batch: JournalBatch): Promise<void> {
    const message = packBatch(batch, this.#suspect ? this.#durable : undefined);
    try {
      await this.#send(message, [
        message.values.buffer as ArrayBuffer,
        message.numbers.buffer as ArrayBuffer,
      ]);
    } catch (error) {
      this.#suspect = true;
      throw error;
    }
    this.#suspect = false;
    this.#durable = batch.records.at(-1)?.revision ?? this.#durable;
  }

  async close(): Promise<void> {
    if (!this.#worker) return;
    await this.#send('close').catch(error => this.#log.warn('the store file did not close', { error }));
    await this.#worker?.terminate();
  }

  #read(): JournalContents {
    const db = openForWriting(this.#path);
    try {
      const contents = readAll(db);
      this.#durable = contents.records.at(-1)?.revision ?? 0;
      return contents;
    } finally {
      db.close();
    }
  }

  #begin(): Worker {
    const worker = new Worker(this.#writer, {
      name: 'store-writer',
      workerData: { path: this.#path },
      // The thread holds one batch at a time; a default heap would grow to no use.
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
    });
    let failure: unknown;
    worker.on('message', (answer: WriterAnswer) => {
      const waiting = this.#waiting.shift();
      if (answer.error === undefined) waiting?.resolve();
      else waiting?.reject(new Error(answer.error));
    });
    worker.on('error', error => {
      failure = error;
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      const error = new Error('the thread that writes the store ended', { cause: failure });
      for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    });
    return worker;
  }

  #send(message: WriterMessage, transfer: ArrayBuffer[] = []): Promise<void> {
    this.#worker ??= this.#begin();
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    this.#worker.postMessage(message, transfer);
    return waiting.promise;
  }
}
