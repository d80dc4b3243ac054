/** Bytes of all warnings of one answer (upstream: 4 KiB, each cut to 256 where they are more). */
const maxTotal = 4 * 1024;
const maxEachWhenMany = 256;

/** The Warning headers for texts: `299 - "text"`, each text once. */
export function warningHeaders(texts: readonly string[]): string[] {
  const unique = [...new Set(texts)];
  const total = unique.reduce((sum, text) => sum + text.length, 0);
  const cut = total > maxTotal ? unique.map(text => text.slice(0, maxEachWhenMany)) : unique;
  let budget = maxTotal;
  const headers: string[] = [];
  for (const text of cut) {
    budget -= text.length;
    if (budget < 0) break;
    headers.push(`299 - "${quoted(text)}"`);
  }
  return headers;
}

/** As a quoted-string: no line breaks or control characters, quotes and backslashes escaped. */
function quoted(text: string): string {
  const plain = Array.from(text, sign => (sign < ' ' || sign === '\x7f' ? ' ' : sign)).join('');
  return Buffer.from(plain.replace(/[\\"]/g, '\\$&')).toString('latin1');
}
