import { posix } from 'node:path';
import { accountFiles, nameServiceSwitch } from './debian-base.ts';
import type { LayerFile } from './layer.ts';
import type { Recipe, RecipeContext } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

const program = /^bin\/busybox$|^usr\/bin\/busybox$/;

/** Every applet as a link in /bin, where the original has them; `env` also where scripts look for it. */
async function busyboxFiles(context: RecipeContext): Promise<LayerFile[]> {
  const [path, content] = [...context.collected][0] ?? [];
  if (!path || !content) throw new Error('the package busybox-static has no program busybox');
  const applets = (await context.execute('busybox', content, ['--list']))
    .split('\n')
    .filter(name => name && name !== 'busybox');
  const target = posix.relative('bin', path);
  return [
    ...(path.startsWith('bin/') ? [] : [{ path: 'bin' }]),
    ...applets.map(name => ({ path: `bin/${name}`, link: target })),
    { path: 'usr' },
    { path: 'usr/bin' },
    { path: 'usr/bin/env', link: '../../bin/env' },
    ...['etc', 'home', 'var', 'var/log', 'run', 'dev', 'proc', 'sys'].map(folder => ({ path: folder })),
    { path: 'root', mode: 0o700 },
    { path: 'tmp', mode: 0o1777 },
    { path: 'var/tmp', mode: 0o1777 },
    { path: 'var/spool' },
    { path: 'var/spool/mail' },
    { path: 'var/www', uid: 33, gid: 33 },
    ...accountFiles('/bin/sh', []),
    { path: 'etc/nsswitch.conf', content: nameServiceSwitch },
  ];
}

const common = {
  revision: 1,
  packages: [['busybox-static']],
  mergedUsr: false,
  collect: program,
  files: busyboxFiles,
};

export const busybox: Recipe = {
  name: 'busybox',
  repositories: [
    'docker.io/library/busybox',
    'registry.k8s.io/busybox',
    'k8s.gcr.io/busybox',
    'gcr.io/google_containers/busybox',
  ],
  ...common,
  config: {
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    Cmd: ['sh'],
    WorkingDir: '/',
  },
};

/**
 * The busybox of Kubernetes' own tests, whose shell passes on variables with names that are no identifiers
 * (`data-1`); Debian's busybox loses them, bash does not. Tests of that ask for `sh`, found on PATH; those that
 * read the shell's messages ask for `/bin/sh`, which is busybox.
 */
export const e2eBusybox: Recipe = {
  ...busybox,
  name: 'e2e-busybox',
  repositories: testRepositories('busybox'),
  packages: [['busybox-static'], ['bash-static']],
  files: async context => [
    ...(await busyboxFiles(context)),
    { path: 'usr/bin/sh', link: '../../bin/bash-static' },
  ],
};

/** Alpine's shell and tools are busybox's; there is no apk in it. */
export const alpine: Recipe = {
  name: 'alpine',
  repositories: ['docker.io/library/alpine'],
  ...common,
  config: { ...busybox.config, Cmd: ['/bin/sh'] },
};
