import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeFileAtomically } from './cluster-config.ts';
import { SystemFailure } from './failure.ts';
import type { KeyPair } from './pki.ts';

interface Named {
  name: string;
  [field: string]: unknown;
}

interface Kubeconfig {
  apiVersion: 'v1';
  kind: 'Config';
  clusters: Named[];
  users: Named[];
  contexts: Named[];
  'current-context': string;
  preferences?: object;
}

export interface KubeconfigAccess {
  /** Of the cluster, the user and the context alike. */
  context: string;
  server: string;
  authority: string;
  user: KeyPair;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The kubeconfig with just this one access; beside it, by contexts of their own, each of several servers. */
export function renderKubeconfig(
  access: KubeconfigAccess,
  single: readonly Pick<KubeconfigAccess, 'context' | 'server'>[] = [],
): string {
  const config = entries(access);
  for (const { context, server } of single) {
    const { clusters } = entries({ ...access, context, server });
    config.clusters.push(...clusters);
    config.contexts.push({ name: context, context: { cluster: context, user: access.context } });
  }
  return stringify(config, { lineWidth: 0 });
}

function entries({ context, server, authority, user }: KubeconfigAccess): Kubeconfig {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [
      {
        name: context,
        user: { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    'current-context': context,
  };
}

/** Puts the access into the kubeconfig text, in place of one of the same name, and makes it current. */
export function mergeKubeconfig(present: string, access: KubeconfigAccess): string {
  const fresh = entries(access);
  const config = { ...fresh, ...readConfig(present) };
  for (const part of ['clusters', 'users', 'contexts'] as const) {
    const others = (config[part] ?? []).filter(entry => entry.name !== access.context);
    config[part] = [...others, ...fresh[part]];
  }
  config['current-context'] = access.context;
  return stringify(config, { lineWidth: 0 });
}

/** Takes the access called `context` out of the kubeconfig text; undefined where it is not in it. */
export function removeFromKubeconfig(present: string, context: string): string | undefined {
  const config = readConfig(present);
  if (!config.contexts?.some(entry => entry.name === context)) return undefined;
  for (const part of ['clusters', 'users', 'contexts'] as const) {
    config[part] = (config[part] ?? []).filter(entry => entry.name !== context);
  }
  if (config['current-context'] === context) config['current-context'] = '';
  return stringify(config, { lineWidth: 0 });
}

function readConfig(text: string): Partial<Kubeconfig> {
  const config = text.trim() === '' ? {} : parse(text);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new Error('it is not a kubeconfig');
  }
  return config;
}

/** The user's kubeconfig: the first file of $KUBECONFIG, else `~/.kube/config`, also under sudo. */
export function userKubeconfigPath(): string {
  const first = process.env.KUBECONFIG?.split(':').find(path => path !== '');
  return first ?? join(sudoUser()?.home ?? homedir(), '.kube', 'config');
}

/** Changes a kubeconfig file in place; it keeps its owner, and one made under sudo is the user's. */
export function editKubeconfigFile(path: string, edit: (present: string) => string | undefined): void {
  const present = existsSync(path) ? readFileSync(path, 'utf8') : '';
  let text: string | undefined;
  try {
    text = edit(present);
  } catch (cause) {
    throw new SystemFailure(
      `${path} cannot be changed because it cannot be read as a kubeconfig: mend it or choose another with --kubeconfig`,
      { cause },
    );
  }
  if (text === undefined) return;
  const owner = existsSync(path) ? statSync(path) : sudoUser();
  const folderIsNew = !existsSync(dirname(path));
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileAtomically(path, text, 0o600);
  chmodSync(path, 0o600);
  if (owner) chownSync(path, owner.uid, owner.gid);
  if (owner && folderIsNew) chownSync(dirname(path), owner.uid, owner.gid);
}

/** Who called sudo, from the environment it sets and the password file. */
function sudoUser(): { uid: number; gid: number; home: string } | undefined {
  const uid = Number(process.env.SUDO_UID);
  if (!process.env.SUDO_UID || !Number.isInteger(uid) || uid === 0) return undefined;
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [, , id, gid, , home] = line.split(':');
    if (Number(id) === uid && home) return { uid, gid: Number(gid), home };
  }
  return undefined;
}
