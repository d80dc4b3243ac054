/** The kernel's nftables in the network namespace the process runs in, through the nft command. */
export interface Nft {
  /**
   * Applies nft commands (the `nft -f` language) as one transaction: all of them or none.
   * @throws NftError with nft's own words when the kernel or the parser refuses.
   */
  apply(commands: string): Promise<void>;

  /** The listing of one table in nft's JSON (`nft -j list table …`), or undefined where there is none. */
  listTable(family: 'ip' | 'ip6' | 'inet', table: string): Promise<NftListing | undefined>;

  /**
   * Tells of every transaction that changes a table, whoever made it, once a table and transaction; a
   * transaction that changes nothing is not told. The returned function ends it.
   */
  watchTables(listener: (change: TableChange) => void): () => void;
}

export type TableChange =
  /** `table`: `ip causeway-services`. */
  | { kind: 'changed' | 'deleted'; table: string }
  /** From here on changes are told. */
  | { kind: 'began' }
  /** Changes were missed. */
  | { kind: 'lost' }
  /** The watch ended by itself and has to be begun again. */
  | { kind: 'ended'; reason: string };

/** The objects of `nft -j`: tables, chains, sets, maps, elements, rules, in libnftables-json(5)'s form. */
export interface NftListing {
  nftables: Record<string, unknown>[];
}

export class NftError extends Error {
  readonly stderr: string;
  constructor(stderr: string, options?: ErrorOptions) {
    super(`nft refused the rules: ${stderr.trim().split('\n')[0] ?? 'no reason given'}`, options);
    this.name = 'NftError';
    this.stderr = stderr;
  }
}
