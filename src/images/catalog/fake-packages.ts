import { addEntry, chunksOf, type Header, pack } from '../tar.ts';
import type { DistributionPackage, PackageSource } from './packages.ts';

export interface FakePackage {
  name: string;
  version: string;
  depends?: readonly string[];
  files: readonly (Partial<Header> & { name: string; content?: string })[];
}

/** Packages held in memory. `failure` makes every fetch fail, as a machine without network does. */
export class FakePackages implements PackageSource {
  readonly #packages: ReadonlyMap<string, FakePackage>;
  fetches = 0;
  failure: Error | undefined;

  constructor(packages: readonly FakePackage[]) {
    this.#packages = new Map(packages.map(entry => [entry.name, entry]));
  }

  async fetch(names: readonly string[]): Promise<DistributionPackage[]> {
    this.fetches++;
    if (this.failure) throw this.failure;
    const found = new Map<string, FakePackage>();
    const add = (name: string) => {
      const entry = this.#packages.get(name);
      if (!entry) throw new Error(`Unable to locate package ${name}`);
      if (found.has(name)) return;
      found.set(name, entry);
      entry.depends?.forEach(add);
    };
    names.forEach(add);
    return [...found.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, version, files }) => ({
        name,
        version,
        id: `${name}_${version}`,
        open: () => tarOf(files),
      }));
  }
}

/** An archive of files whose time is fixed. */
export function tarOf(files: FakePackage['files']): AsyncIterable<Uint8Array> {
  const tar = pack();
  const fill = async () => {
    for (const { content, ...header } of files) {
      const type = header.type ?? (content === undefined ? 'directory' : 'file');
      const mtime = new Date('2026-01-01T00:00:00Z');
      await addEntry(
        tar,
        { mtime, mode: 0o755, ...header, type },
        content === undefined ? undefined : Buffer.from(content),
      );
    }
    tar.finalize();
  };
  fill().catch(error => tar.destroy(error as Error));
  return chunksOf(tar);
}
