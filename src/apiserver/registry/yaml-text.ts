import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, type Tags } from 'yaml';

/** YAML 1.1, as Go's parser takes it, but with times left as text. */
const options = {
  version: '1.1',
  merge: true,
  // Of tags nobody knows nothing is printed: what they are on counts as it stands.
  logLevel: 'error',
  // Looked for below, to say where they are; the last one counts.
  uniqueKeys: false,
  customTags: (tags: Tags) =>
    tags.filter(tag => typeof tag === 'string' || !/timestamp|binary|TIME/.test(`${tag.tag} ${tag.format}`)),
} as const;

export interface YamlText {
  value: unknown;
  /** What Go's parser says of repeated keys, one line each; undefined where there are none. */
  repeated: string | undefined;
}

/** @throws Error for what is no YAML, or has too many aliases. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...options, lineCounter: lines });
  const [fatal] = document.errors;
  if (fatal) throw new Error(fatal.message.split('\n')[0]);
  const found: string[] = [];
  findRepeated(document.contents, found, lines);
  const repeated = found.length > 0 ? ['yaml: unmarshal errors:', ...found].join('\n  ') : undefined;
  return { value: document.toJS({ maxAliasCount: 100 }), repeated };
}

/** Go reports the line of the value, and what is inside of it first. */
function findRepeated(node: unknown, found: string[], lines: LineCounter): void {
  if (isSeq(node)) for (const item of node.items) findRepeated(item, found, lines);
  if (!isMap(node)) return;
  const keys = new Set<unknown>();
  for (const pair of node.items) {
    if (!isPair(pair)) continue;
    findRepeated(pair.value, found, lines);
    if (!isScalar(pair.key)) continue;
    const { value: key } = pair.key;
    if (keys.has(key)) {
      const start = (pair.value as Node | null)?.range?.[0] ?? pair.key.range?.[0] ?? 0;
      found.push(`line ${lines.linePos(start).line}: key ${JSON.stringify(key)} already set in map`);
    }
    keys.add(key);
  }
}
