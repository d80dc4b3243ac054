/** Cuts a stream of bytes into lines of text as they become whole. */
export class LineSplitter {
  readonly #partial: Buffer[] = [];

  /** The lines that `chunk` completes, without their line feeds, empty ones left out. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) this.#partial.push(chunk.subarray(start));
    return lines;
  }

  /** What was left without a line feed at the end of the stream. */
  rest(): string {
    return this.#complete(Buffer.alloc(0));
  }

  /** A line is decoded whole, so that a character cut in two by a chunk's end stays one. */
  #complete(tail: Buffer): string {
    if (this.#partial.length === 0) return tail.toString('utf8');
    const line = Buffer.concat([...this.#partial, tail]).toString('utf8');
    this.#partial.length = 0;
    return line;
  }
}
