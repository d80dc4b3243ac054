import type { ConfigMap, Container, EnvVarSource, Pod, Secret } from '../../api/generated/types.ts';
import { type DownwardFacts, fieldValue, resourceValue } from './downward-api.ts';
import { expandVariables } from './variable-expansion.ts';

/** A container's configuration cannot be made: reason `CreateContainerConfigError`. */
export class ContainerConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ContainerConfigError';
  }
}

export interface EnvironmentSources {
  /** undefined where there is no such object. */
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}

/**
 * The environment of a container: `envFrom`, then `env` with `$(NAME)` expanded, then what of the Services'
 * variables is not set yet. Source: kubelet `makeEnvironmentVariables`.
 * @throws ContainerConfigError
 */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  services: ReadonlyMap<string, string>,
  facts: DownwardFacts,
  sources: EnvironmentSources,
): Promise<Map<string, string>> {
  const environment = await environmentFrom(pod, container, sources);
  const lookup = (name: string) => environment.get(name) ?? services.get(name);
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom === undefined) {
      environment.set(name, expandVariables(value ?? '', lookup));
      continue;
    }
    const found = await referencedValue(pod, container, valueFrom, facts, sources);
    if (found !== undefined) environment.set(name, found);
  }
  for (const [name, value] of services) {
    if (!environment.has(name)) environment.set(name, value);
  }
  return environment;
}

async function environmentFrom(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<Map<string, string>> {
  const environment = new Map<string, string>();
  const namespace = pod.metadata?.namespace ?? '';
  for (const { configMapRef, secretRef, prefix = '' } of container.envFrom ?? []) {
    const data = configMapRef
      ? (await configMapOf(sources, namespace, configMapRef))?.data
      : secretRef && decoded(await secretOf(sources, namespace, secretRef));
    for (const [key, value] of Object.entries(data ?? {})) environment.set(prefix + key, value);
  }
  return environment;
}

/** undefined where the reference is optional and leads nowhere. */
async function referencedValue(
  pod: Pod,
  container: Container,
  { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef }: EnvVarSource,
  facts: DownwardFacts,
  sources: EnvironmentSources,
): Promise<string | undefined> {
  const namespace = pod.metadata?.namespace ?? '';
  if (fieldRef) return asConfigError(() => fieldValue(pod, fieldRef, facts));
  if (resourceFieldRef) return asConfigError(() => resourceValue(pod, container, resourceFieldRef, facts));
  if (fileKeyRef) throw new ContainerConfigError('fileKeyRef is not supported by this node yet');
  if (configMapKeyRef) {
    const map = await configMapOf(sources, namespace, configMapKeyRef);
    const value = map?.data?.[configMapKeyRef.key];
    if (value !== undefined || configMapKeyRef.optional) return value;
    throw new ContainerConfigError(
      `couldn't find key ${configMapKeyRef.key} in ConfigMap ${namespace}/${configMapKeyRef.name}`,
    );
  }
  if (secretKeyRef) {
    const value = decoded(await secretOf(sources, namespace, secretKeyRef))?.[secretKeyRef.key];
    if (value !== undefined || secretKeyRef.optional) return value;
    throw new ContainerConfigError(
      `couldn't find key ${secretKeyRef.key} in Secret ${namespace}/${secretKeyRef.name}`,
    );
  }
  return '';
}

interface NamedReference {
  name?: string;
  optional?: boolean;
}

async function configMapOf(
  sources: EnvironmentSources,
  namespace: string,
  { name = '', optional }: NamedReference,
): Promise<ConfigMap | undefined> {
  const found = await asAsyncConfigError(sources.configMap(namespace, name));
  if (!found && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
  return found;
}

async function secretOf(
  sources: EnvironmentSources,
  namespace: string,
  { name = '', optional }: NamedReference,
): Promise<Secret | undefined> {
  const found = await asAsyncConfigError(sources.secret(namespace, name));
  if (!found && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
  return found;
}

function decoded(secret: Secret | undefined): Record<string, string> | undefined {
  if (!secret) return undefined;
  const entries = Object.entries(secret.data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

function asConfigError<T>(compute: () => T): T {
  try {
    return compute();
  } catch (cause) {
    throw new ContainerConfigError((cause as Error).message, { cause });
  }
}

async function asAsyncConfigError<T>(found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (cause) {
    throw new ContainerConfigError((cause as Error).message, { cause });
  }
}
