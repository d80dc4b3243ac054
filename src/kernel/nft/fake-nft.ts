import { type Nft, NftError, type NftListing, type TableChange } from './nft.ts';

/**
 * Keeps what was applied; knows tables by their `table`, `add table`, `delete table` and `flush table` lines only.
 * What lies in them is kept as text.
 */
export class FakeNft implements Nft {
  /** Every transaction that was applied. */
  readonly applied: string[] = [];
  /** Tables present: `inet causeway-podnet`. */
  readonly tables = new Set<string>();
  /** Makes the next transaction fail with these words of nft. */
  failNext: string | undefined;
  /** What watches are told; tests tell of changes others make. */
  readonly #watches = new Set<(change: TableChange) => void>();

  async apply(commands: string): Promise<void> {
    const words = this.failNext;
    this.failNext = undefined;
    if (words !== undefined) throw new NftError(words);
    const tables = new Set(this.tables);
    for (const line of commands.split('\n')) {
      const match = /^\s*(add |delete |flush )?table (ip|ip6|inet) ([\w-]+)/.exec(line);
      if (!match) continue;
      const [, verb = 'add ', family, name] = match;
      const table = `${family} ${name}`;
      if (verb !== 'add ' && !tables.has(table))
        throw new NftError(`Error: No such file or directory\n${line}`);
      if (verb === 'delete ') tables.delete(table);
      else tables.add(table);
    }
    this.tables.clear();
    for (const table of tables) this.tables.add(table);
    this.applied.push(commands);
    const touched = commands.matchAll(/\b(ip|ip6|inet) ([\w-]+)/g);
    for (const table of new Set(Array.from(touched, ([, family, name]) => `${family} ${name}`))) {
      this.tell({ kind: tables.has(table) ? 'changed' : 'deleted', table });
    }
  }

  /** Tells every watch of a change that somebody else made. */
  tell(change: TableChange): void {
    for (const listener of this.#watches) listener(change);
  }

  watchTables(listener: (change: TableChange) => void): () => void {
    this.#watches.add(listener);
    return () => void this.#watches.delete(listener);
  }

  async listTable(family: 'ip' | 'ip6' | 'inet', table: string): Promise<NftListing | undefined> {
    if (!this.tables.has(`${family} ${table}`)) return undefined;
    return { nftables: [{ table: { family, name: table } }] };
  }
}
