/** Words of a command line as Go's pflag reads them: `--name value`, `--name=value`, `-n value`, bare booleans. */
export class Flags {
  readonly words: string[] = [];
  readonly #values = new Map<string, string>();

  /** @param booleans the flags that take no value of their own; @param short their one-letter names. */
  constructor(args: readonly string[], booleans: readonly string[] = [], short: Record<string, string> = {}) {
    for (let index = 0; index < args.length; index++) {
      const word = args[index]!;
      if (!word.startsWith('-') || word === '-') {
        this.words.push(word);
        continue;
      }
      const [written, value] = splitOnce(word.replace(/^--?/, ''), '=');
      const name = short[written] ?? written;
      if (value !== undefined) this.#values.set(name, value);
      else if (booleans.includes(name)) this.#values.set(name, 'true');
      else this.#values.set(name, args[++index] ?? '');
    }
  }

  text(name: string, fallback = ''): string {
    return this.#values.get(name) ?? fallback;
  }

  number(name: string, fallback: number): number {
    const text = this.#values.get(name);
    if (text === undefined) return fallback;
    if (!/^-?\d+$/.test(text)) fail(`invalid argument "${text}" for "--${name}" flag: not a whole number`);
    return Number(text);
  }

  boolean(name: string, fallback = false): boolean {
    const text = this.#values.get(name);
    return text === undefined ? fallback : text === 'true' || text === '1';
  }

  /** In milliseconds; written as Go does, `1m30s`. */
  duration(name: string, fallback: number): number {
    const text = this.#values.get(name);
    if (text === undefined) return fallback;
    return parseDuration(text) ?? fail(`invalid argument "${text}" for "--${name}" flag: not a duration`);
  }
}

const units: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a Go duration; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, , unit] of text.matchAll(/(\d+(\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(count) * units[unit!]!;
  return sum;
}

/** Both sides of the first `separator`; the second is undefined where there is none. */
export function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** A line of the log, on standard error as Go's log package writes it. */
export function log(text: string): void {
  const now = new Date().toISOString();
  process.stderr.write(`${now.slice(0, 10).replaceAll('-', '/')} ${now.slice(11, 19)} ${text}\n`);
}

/** Says why and ends the process. */
export function fail(text: string): never {
  log(text);
  process.exit(1);
}
