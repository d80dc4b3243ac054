import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

const modules = ['mpm_event', 'authz_core', 'dir', 'mime'];

const configuration = `ServerRoot "/usr/local/apache2"
ServerName localhost
Listen 80
${modules.map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
User www-data
Group www-data
DefaultRuntimeDir /usr/local/apache2/logs
PidFile /usr/local/apache2/logs/httpd.pid
TypesConfig /etc/mime.types
DirectoryIndex index.html
DocumentRoot "/usr/local/apache2/htdocs"
<Directory "/usr/local/apache2/htdocs">
    Require all granted
</Directory>
ErrorLog /proc/self/fd/2
LogLevel warn
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog /proc/self/fd/1 common
`;

const foreground = `#!/bin/sh
set -e
rm -f /usr/local/apache2/logs/httpd.pid
exec httpd -DFOREGROUND "$@"
`;

const start = `#!/bin/sh
exec apache2 -f /usr/local/apache2/conf/httpd.conf "$@"
`;

export const httpd: Recipe = {
  name: 'httpd',
  repositories: ['docker.io/library/httpd', ...testRepositories('httpd')],
  revision: 1,
  packages: [basePackages, ['apache2-bin', 'media-types']],
  files: () => [
    ...debianFiles(),
    ...['', '/bin', '/conf', '/htdocs', '/logs'].map(folder => ({ path: `usr/local/apache2${folder}` })),
    { path: 'usr/local/apache2/conf/httpd.conf', content: configuration },
    {
      path: 'usr/local/apache2/htdocs/index.html',
      content: '<html><body><h1>It works!</h1></body></html>\n',
    },
    { path: 'usr/local/bin/httpd', content: start, mode: 0o755 },
    { path: 'usr/local/bin/httpd-foreground', content: foreground, mode: 0o755 },
  ],
  config: {
    ExposedPorts: { '80/tcp': {} },
    Env: [defaultPath, 'HTTPD_PREFIX=/usr/local/apache2'],
    Cmd: ['httpd-foreground'],
    WorkingDir: '/usr/local/apache2',
    StopSignal: 'SIGWINCH',
  },
};
