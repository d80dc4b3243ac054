import { CommandError, type Commands } from '../command.ts';
import { inNetns, type NetnsPath } from '../network-namespace.ts';
import { type Nft, NftError, type NftListing } from './nft.ts';

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
}

function nftError(cause: unknown): NftError {
  const words = cause instanceof CommandError ? cause.stderr || cause.message : String(cause);
  return new NftError(words, { cause });
}
