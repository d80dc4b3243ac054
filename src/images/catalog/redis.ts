import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

const user = { name: 'redis', uid: 999, gid: 999, home: '/data' };

const entrypoint = `#!/bin/sh
set -e
if [ "\${1#-}" != "$1" ] || [ "\${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi
# Protected mode refuses clients of other hosts: in a container they all are.
if [ "$1" = redis-server ] && [ $# -eq 1 ]; then
  set -- redis-server --protected-mode no
fi
exec "$@"
`;

export const redis: Recipe = {
  name: 'redis',
  repositories: ['docker.io/library/redis', ...testRepositories('redis')],
  revision: 1,
  packages: [basePackages, ['redis-server', 'redis-tools']],
  files: () => [
    ...debianFiles([user]),
    { path: 'data', uid: user.uid, gid: user.gid },
    { path: 'usr/local/bin/docker-entrypoint.sh', content: entrypoint, mode: 0o755 },
  ],
  config: {
    ExposedPorts: { '6379/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['docker-entrypoint.sh'],
    Cmd: ['redis-server'],
    WorkingDir: '/data',
  },
};
