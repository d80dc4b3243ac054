import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CommandError, type Commands } from '../command.ts';
import { inNetns, type NetnsPath } from '../network-namespace.ts';
import { type Nft, NftError, type NftListing, type TableChange } from './nft.ts';

const watchScript = fileURLToPath(new URL('./watch-tables.pl', import.meta.url));

/** The nft command, for the process's own network namespace or the one at `options.netns`. */
export class LinuxNft implements Nft {
  readonly #commands: Commands;
  readonly #netns: NetnsPath | undefined;
  #watch: TableWatch | undefined;

  constructor(deps: { commands: Commands }, options: { netns?: NetnsPath } = {}) {
    this.#commands = deps.commands;
    this.#netns = options.netns;
  }

  async apply(commands: string): Promise<void> {
    try {
      // Ten thousand Services in one transaction take seconds, not more.
      await this.#commands.run(inNetns(this.#netns, ['nft', '-f', '-']), {
        input: commands,
        timeout: 60_000,
      });
    } catch (cause) {
      throw nftError(cause);
    }
  }

  async listTable(family: 'ip' | 'ip6' | 'inet', table: string): Promise<NftListing | undefined> {
    const argv = inNetns(this.#netns, ['nft', '-j', 'list', 'table', family, table]);
    try {
      const { stdout } = await this.#commands.run(argv, { timeout: 60_000, maxOutput: 256 * 2 ** 20 });
      return JSON.parse(stdout) as NftListing;
    } catch (cause) {
      if (cause instanceof CommandError && /No such file or directory/.test(cause.stderr)) return undefined;
      throw nftError(cause);
    }
  }

  watchTables(listener: (change: TableChange) => void): () => void {
    // One process tells all who watch.
    this.#watch ??= new TableWatch(inNetns(this.#netns, ['perl', watchScript]), () => {
      this.#watch = undefined;
    });
    return this.#watch.add(listener);
  }
}

/** The process that tells of changed tables; it lives while anybody listens. */
class TableWatch {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #listeners = new Set<(change: TableChange) => void>();
  readonly #onOver: () => void;
  #began = false;
  #over = false;

  constructor([file, ...args]: readonly [string, ...string[]], onOver: () => void) {
    this.#onOver = onOver;
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.on('error', error => this.#end(error.message));
    this.#child.on('close', code => this.#end(`it ended with ${code}`));
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', line => this.#onLine(line));
  }

  add(listener: (change: TableChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.#began) queueMicrotask(() => this.#listeners.has(listener) && listener({ kind: 'began' }));
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || this.#over) return;
      this.#over = true;
      this.#onOver();
      // It ends with its input, also when this process is killed.
      this.#child.stdin.end();
    };
  }

  #onLine(line: string): void {
    if (line === 'watching') {
      this.#began = true;
      this.#tell({ kind: 'began' });
    } else if (line === 'lost') this.#tell({ kind: 'lost' });
    else if (line.endsWith(' deleted')) this.#tell({ kind: 'deleted', table: line.slice(0, -8) });
    else this.#tell({ kind: 'changed', table: line });
  }

  #end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#onOver();
    this.#tell({ kind: 'ended', reason });
  }

  #tell(change: TableChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}

function nftError(cause: unknown): NftError {
  const words = cause instanceof CommandError ? cause.stderr || cause.message : String(cause);
  return new NftError(words, { cause });
}
