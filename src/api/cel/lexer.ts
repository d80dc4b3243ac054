import { SyntaxFault } from './source.ts';
import { Uint, type Value } from './values.ts';

export interface Token {
  readonly kind: 'ident' | 'literal' | 'symbol' | 'end';
  /** As written; `<EOF>` at the end. */
  readonly text: string;
  readonly at: number;
  /** Of literals. */
  readonly value?: Value;
}

const blank = /(?:[ \t\r\n\f]+|\/\/[^\n]*)*/y;
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const number =
  /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y;
const symbol = /\[\?|==|!=|<=|>=|&&|\|\||[[\]{}().,:?!<>+\-*/%]/y;
const stringStart = /([rRbB]{0,2})("""|'''|"|')/y;
const word: Record<string, Value> = { true: true, false: false, null: null };

/**
 * Splits an expression.
 * @throws SyntaxFault in the words of cel-go's lexer
 */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  for (;;) {
    at += match(blank)![0].length;
    if (at >= source.length) break;
    const token = readString(source, at, match(stringStart)) ?? readPlain(source, at, match);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: source.length });
  return tokens;
}

function readPlain(source: string, at: number, match: (pattern: RegExp) => RegExpExecArray | null): Token {
  const digits = match(number)?.[0];
  if (digits !== undefined) return { kind: 'literal', text: digits, at, value: numberOf(digits, at) };
  const name = match(identifier)?.[0];
  if (name !== undefined) {
    if (Object.hasOwn(word, name)) return { kind: 'literal', text: name, at, value: word[name]! };
    return { kind: name === 'in' ? 'symbol' : 'ident', text: name, at };
  }
  const sign = match(symbol)?.[0];
  if (sign !== undefined) return { kind: 'symbol', text: sign, at };
  throw new SyntaxFault(
    at,
    `Syntax error: token recognition error at: '${String.fromCodePoint(source.codePointAt(at)!)}'`,
  );
}

/** A minus before an integer is the parser's, which checks the range, too. */
function numberOf(text: string, at: number): Value {
  if (/[uU]$/.test(text)) {
    const value = BigInt(text.slice(0, -1));
    if (value >= 2n ** 64n) throw new SyntaxFault(at, 'invalid uint literal');
    return new Uint(value);
  }
  if (/^0x|^\d+$/.test(text)) return BigInt(text);
  const value = Number(text);
  if (!Number.isFinite(value)) throw new SyntaxFault(at, 'invalid double literal');
  return value;
}

function readString(source: string, at: number, start: RegExpExecArray | null): Token | undefined {
  if (!start) return undefined;
  const prefix = start[1]!.toLowerCase();
  if (prefix === 'rr' || prefix === 'bb') return undefined;
  const quote = start[2]!;
  const raw = prefix.includes('r');
  let end = at + start[0].length;
  while (!source.startsWith(quote, end)) {
    const char = source[end];
    if (char === undefined || (quote.length === 1 && char === '\n')) {
      throw new SyntaxFault(at, `Syntax error: token recognition error at: '${source.slice(at, end)}'`);
    }
    end += char === '\\' && !raw ? 2 : 1;
  }
  const body = source.slice(at + start[0].length, end);
  const bytes = prefix.includes('b');
  const value = bytes ? bytesOf(body, raw, at) : raw ? body : withoutEscapes(body, at, false);
  return { kind: 'literal', text: source.slice(at, end + quote.length), at, value };
}

function bytesOf(body: string, raw: boolean, at: number): Uint8Array {
  if (raw) return new TextEncoder().encode(body);
  // Escapes below 256 are bytes, all else is UTF-8: withoutEscapes marks the former by private-use characters.
  const marked = withoutEscapes(body, at, true);
  const out: number[] = [];
  for (const char of marked) {
    const code = char.codePointAt(0)!;
    if (code >= byteMark && code < byteMark + 256) out.push(code - byteMark);
    else out.push(...new TextEncoder().encode(char));
  }
  return Uint8Array.from(out);
}

const byteMark = 0x10fe00;
const simple: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};
const escapes =
  /\\(?:([abfnrtv\\'"`?])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g;

function withoutEscapes(body: string, at: number, bytes: boolean): string {
  return body.replace(escapes, (_, plain, hex, u4, u8, octal) => {
    if (plain) return simple[plain]!;
    const low = hex ? Number.parseInt(hex, 16) : octal ? Number.parseInt(octal, 8) : undefined;
    if (low !== undefined) return String.fromCodePoint(bytes ? byteMark + low : low);
    const code = Number.parseInt(u4 ?? u8 ?? '', 16);
    if (!(code <= 0x10ffff)) throw new SyntaxFault(at, 'unable to unescape string');
    return String.fromCodePoint(code);
  });
}
