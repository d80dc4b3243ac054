import { basePackages, debianFiles, defaultPath } from './debian-base.ts';
import type { LayerFile } from './layer.ts';
import { nodeLibraries, nodeProgram } from './node-program.ts';
import type { Recipe } from './recipe.ts';
import { testRepositories } from './test-repositories.ts';

/** What tests run in the image beside the program. */
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
  ...nodeLibraries,
];

async function files(): Promise<LayerFile[]> {
  const { selfSignedPair } = await import('../self-signed.ts');
  const { cert, key } = await selfSignedPair('localhost', ['127.0.0.1', '::1', 'example.com']);
  return [
    ...debianFiles(),
    { path: 'usr/bin/nc', link: 'nc.openbsd' },
    ...(await nodeProgram('agnhost', 'agnhost')),
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
