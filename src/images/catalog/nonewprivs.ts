import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { LayerFile } from './layer.ts';
import type { Recipe, RecipeContext } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

/** A shell that belongs to root and runs as its owner; with `-p` it keeps the user it became. */
function files({ collected }: RecipeContext): LayerFile[] {
  const shell = collected.get('usr/bin/dash');
  if (!shell) throw new Error('the package dash has no program dash');
  return [...debianFiles(), { path: 'usr/local/bin/nnp', content: shell, mode: 0o4755 }];
}

/** Says whose rights a program of root's has that another user started: what `allowPrivilegeEscalation` decides. */
export const nonewprivs: Recipe = {
  name: 'nonewprivs',
  repositories: testRepositories('nonewprivs'),
  revision: 1,
  packages: [basePackages],
  collect: /^usr\/bin\/dash$/,
  files,
  config: {
    Env: [defaultPath],
    Entrypoint: ['/usr/local/bin/nnp', '-p', '-c', 'echo "Effective uid: $(id -u)"'],
    WorkingDir: '/',
  },
};
