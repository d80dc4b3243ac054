/**
 * Bundles the three entries (command line, server, agent) into `dist/`, for start-up speed. Files that the
 * sources open by `import.meta.url` keep being found: in the bundle it stands for the source file's own URL.
 */
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'dist');

const sourceUrls: Plugin = {
  name: 'source-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const url = `new URL(${JSON.stringify(relative(root, path))}, sourceRoot).href`;
      return { loader: 'ts', contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', url) };
    });
  },
};

// Built beside and moved into place, so that a process that starts meanwhile never sees half a bundle.
const fresh = join(out, `build-${process.pid}`);
mkdirSync(fresh, { recursive: true });
const entries = ['causeway', 'server', 'agent'];
try {
  await build({
    entryPoints: Object.fromEntries(entries.map(name => [name, join(root, `src/main/${name}.ts`)])),
    outdir: fresh,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    outExtension: { '.js': '.mjs' },
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [sourceUrls],
    banner: {
      js: [
        `import { createRequire as __createRequire } from 'node:module';`,
        `const require = __createRequire(import.meta.url);`,
        `const sourceRoot = new URL('..', import.meta.url);`,
      ].join('\n'),
    },
  });
  for (const name of entries.toReversed()) renameSync(join(fresh, `${name}.mjs`), join(out, `${name}.mjs`));
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
