import {
  basePackages,
  certificateBundle,
  certificatePattern,
  debianFiles,
  defaultPath,
} from './debian-base.ts';
import type { LayerFile } from './layer.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

/** The second layer; the echo server has the same one. */
export const nginxPackages = ['nginx'];

export const nginxUser = { name: 'nginx', uid: 101, gid: 101, home: '/var/cache/nginx' };

/** As the original: scripts of the folder run first, then the command. */
const entrypoint = `#!/bin/sh
set -e
if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then
  if [ -f /proc/net/if_inet6 ] && [ -w /etc/nginx/conf.d/default.conf ] &&
    ! grep -q '\\[::\\]' /etc/nginx/conf.d/default.conf; then
    sed -i 's/^    listen  *80;/&\\n    listen  [::]:80;/' /etc/nginx/conf.d/default.conf
  fi
  for script in /docker-entrypoint.d/*.sh; do
    if [ -x "$script" ]; then "$script"; fi
  done
fi
exec "$@"
`;

const mainConfiguration = `user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;

events {
    worker_connections  1024;
}

http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;
    keepalive_timeout  65;

    include /etc/nginx/conf.d/*.conf;
}
`;

const defaultSite = `server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
`;

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto; font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and working.
This image stands in for the original and was built from Debian packages.</p>
</body>
</html>
`;

const errorPage = `<!DOCTYPE html>
<html>
<head><title>Error</title></head>
<body>
<h1>An error occurred.</h1>
<p>The page you are looking for is currently unavailable. Please try again later.</p>
</body>
</html>
`;

/** Folders nginx writes to, and its logs on the container's output. */
export function nginxFolders(): LayerFile[] {
  const owned = { uid: nginxUser.uid, gid: nginxUser.gid };
  return [
    { path: 'var/log/nginx' },
    { path: 'var/log/nginx/access.log', link: '/dev/stdout' },
    { path: 'var/log/nginx/error.log', link: '/dev/stderr' },
    { path: 'var/cache/nginx', ...owned },
    ...['body', 'fastcgi', 'proxy', 'scgi', 'uwsgi'].map(name => ({
      path: `var/lib/nginx/${name}`,
      mode: 0o700,
      ...owned,
    })),
  ];
}

export const nginx: Recipe = {
  name: 'nginx',
  repositories: [
    'docker.io/library/nginx',
    'registry.k8s.io/nginx',
    'k8s.gcr.io/nginx',
    ...testRepositories('nginx'),
    'public.ecr.aws/nginx/nginx',
  ],
  revision: 1,
  packages: [basePackages, nginxPackages, ['curl', 'ca-certificates', 'openssl', 'gettext-base']],
  collect: certificatePattern,
  files: ({ collected }) => [
    ...debianFiles([nginxUser]),
    certificateBundle(collected),
    ...nginxFolders(),
    { path: 'etc/nginx/nginx.conf', content: mainConfiguration },
    { path: 'etc/nginx/conf.d' },
    { path: 'etc/nginx/conf.d/default.conf', content: defaultSite },
    { path: 'etc/nginx/modules', link: '/usr/lib/nginx/modules' },
    { path: 'usr/share/nginx/html/index.html', content: welcome },
    { path: 'usr/share/nginx/html/50x.html', content: errorPage },
    { path: 'docker-entrypoint.sh', content: entrypoint, mode: 0o755 },
    { path: 'docker-entrypoint.d' },
  ],
  config: {
    ExposedPorts: { '80/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['/docker-entrypoint.sh'],
    Cmd: ['nginx', '-g', 'daemon off;'],
    WorkingDir: '/',
    StopSignal: 'SIGQUIT',
  },
};
