/** What is wrong with an expression, and where. */
export interface SourceError {
  readonly at: number;
  readonly message: string;
}

/** Stops reading an expression. */
export class SyntaxFault extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** `ERROR: <input>:1:6: …` with the line and a mark below it, as cel-go prints errors. */
export function formatErrors(source: string, errors: readonly SourceError[]): string {
  return errors.map(error => formatError(source, error)).join('\n');
}

function formatError(source: string, { at, message }: SourceError): string {
  if (at < 0) return `ERROR: <input>:-1:0: ${message}`;
  const before = source.slice(0, at).split('\n');
  const line = before.length;
  // Columns are code points.
  const column = [...before[line - 1]!].length;
  const text = source.split('\n')[line - 1]!.replaceAll('\t', ' ');
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${'.'.repeat(column)}^`;
}
