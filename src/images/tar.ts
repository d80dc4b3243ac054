import { extract, type Header, type Pack } from 'tar-stream';

export type { Header, Pack } from 'tar-stream';
export { pack } from 'tar-stream';

/** One entry of an archive while it is read; its content must be read or skipped before the next one comes. */
export interface TarEntry {
  header: Header;
  content: AsyncIterable<Uint8Array>;
  skip(): void;
}

/**
 * The entries of a tar stream, one after the other, nothing held in memory. An error of the source ends the
 * iteration with it, as does an archive that is cut short.
 */
export async function* tarEntries(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const archive = extract();
  const fed = feed(source, archive);
  for await (const entry of archive) {
    yield { header: entry.header, content: chunksOf(entry), skip: () => void entry.resume() };
  }
  await fed;
}

/** The chunks of one of tar-stream's streams, whose types do not tell that they can be iterated. */
export function chunksOf(stream: object): AsyncIterable<Uint8Array> {
  return stream as unknown as AsyncIterable<Uint8Array>;
}

/** Adds an entry whose content is at hand, or one without content. */
export function addEntry(
  tar: Pack,
  header: Partial<Header> & Pick<Header, 'name'>,
  content?: Uint8Array,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (content) tar.entry({ ...header, size: content.length }, content, done);
    else tar.entry({ ...header, size: 0 }, done);
  });
}

/** Adds a file of `header.size` bytes from a stream. */
export async function streamEntry(
  tar: Pack,
  header: Partial<Header> & Pick<Header, 'name' | 'size'>,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const sink = tar.entry(header, error => (error ? reject(error) : resolve()));
    const copy = async () => {
      for await (const chunk of content) await written(sink, chunk);
      sink.end(undefined);
    };
    copy().catch(error => {
      sink.destroy(error as Error);
      reject(error);
    });
  });
}

type Sink = Pick<ReturnType<Pack['entry']>, 'write' | 'once'>;

async function written(sink: Sink, chunk: Uint8Array): Promise<void> {
  if (!sink.write(chunk)) await new Promise<void>(resolve => sink.once('drain', () => resolve()));
}

async function feed(source: AsyncIterable<Uint8Array>, archive: ReturnType<typeof extract>): Promise<void> {
  try {
    for await (const chunk of source) {
      if (archive.destroyed) return;
      if (!archive.write(chunk)) await drained(archive);
    }
    archive.end(undefined);
  } catch (error) {
    archive.destroy(error as Error);
  }
}

/** Resolves when more can be written, also when the archive was given up meanwhile. */
function drained(archive: ReturnType<typeof extract>): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      archive.off('drain', done);
      archive.off('close', done);
      resolve();
    };
    archive.on('drain', done);
    archive.on('close', done);
  });
}
