import {
  type Format,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isPathSegmentName,
} from './name-formats.ts';

/** What a kind asks of `metadata.name`; a `prefix` is a generateName, which may end in a dash. */
export type NameRule = (name: string, prefix: boolean) => string[];

/** generateName gets characters appended: what stands before them may end in a dash. */
function generated(format: Format): NameRule {
  return (name, prefix) => format(prefix && name.endsWith('-') ? `${name.slice(0, -1)}a` : name);
}

export const dnsSubdomainName: NameRule = generated(isDns1123Subdomain);
export const dnsLabelName: NameRule = generated(isDns1123Label);
export const dns1035LabelName: NameRule = generated(isDns1035Label);

/** A path segment; of a generateName only the characters count. */
export const pathSegmentName: NameRule = (name, prefix) =>
  prefix
    ? ['/', '%'].filter(c => name.includes(c)).map(c => `may not contain '${c}'`)
    : isPathSegmentName(name);
