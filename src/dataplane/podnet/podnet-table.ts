import type { Nft, NftListing } from '../../kernel/nft/nft.ts';
import type { Attachment } from './address-book.ts';
import { KeyedLock } from './keyed-lock.ts';
import { podnetTable, type RulesInput, renderHostPorts, renderRules } from './podnet-rules.ts';

/** The pod network's nftables table in the kernel: kept as it should be, changed one at a time. */
export class PodnetTable {
  readonly #nft: Nft;
  readonly #lock = new KeyedLock();
  #applied: { rules: string; listing: string } | undefined;

  constructor(deps: { nft: Nft }) {
    this.#nft = deps.nft;
  }

  /**
   * Makes the table what `input` says, unless it is so already: neither the input nor what the kernel lists
   * has changed since. Resolves with whether it had to be written.
   * @param input read when its turn comes, so that no host port that was added meanwhile is lost.
   */
  ensure(input: () => RulesInput): Promise<boolean> {
    return this.#lock.run('', async () => {
      const rules = renderRules(input());
      if (this.#applied?.rules === rules && this.#applied.listing === (await this.#list())) return false;
      await this.#nft.apply(rules);
      this.#applied = { rules, listing: await this.#list() };
      return true;
    });
  }

  addHostPorts(attachment: Attachment): Promise<void> {
    return this.#change(renderHostPorts('add', attachment));
  }

  removeHostPorts(attachment: Attachment): Promise<void> {
    return this.#change(renderHostPorts('delete', attachment));
  }

  #change(commands: string): Promise<void> {
    if (commands === '') return Promise.resolve();
    return this.#lock.run('', async () => {
      // What is in the table now is no longer what was listed: the next `ensure` writes it anew.
      this.#applied = undefined;
      await this.#nft.apply(commands);
    });
  }

  async #list(): Promise<string> {
    const listing = await this.#nft.listTable('inet', podnetTable);
    return listing ? JSON.stringify(withoutHandles(listing)) : '';
  }
}

/** Handles and the order of elements differ from one listing to the next. */
function withoutHandles(listing: NftListing): unknown {
  const rows = listing.nftables.filter(row => !('metainfo' in row));
  return rows.map(row => JSON.stringify(row, (key, value) => (key === 'handle' ? undefined : value))).sort();
}
