import type { Pod } from '../../api/generated/types.ts';
import type { Encoded } from '../../cri/schema.ts';
import type { EnvironmentSources } from './environment.ts';
import { normalizeImage } from './image-reference.ts';

interface DockerAuth {
  username?: string;
  password?: string;
  auth?: string;
  identitytoken?: string;
}

/**
 * The credentials of a pod's `imagePullSecrets` that fit an image, those of the longest matching registry
 * path first. Secrets that are missing or malformed are passed over, as kubelet does.
 */
export async function registryCredentials(
  pod: Pod,
  image: string,
  sources: EnvironmentSources,
): Promise<Encoded<'AuthConfig'>[]> {
  const name = normalizeImage(image);
  const found: { registry: string; auth: DockerAuth }[] = [];
  for (const { name: secretName = '' } of pod.spec?.imagePullSecrets ?? []) {
    const secret = await sources.secret(pod.metadata?.namespace ?? '', secretName).catch(() => undefined);
    for (const [registry, auth] of Object.entries(parseAuths(secret?.data))) {
      if (matches(normalizeRegistry(registry), name)) found.push({ registry, auth });
    }
  }
  found.sort((a, b) => b.registry.length - a.registry.length);
  return found.map(({ auth }) => authConfig(auth));
}

function parseAuths(data: Record<string, string> = {}): Record<string, DockerAuth> {
  try {
    const json = data['.dockerconfigjson'];
    if (json) return JSON.parse(Buffer.from(json, 'base64').toString()).auths ?? {};
    const legacy = data['.dockercfg'];
    return legacy ? JSON.parse(Buffer.from(legacy, 'base64').toString()) : {};
  } catch {
    return {};
  }
}

/** `https://index.docker.io/v1/` → `docker.io`. */
function normalizeRegistry(registry: string): string {
  const bare = registry
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/$/, '');
  return bare === 'index.docker.io' || bare === 'registry-1.docker.io' ? 'docker.io' : bare;
}

/** The host may have `*` for whole labels; a path must be a prefix. */
function matches(registry: string, image: string): boolean {
  const [host = '', ...path] = registry.split('/');
  const [imageHost = '', ...imagePath] = image.split('/');
  const labels = host.split('.');
  const imageLabels = imageHost.split('.');
  const hostFits =
    labels.length === imageLabels.length &&
    labels.every((label, index) => label === imageLabels[index] || label === '*');
  return hostFits && path.every((part, index) => part === imagePath[index]?.split(/[:@]/)[0]);
}

function authConfig({ username, password, auth, identitytoken }: DockerAuth): Encoded<'AuthConfig'> {
  if (!username && auth) {
    const [user = '', ...rest] = Buffer.from(auth, 'base64').toString().split(':');
    return { username: user, password: rest.join(':') };
  }
  return { username: username ?? '', password: password ?? '', identityToken: identitytoken ?? '' };
}
