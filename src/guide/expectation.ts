import type { ExpectedLine } from './document.ts';

/** What named placeholders stood for so far: `pod address` → `10.244.0.5`. */
export type Bindings = ReadonlyMap<string, string>;

export type Comparison =
  | { matches: true; bindings: Bindings }
  /** `missing` is the first expected line the output has no place for; none where the output has too much. */
  | { matches: false; missing: ExpectedLine | undefined };

/** What `<…>` may stand for, by the last word in the brackets. Any other `<…>` stands for itself. */
const kinds: Record<string, string> = {
  address: '(?:\\d{1,3}(?:\\.\\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+)',
  subnet: '(?:\\d{1,3}(?:\\.\\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+)/\\d{1,3}',
  port: '\\d{1,5}',
  number: '\\d+',
  age: '(?:\\d+(?:ms|[smhdy]))+',
  id: '[a-z0-9]+',
  name: '[A-Za-z0-9][A-Za-z0-9_.@-]*',
};

/**
 * Compares the output of a command with the lines a guide shows for it. Runs of blanks count as one, blank
 * lines as none; `...` alone in a line stands for any lines, within a line for any text. `<pod address>` stands
 * for an address, and for the same one wherever it appears again; `<address>` for any.
 */
export function compareOutput(
  expected: readonly ExpectedLine[],
  output: string,
  bindings: Bindings,
): Comparison {
  const wanted = expected.filter(({ text }) => text.trim() !== '');
  const search = new Search(wanted, linesOf(output));
  const found = search.from(0, 0, bindings);
  return found ? { matches: true, bindings: found } : { matches: false, missing: wanted[search.furthest] };
}

/** Lines as compared: a carriage return ends one, as a progress meter means it. */
function linesOf(output: string): string[] {
  return output
    .split(/\r\n|\n|\r/)
    .map(collapse)
    .filter(line => line !== '');
}

function collapse(line: string): string {
  return line.trim().replaceAll(/\s+/g, ' ');
}

class Search {
  /** Index of the last expected line that was tried. */
  furthest = 0;
  readonly #wanted: readonly ExpectedLine[];
  readonly #lines: readonly string[];

  constructor(wanted: readonly ExpectedLine[], lines: readonly string[]) {
    this.#wanted = wanted;
    this.#lines = lines;
  }

  /** The bindings after expected lines from `next` on matched the output from `at` to its end. */
  from(next: number, at: number, bindings: Bindings): Bindings | undefined {
    this.furthest = Math.max(this.furthest, next);
    const wanted = this.#wanted[next];
    if (!wanted) return at === this.#lines.length ? bindings : undefined;
    if (collapse(wanted.text) === '...') {
      if (next === this.#wanted.length - 1) return bindings;
      for (let skipTo = at; skipTo <= this.#lines.length; skipTo++) {
        const found = this.from(next + 1, skipTo, bindings);
        if (found) return found;
      }
      return undefined;
    }
    const line = this.#lines[at];
    const after = line === undefined ? undefined : matchLine(wanted.text, line, bindings);
    return after && this.from(next + 1, at + 1, after);
  }
}

/** The bindings with those that `line` adds, or undefined where it is not as `pattern` says. */
function matchLine(pattern: string, line: string, bindings: Bindings): Bindings | undefined {
  const names: string[] = [];
  const source = collapse(pattern).replaceAll(
    /<([a-z]+(?: [a-z]+)*)>|\.\.\.|[^<.]+|[<.]/g,
    (piece, placeholder: string | undefined) => {
      if (piece === '...') return '.*?';
      const kind = placeholder && kinds[placeholder.split(' ').at(-1)!];
      if (!kind) return literally(piece);
      if (!placeholder.includes(' ')) return kind;
      const known = bindings.get(placeholder);
      if (known !== undefined) return literally(known);
      const earlier = names.indexOf(placeholder);
      if (earlier >= 0) return `\\${earlier + 1}(?!\\d)`;
      names.push(placeholder);
      return `(${kind})`;
    },
  );
  const match = new RegExp(`^${source}$`).exec(line);
  if (!match) return undefined;
  return new Map([...bindings, ...names.map((name, index) => [name, match[index + 1]!] as const)]);
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
