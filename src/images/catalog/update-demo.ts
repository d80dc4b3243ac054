import { busybox } from './busybox.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

/**
 * The two images of the update demo: each serves which one it is. Tests of image volumes find the file at the
 * root, and look there for the name of the distribution that the originals are made of.
 */
function demo(name: string): Recipe {
  return {
    ...busybox,
    name,
    repositories: testRepositories(name),
    revision: busybox.revision + 1,
    files: async context => [
      ...(await busybox.files(context)),
      { path: 'data.json', content: `{"image":"${name}.jpg"}\n` },
      { path: 'etc/os-release', content: 'NAME="Stand-in for an image of Alpine Linux"\nID=causeway\n' },
    ],
    config: {
      ...busybox.config,
      ExposedPorts: { '80/tcp': {} },
      Cmd: ['httpd', '-f', '-p', '80', '-h', '/'],
    },
  };
}

export const nautilus = demo('nautilus');
export const kitten = demo('kitten');
