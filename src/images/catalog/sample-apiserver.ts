import { readFile } from 'node:fs/promises';
import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

/** The program, as `scripts/build.ts` bundles it from `src/images/sample-apiserver`. */
const program = new URL('../../../dist/sample-apiserver.cjs', import.meta.url);

export const sampleApiserver: Recipe = {
  name: 'sample-apiserver',
  repositories: testRepositories('sample-apiserver'),
  revision: 1,
  packages: [basePackages, ['libatomic1', 'libstdc++6']],
  files: async () => [
    ...debianFiles(),
    // The Node.js that runs Causeway runs it.
    { path: 'usr/local/bin/node', content: await readFile(process.execPath), mode: 0o755 },
    {
      path: 'kube-sample-apiserver',
      content: `#!/usr/local/bin/node\n${await readFile(program, 'utf8')}`,
      mode: 0o755,
    },
  ],
  config: {
    ExposedPorts: { '443/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['/kube-sample-apiserver'],
    WorkingDir: '/',
  },
};
