import { readFile } from 'node:fs/promises';
import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

/** The program, as `scripts/build.ts` bundles it from `src/images/resource-consumer`. */
const program = new URL('../../../dist/resource-consumer.cjs', import.meta.url);

export const resourceConsumer: Recipe = {
  name: 'resource-consumer',
  repositories: testRepositories('resource-consumer'),
  revision: 1,
  packages: [basePackages, ['libatomic1', 'libstdc++6']],
  files: async () => [
    ...debianFiles(),
    // The Node.js that runs Causeway runs it.
    { path: 'usr/local/bin/node', content: await readFile(process.execPath), mode: 0o755 },
    { path: 'consumer', content: `#!/usr/local/bin/node\n${await readFile(program, 'utf8')}`, mode: 0o755 },
  ],
  config: {
    ExposedPorts: { '8080/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['/consumer'],
    WorkingDir: '/',
  },
};
