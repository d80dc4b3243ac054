import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  Volume,
  VolumeProjection,
} from '../../api/generated/types.ts';
import { type DownwardFacts, fieldValue, resourceValue } from '../container/downward-api.ts';
import type { VolumeFile } from './atomic-directory.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

export interface VolumeSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  tokens: ServiceAccountTokens;
}

type Files = Map<string, VolumeFile>;

const defaultMode = 0o644;

/** Whether a volume is made of files the agent writes, and keeps fresh. */
export function isFileVolume(volume: Volume): boolean {
  return Boolean(volume.configMap || volume.secret || volume.downwardAPI || volume.projected);
}

/** Whether it may hold what must not reach a disk. */
export function isSecretVolume(volume: Volume): boolean {
  const sources = volume.projected?.sources ?? [];
  return Boolean(
    volume.secret || sources.some(({ secret, serviceAccountToken }) => secret || serviceAccountToken),
  );
}

/** The files of a configMap, secret, downwardAPI or projected volume. @throws Error with kubelet's words */
export async function volumeFiles(
  pod: Pod,
  volume: Volume,
  facts: DownwardFacts,
  sources: VolumeSources,
): Promise<Files> {
  const { configMap, secret, downwardAPI, projected } = volume;
  const mode = (configMap ?? secret ?? downwardAPI ?? projected)?.defaultMode ?? defaultMode;
  if (configMap) return configMapFiles(pod, configMap, mode, sources);
  if (secret) return secretFiles(pod, { ...secret, name: secret.secretName }, mode, sources);
  if (downwardAPI) return downwardFiles(pod, downwardAPI.items, mode, facts);
  const all: Files = new Map();
  for (const source of projected?.sources ?? []) {
    for (const [path, file] of await projectionFiles(pod, source, mode, facts, sources)) all.set(path, file);
  }
  return all;
}

async function projectionFiles(
  pod: Pod,
  source: VolumeProjection,
  mode: number,
  facts: DownwardFacts,
  sources: VolumeSources,
): Promise<Files> {
  if (source.configMap) return configMapFiles(pod, source.configMap, mode, sources);
  if (source.secret) return secretFiles(pod, source.secret, mode, sources);
  if (source.downwardAPI) return downwardFiles(pod, source.downwardAPI.items, mode, facts);
  if (source.serviceAccountToken) {
    const { path } = source.serviceAccountToken;
    const token = await sources.tokens.token(pod, source.serviceAccountToken);
    return new Map([[path, { data: Buffer.from(token), ...tokenAccess(pod, mode) }]]);
  }
  const kind = source.clusterTrustBundle ? 'clusterTrustBundle' : 'podCertificate';
  throw new Error(`projected volumes of ${kind} are not supported by this node yet`);
}

/** A token is readable by the pod's group, or by its one user, or by root only where neither is known. */
function tokenAccess(pod: Pod, mode: number): { mode: number; uid?: number } {
  const { fsGroup, runAsUser } = pod.spec?.securityContext ?? {};
  if (fsGroup !== undefined) return { mode: 0o600 };
  const users = new Set(
    (pod.spec?.containers ?? []).map(({ securityContext }) => securityContext?.runAsUser ?? runAsUser),
  );
  const [user] = users;
  if (users.size === 1 && user !== undefined) return { mode: 0o600, uid: user };
  return { mode };
}

interface KeyedReference {
  name?: string;
  items?: KeyToPath[];
  optional?: boolean;
}

async function configMapFiles(
  pod: Pod,
  { name = '', items, optional }: KeyedReference,
  mode: number,
  sources: VolumeSources,
): Promise<Files> {
  const map = await sources.configMap(pod.metadata?.namespace ?? '', name);
  if (!map && !optional) throw new Error(`configmap "${name}" not found`);
  const data = new Map(Object.entries(map?.data ?? {}).map(([key, text]) => [key, Buffer.from(text)]));
  for (const [key, text] of Object.entries(map?.binaryData ?? {})) data.set(key, Buffer.from(text, 'base64'));
  return selected(data, items, mode, optional, 'configmap references non-existent config key');
}

async function secretFiles(
  pod: Pod,
  { name = '', items, optional }: KeyedReference,
  mode: number,
  sources: VolumeSources,
): Promise<Files> {
  const secret = await sources.secret(pod.metadata?.namespace ?? '', name);
  if (!secret && !optional) throw new Error(`secret "${name}" not found`);
  const entries = Object.entries(secret?.data ?? {});
  const data = new Map(entries.map(([key, text]) => [key, Buffer.from(text, 'base64')]));
  return selected(data, items, mode, optional, 'references non-existent secret key');
}

function selected(
  data: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean | undefined,
  missing: string,
): Files {
  if (!items || items.length === 0)
    return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode }]));
  const files: Files = new Map();
  for (const { key, path, mode: own } of items) {
    const bytes = data.get(key);
    if (bytes) files.set(path, { data: bytes, mode: own ?? mode });
    else if (!optional) throw new Error(`${missing}: ${key}`);
  }
  return files;
}

function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[] = [],
  mode: number,
  facts: DownwardFacts,
): Files {
  const files: Files = new Map();
  for (const { path, fieldRef, resourceFieldRef, mode: own } of items) {
    const text = fieldRef
      ? fieldValue(pod, fieldRef, facts)
      : resourceFieldRef && resourceValue(pod, undefined, resourceFieldRef, facts);
    files.set(path, { data: Buffer.from(text ?? ''), mode: own ?? mode });
  }
  return files;
}
