const strict = /^[A-Za-z0-9+/]*={0,2}$/;
const letters = /[A-Za-z0-9+/]/;

/** Whether the text is base64 in standard form, without line ends. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && strict.test(text);
}

/**
 * Where Go's decoder stops at a text that is no standard base64: the N of `illegal base64 data at input byte N`.
 * Line ends are skipped. Undefined where the text is in order.
 */
export function base64ErrorOffset(text: string): number | undefined {
  let quantum = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '\r' || character === '\n') continue;
    if (character === '=') return paddingErrorOffset(text, i, quantum);
    if (!letters.test(character)) return i;
    quantum = (quantum + 1) % 4;
  }
  return quantum === 0 ? undefined : text.length - quantum;
}

function paddingErrorOffset(text: string, first: number, quantum: number): number | undefined {
  if (quantum < 2) return first;
  let next = skipLineEnds(text, first + 1);
  if (quantum === 2) {
    if (next === text.length) return text.length;
    if (text[next] !== '=') return next - 1;
    next = skipLineEnds(text, next + 1);
  }
  return next < text.length ? next : undefined;
}

function skipLineEnds(text: string, from: number): number {
  let at = from;
  while (text[at] === '\r' || text[at] === '\n') at++;
  return at;
}
