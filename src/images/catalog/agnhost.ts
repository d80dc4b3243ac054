import { readFileSync } from 'node:fs';
import {
  basePackages,
  certificateBundle,
  certificatePattern,
  debianFiles,
  defaultPath,
} from './debian-base.ts';
import type { Recipe, RecipeContext } from './recipe.ts';

const source = (name: string) => readFileSync(new URL(`./agnhost/${name}`, import.meta.url), 'utf8');

const tools = ['curl', 'ca-certificates', 'iproute2', 'bind9-dnsutils', 'netcat-openbsd'];

const files = ({ collected }: RecipeContext) => [
  ...debianFiles(),
  certificateBundle(collected),
  { path: 'usr/bin/nc', link: 'nc.openbsd' },
  { path: 'agnhost', content: source('agnhost.pl'), mode: 0o755 },
  { path: 'usr/local/lib/agnhost' },
  { path: 'usr/local/lib/agnhost/Server.pm', content: source('Server.pm') },
  { path: 'uploads', mode: 0o1777 },
];

const common = {
  revision: 1,
  packages: [basePackages, ['perl', ...tools]],
  collect: certificatePattern,
  files,
};

/** Kubernetes' image of test servers, for manifests that use it: its most used commands in Perl. */
export const agnhost: Recipe = {
  name: 'agnhost',
  repositories: [
    'registry.k8s.io/e2e-test-images/agnhost',
    'k8s.gcr.io/e2e-test-images/agnhost',
    'us.gcr.io/k8s-artifacts-prod/e2e-test-images/agnhost',
    'gcr.io/kubernetes-e2e-test-images/agnhost',
  ],
  ...common,
  config: {
    ExposedPorts: { '80/tcp': {}, '8080/tcp': {}, '8081/tcp': {}, '9376/tcp': {}, '5000/tcp': {} },
    Env: [defaultPath],
    Entrypoint: ['/agnhost'],
    Cmd: ['pause'],
    WorkingDir: '/',
  },
};

/** The images that DNS is tested from: dig, nslookup, nc and a shell. */
export const dnsutils: Recipe = {
  name: 'dnsutils',
  repositories: [
    'registry.k8s.io/e2e-test-images/jessie-dnsutils',
    'registry.k8s.io/e2e-test-images/dnsutils',
    'gcr.io/kubernetes-e2e-test-images/dnsutils',
    'gcr.io/kubernetes-e2e-test-images/jessie-dnsutils',
    'docker.io/tutum/dnsutils',
  ],
  ...common,
  config: { Env: [defaultPath], Cmd: ['sleep', '3600'], WorkingDir: '/' },
};
