import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { Recipe } from './recipe.ts';

/** Debian's is older than the original's; its API is the same. */
export const etcd: Recipe = {
  name: 'etcd',
  repositories: [
    'registry.k8s.io/etcd',
    'k8s.gcr.io/etcd',
    'quay.io/coreos/etcd',
    'gcr.io/etcd-development/etcd',
  ],
  revision: 1,
  packages: [basePackages, ['etcd-server', 'etcd-client']],
  files: () => [
    ...debianFiles(),
    { path: 'usr/local/bin/etcd', link: '/usr/bin/etcd' },
    { path: 'usr/local/bin/etcdctl', link: '/usr/bin/etcdctl' },
  ],
  config: {
    ExposedPorts: { '2379/tcp': {}, '2380/tcp': {}, '4001/tcp': {}, '7001/tcp': {} },
    Env: [defaultPath],
    Cmd: ['/usr/local/bin/etcd'],
    WorkingDir: '/',
  },
};
