import type { Nft, NftListing } from '../../kernel/nft/nft.ts';
import { type HostPortElements, hostPortElements } from './host-port-elements.ts';
import { KeyedLock } from './keyed-lock.ts';
import { podnetTable, type RulesInput, renderHostPortChanges, renderRules } from './podnet-rules.ts';

export interface PodnetTableDeps {
  nft: Nft;
  /** Runs a transaction of ours, so that it is told from those of others. */
  whileOwn(apply: () => Promise<void>): Promise<void>;
  /** What the table should say now; asked when a change has its turn, so that none is lost. */
  input(): RulesInput;
}

/** The pod network's nftables table in the kernel: kept as it should be, changed one at a time. */
export class PodnetTable {
  readonly #deps: PodnetTableDeps;
  readonly #lock = new KeyedLock();
  #applied: { rules: string; listing: string } | undefined;
  /** The host ports the table has; undefined while that is not known. */
  #hostPorts: HostPortElements | undefined;

  constructor(deps: PodnetTableDeps) {
    this.#deps = deps;
  }

  /**
   * Makes the table what it should be, unless it is so already: neither that nor what the kernel lists has
   * changed since. Resolves with whether it had to be written.
   */
  ensure(): Promise<boolean> {
    return this.#lock.run('', () => this.#ensure());
  }

  /** Makes the table's host ports those of the present attachments. */
  async syncHostPorts(): Promise<void> {
    await this.#lock.run('', async () => {
      if (!this.#hostPorts) return void (await this.#ensure());
      const wanted = hostPortElements(this.#deps.input().attachments);
      const changes = renderHostPortChanges(this.#hostPorts, wanted);
      if (changes === '') return;
      // What is in the table now is no longer what was listed: the next `ensure` writes it anew.
      this.#applied = undefined;
      this.#hostPorts = undefined;
      await this.#deps.whileOwn(() => this.#deps.nft.apply(changes));
      this.#hostPorts = wanted;
    });
  }

  async #ensure(): Promise<boolean> {
    const input = this.#deps.input();
    const rules = renderRules(input);
    if (this.#applied?.rules === rules && this.#applied.listing === (await this.#list())) return false;
    this.#hostPorts = undefined;
    await this.#deps.whileOwn(() => this.#deps.nft.apply(rules));
    this.#hostPorts = hostPortElements(input.attachments);
    this.#applied = { rules, listing: await this.#list() };
    return true;
  }

  async #list(): Promise<string> {
    const listing = await this.#deps.nft.listTable('inet', podnetTable);
    return listing ? JSON.stringify(withoutHandles(listing)) : '';
  }
}

/** Handles and the order of elements differ from one listing to the next. */
function withoutHandles(listing: NftListing): unknown {
  const rows = listing.nftables.filter(row => !('metainfo' in row));
  return rows.map(row => JSON.stringify(row, (key, value) => (key === 'handle' ? undefined : value))).sort();
}
