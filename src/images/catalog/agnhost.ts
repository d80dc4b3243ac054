import { readFile } from 'node:fs/promises';
import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { LayerFile } from './layer.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

/** The program, as `scripts/build.ts` bundles it from `src/images/agnhost`. */
const program = new URL('../../../dist/agnhost.cjs', import.meta.url);

/** What tests run in the image beside the program; the libraries are Node.js's. */
const tools = [
  ...[
    'bash',
    'curl',
    'wget',
    'bind9-dnsutils',
    'bind9-host',
    'netcat-openbsd',
    'iproute2',
    'iperf',
    'libc-bin',
  ],
  ...['libatomic1', 'libstdc++6'],
];

async function files(): Promise<LayerFile[]> {
  const { selfSignedPair } = await import('../self-signed.ts');
  const { cert, key } = await selfSignedPair('localhost', ['127.0.0.1', '::1', 'example.com']);
  return [
    ...debianFiles(),
    { path: 'usr/bin/nc', link: 'nc.openbsd' },
    // The Node.js that runs Causeway runs it.
    { path: 'usr/local/bin/node', content: await readFile(process.execPath), mode: 0o755 },
    { path: 'agnhost', content: `#!/usr/local/bin/node\n${await readFile(program, 'utf8')}`, mode: 0o755 },
    // Tests of the entry point start it by this name.
    { path: 'agnhost-2', link: 'agnhost' },
    { path: 'localhost.crt', content: cert },
    { path: 'localhost.key', content: key },
    { path: 'uploads', mode: 0o777 },
  ];
}

export const agnhost: Recipe = {
  name: 'agnhost',
  repositories: testRepositories('agnhost'),
  revision: 6,
  packages: [basePackages, tools],
  files,
  config: {
    ExposedPorts: { '80/tcp': {}, '8080/tcp': {}, '8081/tcp': {}, '8081/udp': {}, '9376/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['/agnhost'],
    Cmd: ['pause'],
    WorkingDir: '/',
  },
};

/** Tests of DNS take it for the tools alone. */
export const dnsutils: Recipe = {
  name: 'dnsutils',
  repositories: [
    ...testRepositories('jessie-dnsutils'),
    ...testRepositories('dnsutils'),
    'docker.io/tutum/dnsutils',
  ],
  revision: 4,
  packages: [basePackages, tools],
  files: () => debianFiles(),
  config: { Env: [defaultPath], Cmd: ['sleep', 'infinity'], WorkingDir: '/' },
};
