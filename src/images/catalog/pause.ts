import type { Recipe } from './recipe.ts';

/**
 * The image of pod sandboxes: catatonit, a static program of this machine, waiting and reaping. No package is
 * fetched for it, so that it can always be built.
 */
export const pause: Recipe = {
  name: 'pause',
  repositories: ['registry.k8s.io/pause', 'k8s.gcr.io/pause', 'gcr.io/google_containers/pause'],
  revision: 1,
  packages: [],
  files: async context => [
    { path: 'pause', content: await context.machineProgram('catatonit'), mode: 0o755 },
  ],
  config: {
    User: '65535:65535',
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    Entrypoint: ['/pause', '-P'],
    WorkingDir: '/',
  },
};
