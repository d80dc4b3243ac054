/** The kernel's nftables in the network namespace the process runs in, through the nft command. */
export interface Nft {
  /**
   * Applies nft commands (the `nft -f` language) as one transaction: all of them or none.
   * @throws NftError with nft's own words when the kernel or the parser refuses.
   */
  apply(commands: string): Promise<void>;

  /** The listing of one table in nft's JSON (`nft -j list table …`), or undefined where there is none. */
  listTable(family: 'ip' | 'ip6' | 'inet', table: string): Promise<NftListing | undefined>;
}

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
