import { labelErrors, pathSegmentErrors, subdomainErrors } from '../names.ts';

/** What a kind asks of `metadata.name`; a `prefix` is a generateName, which may end in a dash. */
export type NameRule = (name: string, prefix: boolean) => string[];

/** generateName gets characters appended: what stands before them may end in a dash. */
function generated(format: (value: string) => string[]): NameRule {
  return (name, prefix) => format(prefix && name.endsWith('-') ? `${name.slice(0, -1)}a` : name);
}

export const dnsSubdomainName: NameRule = generated(subdomainErrors);
export const dnsLabelName: NameRule = generated(labelErrors);

/** A path segment; of a generateName only the characters count. */
export const pathSegmentName: NameRule = (name, prefix) =>
  prefix
    ? ['/', '%'].filter(c => name.includes(c)).map(c => `may not contain '${c}'`)
    : pathSegmentErrors(name);
