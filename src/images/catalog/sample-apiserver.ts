import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import { nodeLibraries, nodeProgram } from './node-program.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

export const sampleApiserver: Recipe = {
  name: 'sample-apiserver',
  repositories: testRepositories('sample-apiserver'),
  revision: 1,
  packages: [basePackages, nodeLibraries],
  files: async () => [...debianFiles(), ...(await nodeProgram('sample-apiserver', 'kube-sample-apiserver'))],
  config: {
    ExposedPorts: { '443/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['/kube-sample-apiserver'],
    WorkingDir: '/',
  },
};
