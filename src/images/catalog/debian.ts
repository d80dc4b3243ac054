import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { Recipe } from './recipe.ts';

const tools = ['login', 'procps', 'perl-base', 'apt', 'util-linux'];

export const debian: Recipe = {
  name: 'debian',
  repositories: ['docker.io/library/debian'],
  revision: 1,
  packages: [basePackages, tools],
  files: () => debianFiles(),
  config: { Env: [defaultPath], Cmd: ['bash'], WorkingDir: '/' },
};
