import type { NftListing } from './nft.ts';
import { concat } from './ruleset.ts';

/** What a listed table holds: enough to see whether it is as planned, and what has to change. */
export interface ListedTable {
  /** Chain → number of its rules. */
  chains: Map<string, number>;
  /** Set or map → key → data, in the form of `Elements`. */
  sets: Map<string, Map<string, string>>;
}

/**
 * Reads the JSON of `nft -j list table` (libnftables-json(5)). Values come back as this project writes them:
 * addresses as text, ports in decimal, marks in hexadecimal, verdicts as `goto x`.
 */
export function readListing(listing: NftListing): ListedTable {
  const table: ListedTable = { chains: new Map(), sets: new Map() };
  for (const entry of listing.nftables) {
    const [kind, object] = Object.entries(entry)[0] as [string, ListedObject];
    if (kind === 'chain') table.chains.set(object.name!, table.chains.get(object.name!) ?? 0);
    else if (kind === 'rule') table.chains.set(object.chain!, (table.chains.get(object.chain!) ?? 0) + 1);
    else if (kind === 'set' || kind === 'map') table.sets.set(object.name!, readElements(object));
  }
  return table;
}

interface ListedObject {
  name?: string;
  chain?: string;
  type?: string | string[];
  map?: string | string[];
  elem?: unknown[];
}

function readElements(set: ListedObject): Map<string, string> {
  const keyTypes = [set.type ?? []].flat();
  const dataTypes = [set.map ?? []].flat().flatMap(type => type.split(' . '));
  const elements = new Map<string, string>();
  for (const element of set.elem ?? []) {
    if (dataTypes.length === 0) {
      elements.set(readValue(element, keyTypes), '');
      continue;
    }
    const [key, data] = element as [unknown, unknown];
    elements.set(readValue(key, keyTypes), readValue(data, dataTypes));
  }
  return elements;
}

function readValue(value: unknown, types: string[]): string {
  const [type = ''] = types;
  if (typeof value === 'number') return type === 'mark' ? `0x${value.toString(16)}` : String(value);
  if (typeof value === 'string') return value;
  const object = value as Record<string, unknown>;
  if (Array.isArray(object.concat)) {
    const parts = object.concat.map((part, index) => readValue(part, [types[index] ?? '']));
    return concat(...parts);
  }
  if ('elem' in object) return readValue((object.elem as { val: unknown }).val, types);
  if ('prefix' in object) {
    const { addr, len } = object.prefix as { addr: string; len: number };
    return `${addr}/${len}`;
  }
  if ('range' in object) return (object.range as unknown[]).map(part => readValue(part, types)).join('-');
  const [verdict, target] = Object.entries(object)[0]!;
  return target === null ? verdict : `${verdict} ${(target as { target: string }).target}`;
}
