/**
 * Bundles the entries (command line, server, agent) into `dist/`, for start-up speed. Files that the
 * sources open by `import.meta.url` keep being found: in the bundle it stands for the source file's own URL.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
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

/**
 * The modules of Node.js by `getBuiltinModule`: an import would read every property of theirs, and with it load what is
 * behind lazy ones. Those of `node:http` bring an HTTP client along that nobody uses: 75 ms at each start. So lazy
 * properties cannot be imported by name.
 */
const builtins: Plugin = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?[\w/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      if (!isBuiltin(`node:${name}`)) return undefined;
      return { path: name, namespace: kind === 'require-call' ? 'required' : 'imported' };
    });
    const module = (name: string) => `process.getBuiltinModule(${JSON.stringify(`node:${name}`)})`;
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = ${module(path)};`,
    }));
    onLoad({ filter: /.*/, namespace: 'imported' }, ({ path }) => {
      const properties = Object.entries(
        Object.getOwnPropertyDescriptors(process.getBuiltinModule(`node:${path}`)!),
      );
      const names = properties.filter(([name, { get }]) => !get && name !== 'default').map(([name]) => name);
      return {
        contents: `const module = ${module(path)};
          export default module;
          ${names.map((name, at) => `const _${at} = module[${JSON.stringify(name)}];`).join('\n')}
          export { ${names.map((name, at) => `_${at} as ${JSON.stringify(name)}`).join(', ')} };`,
      };
    });
  },
};

/**
 * One letter that is not Latin makes V8 keep the whole source in two bytes a letter. esbuild escapes them in texts, and
 * leaves those of patterns.
 */
function escapeText(path: string): void {
  const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/[^\0-\x7f]/g, escaped));
}

// Built beside and moved into place, so that a process that starts meanwhile never sees half a bundle.
const fresh = join(out, `build-${process.pid}`);
mkdirSync(fresh, { recursive: true });
const entries = {
  causeway: 'src/main/causeway.ts',
  server: 'src/main/server.ts',
  agent: 'src/main/agent.ts',
  // Loaded into a thread of its own; as TypeScript it would bring the compiler along.
  'store-writer': 'src/store/sqlite-writer.ts',
};
try {
  await build({
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, path)])),
    outdir: fresh,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    outExtension: { '.js': '.mjs' },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [sourceUrls, builtins],
    banner: {
      js: [
        `import { createRequire as __createRequire } from 'node:module';`,
        `const require = __createRequire(import.meta.url);`,
        `const sourceRoot = new URL('..', import.meta.url);`,
      ].join('\n'),
    },
  });
  // Programs in images: a file of its own each.
  for (const name of ['agnhost', 'resource-consumer', 'sample-apiserver']) {
    await build({
      entryPoints: [join(root, `src/images/${name}/main.ts`)],
      outfile: join(fresh, `${name}.cjs`),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node26',
      legalComments: 'none',
      logLevel: 'warning',
    });
    renameSync(join(fresh, `${name}.cjs`), join(out, `${name}.cjs`));
  }
  for (const name of Object.keys(entries)) escapeText(join(fresh, `${name}.mjs`));
  // The command line last: the bootstrap looks at it to see whether the bundle is fresh.
  for (const name of Object.keys(entries).toReversed())
    renameSync(join(fresh, `${name}.mjs`), join(out, `${name}.mjs`));
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
