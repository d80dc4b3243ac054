import {
  basePackages,
  certificateBundle,
  certificatePattern,
  debianFiles,
  defaultPath,
} from './debian-base.ts';
import type { Recipe } from './recipe.ts';

const user = { name: 'curl_user', uid: 100, gid: 101, home: '/home/curl_user', shell: '/bin/sh' };

/** Arguments that begin with a dash are curl's, anything else is a command. */
const entrypoint = `#!/bin/sh
set -e
if [ "\${1#-}" != "\${1}" ] || [ -z "$(command -v "\${1}")" ]; then
  set -- curl "$@"
fi
exec "$@"
`;

export const curl: Recipe = {
  name: 'curl',
  repositories: ['docker.io/curlimages/curl', 'quay.io/curl/curl'],
  revision: 1,
  packages: [basePackages, ['curl', 'ca-certificates']],
  collect: certificatePattern,
  files: ({ collected }) => [
    ...debianFiles([user]),
    certificateBundle(collected),
    { path: 'cacert.pem', link: 'etc/ssl/certs/ca-certificates.crt' },
    { path: 'entrypoint.sh', content: entrypoint, mode: 0o755 },
    { path: 'home/curl_user', uid: user.uid, gid: user.gid },
  ],
  config: {
    User: user.name,
    Env: [defaultPath, 'CURL_CA_BUNDLE=/cacert.pem'],
    Entrypoint: ['/entrypoint.sh'],
    Cmd: ['curl'],
    WorkingDir: '/home/curl_user',
  },
};
