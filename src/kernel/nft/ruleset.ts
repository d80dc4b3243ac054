/**
 * nftables rules as data. The same values are rendered to the `nft` language, evaluated by the walker and
 * held by the fake, so that a test, a trace and the kernel speak of one thing. Only the parts of the language
 * that Causeway uses exist here.
 *
 * Fields are named by their text in the nft language (nft(8), "PRIMARY EXPRESSIONS").
 */
export type Field =
  | 'ip saddr'
  | 'ip daddr'
  | 'ip6 saddr'
  | 'ip6 daddr'
  | 'meta l4proto'
  | 'meta mark'
  | 'ct mark'
  | 'meta iifname'
  | 'meta oifname'
  | 'th sport'
  | 'th dport'
  | 'ct state'
  | 'ct original ip daddr'
  | 'ct original ip6 daddr'
  | 'fib daddr type';

/** One or several fields, looked up together: `ip daddr . meta l4proto . th dport`. */
export type Key = readonly Field[];

/** A value as nft prints it: `10.96.0.1`, `tcp`, `80`, `0x4000`, `10.0.0.0/8`. */
export type Value = string;

export type SetType =
  | 'ipv4_addr'
  | 'ipv6_addr'
  | 'inet_proto'
  | 'inet_service'
  | 'mark'
  | 'ifname'
  | 'verdict';

export type TableFamily = 'ip' | 'ip6' | 'inet';

/** A set, or a map where `data` is there. */
export interface SetDefinition {
  readonly name: string;
  readonly key: readonly SetType[];
  readonly data?: readonly SetType[];
  readonly flags?: readonly ('interval' | 'dynamic' | 'timeout')[];
  /** Most elements it takes; for dynamic ones. */
  readonly size?: number;
  readonly comment?: string;
}

export type Verdict =
  | { readonly verdict: 'accept' | 'drop' | 'return' }
  | { readonly verdict: 'jump' | 'goto'; readonly chain: string };

export type Statement =
  /** Goes on when the field(s) equal the value, one of the values, or an element of the set. */
  | { readonly match: Key; readonly not?: boolean; readonly value: Value | readonly Value[] | SetReference }
  /** Goes on when the bits of `mask` in the mark are (not) all zero. */
  | { readonly markBits: number; readonly set: boolean }
  /** Takes the verdict the map has for the key; goes on where it has none. */
  | { readonly lookup: Key; readonly verdicts: string }
  | { readonly setMark: MarkSource }
  /** The mark of the packet's flow in place of the packet's own. */
  | { readonly setFlowMark: MarkSource }
  /** Rewrites the destination to the address and port the map has for the key; goes on where it has none. */
  | { readonly dnat: Key; readonly map: string }
  /** Puts, or refreshes, an element with the packet's values into a dynamic map. */
  | { readonly update: string; readonly key: Key; readonly data: Field; readonly timeoutSeconds: number }
  | { readonly masquerade: true; readonly fullyRandom?: boolean }
  | { readonly reject: 'tcp reset' | 'port-unreachable' }
  | Verdict;

export interface SetReference {
  readonly set: string;
}

export type MarkSource =
  /** A random number from `offset` up to `offset + modulus - 1`. */
  | { readonly random: number; readonly offset?: number }
  /** A number in the same range that is the same for the same values of `hash`. */
  | { readonly hash: Key; readonly modulus: number; readonly offset?: number }
  | { readonly lookup: Key; readonly map: string }
  | { readonly value: number };

export interface Rule {
  readonly statements: readonly Statement[];
  readonly comment?: string;
}

export interface Chain {
  readonly name: string;
  /** Of a base chain: where the kernel calls it. */
  readonly hook?: Hook;
  readonly rules: readonly Rule[];
}

export interface Hook {
  readonly type: 'filter' | 'nat';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  /** Chains of one hook run in the order of their priorities, lower first. */
  readonly priority: number;
}

/** What a table consists of beside the elements of its sets. */
export interface TableLayout {
  readonly family: TableFamily;
  readonly name: string;
  readonly sets: readonly SetDefinition[];
  readonly chains: readonly Chain[];
}

/**
 * The elements of a table's sets: set name → key → data. Keys and data are the concatenated values as nft
 * prints them (`10.96.0.1 . tcp . 80`); the data of a plain set's element is ''.
 */
export type Elements = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Joins the parts of a concatenation. */
export function concat(...parts: (string | number)[]): string {
  return parts.join(' . ');
}

/** The kernel's priorities of the standard hooks (linux/netfilter_ipv4.h). */
export const priority = { dstnat: -100, srcnat: 100, filter: 0, beforeDstnat: -110 } as const;

/** One change of a table. Several are applied as one transaction. */
export type NftCommand =
  | { readonly add: 'table'; readonly table: TableName; readonly comment?: string }
  | { readonly add: 'set'; readonly table: TableName; readonly set: SetDefinition }
  | { readonly add: 'chain'; readonly table: TableName; readonly chain: Pick<Chain, 'name' | 'hook'> }
  | { readonly add: 'rule'; readonly table: TableName; readonly chain: string; readonly rule: Rule }
  | {
      readonly add: 'elements';
      readonly table: TableName;
      readonly set: string;
      readonly elements: Iterable<readonly [string, string]>;
    }
  | {
      readonly delete: 'elements';
      readonly table: TableName;
      readonly set: string;
      readonly keys: Iterable<string>;
    }
  | { readonly delete: 'table' | 'chain' | 'set'; readonly table: TableName; readonly name?: string }
  | { readonly flush: 'chain' | 'set'; readonly table: TableName; readonly name: string };

export interface TableName {
  readonly family: TableFamily;
  readonly name: string;
}
