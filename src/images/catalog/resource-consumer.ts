import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import { nodeLibraries, nodeProgram } from './node-program.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

export const resourceConsumer: Recipe = {
  name: 'resource-consumer',
  repositories: testRepositories('resource-consumer'),
  revision: 1,
  packages: [basePackages, nodeLibraries],
  files: async () => [...debianFiles(), ...(await nodeProgram('resource-consumer', 'consumer'))],
  config: {
    ExposedPorts: { '8080/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['/consumer'],
    WorkingDir: '/',
  },
};
