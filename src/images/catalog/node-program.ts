import { readFile } from 'node:fs/promises';
import type { LayerFile } from './layer.ts';

/** Of the libraries that Node.js needs. */
export const nodeLibraries = ['libatomic1', 'libstdc++6'];

/**
 * A program of ours with the Node.js that runs it, the one that runs Causeway.
 * @param name of its folder below `src/images`, from which `scripts/build.ts` bundles it
 * @param path in the image
 */
export async function nodeProgram(name: string, path: string): Promise<LayerFile[]> {
  const bundle = new URL(`../../../dist/${name}.cjs`, import.meta.url);
  return [
    { path: 'usr/local/bin/node', content: await readFile(process.execPath), mode: 0o755 },
    { path, content: `#!/usr/local/bin/node\n${await readFile(bundle, 'utf8')}`, mode: 0o755 },
  ];
}
