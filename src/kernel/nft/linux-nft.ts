import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CommandError, type Commands } from '../command.ts';
import { inNetns, type NetnsPath } from '../network-namespace.ts';
import { type Nft, NftError, type NftListing, type TableChange } from './nft.ts';

const watchScript = fileURLToPath(new URL('./watch-tables.pl', import.meta.url));

/** The nft command, for the process's own network namespace or the one at `options.netns`. */
export class LinuxNft implements Nft {
  readonly #commands: Commands;
  readonly #netns: NetnsPath | undefined;

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
    const [file, ...args] = inNetns(this.#netns, ['perl', watchScript]);
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    let over = false;
    const end = (reason: string) => {
      if (over) return;
      over = true;
      listener({ kind: 'ended', reason });
    };
    child.on('error', error => end(error.message));
    child.on('close', code => end(`it ended with ${code}`));
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', line => {
      if (over) return;
      if (line === 'watching') listener({ kind: 'began' });
      else if (line === 'lost') listener({ kind: 'lost' });
      else if (line.endsWith(' deleted')) listener({ kind: 'deleted', table: line.slice(0, -8) });
      else listener({ kind: 'changed', table: line });
    });
    return () => {
      over = true;
      // It ends with its input, also when this process is killed.
      child.stdin.end();
    };
  }
}

function nftError(cause: unknown): NftError {
  const words = cause instanceof CommandError ? cause.stderr || cause.message : String(cause);
  return new NftError(words, { cause });
}
