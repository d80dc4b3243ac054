import { busybox } from './busybox.ts';
import type { Recipe } from './recipe.ts';

/** The two images of the update demo: each serves which one it is. */
function demo(name: string): Recipe {
  return {
    ...busybox,
    name,
    repositories: [`registry.k8s.io/e2e-test-images/${name}`, `k8s.gcr.io/e2e-test-images/${name}`],
    files: async context => [
      ...(await busybox.files(context)),
      { path: 'var/www/data.json', content: `{"image":"${name}.jpg"}\n` },
    ],
    config: {
      ...busybox.config,
      ExposedPorts: { '80/tcp': {} },
      Cmd: ['httpd', '-f', '-p', '80', '-h', '/var/www'],
    },
  };
}

export const nautilus = demo('nautilus');
export const kitten = demo('kitten');
