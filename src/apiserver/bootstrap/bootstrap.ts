import type { ClusterRole, ClusterRoleBinding, Namespace, ServiceCIDR } from '../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { parseApiVersion } from '../../api/objects.ts';
import { builtinByKind, type ResourceInfo, resourcePath } from '../../api/resources.ts';
import { ApiError } from '../../api/status.ts';
import type { Logger } from '../../base/log.ts';
import { builtinApiServices } from '../aggregation/priorities.ts';
import type { LocalTransport } from '../local-transport.ts';
import { uncoveredRules } from '../rbac/rules.ts';
import { type AuthenticationOptions, extensionAuthentication } from './extension-authentication.ts';
import { flowSchemas, priorityLevels } from './flow-control.ts';
import { type KubernetesServiceOptions, kubernetesService, serviceCidr } from './kubernetes-service.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from './policy.ts';
import { priorityClasses } from './priority-classes.ts';

export interface BootstrapOptions extends KubernetesServiceOptions, AuthenticationOptions {
  serviceCidrs: readonly string[];
}

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * Makes what every cluster has: namespaces, default policy, priority classes, the `kubernetes` Service. What is
 * there already is left as the user has it, except that default roles get back rules they lost.
 */
export async function bootstrapObjects(
  deps: { transport: LocalTransport; log: Logger },
  options: BootstrapOptions,
): Promise<void> {
  const { transport, log } = deps;
  // One default object that is refused must not keep a cluster from starting.
  const tolerant = (work: Promise<void>) =>
    work.catch(error => {
      if (!(error instanceof ApiError) || error.code >= 500) throw error;
      log.error('a default object was refused', { error });
    });
  const ensure = (object: KubeObject) => tolerant(ensureObject(transport, object));
  await Promise.all(namespaces.map(name => ensure(namespaceNamed(name))));
  await ensure(serviceCidr(options.serviceCidrs));
  await tolerant(markCidrReady(transport));
  await Promise.all([
    ...clusterRoles.map(role => tolerant(ensureRole(transport, role))),
    ...clusterRoleBindings.map(binding => tolerant(ensureBinding(transport, binding))),
    ...roles.map(ensure),
    ...roleBindings.map(ensure),
    ...priorityClasses.map(ensure),
    ...priorityLevels.map(ensure),
    ...flowSchemas.map(ensure),
    ...builtinApiServices().map(ensure),
  ]);
  await tolerant(reconcile(transport, extensionAuthentication(options)));
  for (const object of kubernetesService(options)) await tolerant(reconcile(transport, object));
}

function namespaceNamed(name: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function resourceOf(object: KubeObject): ResourceInfo {
  const { group, version } = parseApiVersion(object.apiVersion!);
  return builtinByKind({ group, version, kind: object.kind! })!;
}

function pathOf(object: KubeObject, named: boolean): string {
  const { namespace, name } = object.metadata!;
  return resourcePath(resourceOf(object), { ...(namespace && { namespace }), ...(named && { name: name! }) });
}

async function find<T extends KubeObject>(
  transport: LocalTransport,
  object: T,
): Promise<Stored<T> | undefined> {
  try {
    return await transport.request<Stored<T>>({ method: 'GET', path: pathOf(object, true) });
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return undefined;
    throw error;
  }
}

async function ensureObject(transport: LocalTransport, object: KubeObject): Promise<void> {
  if (await find(transport, object)) return;
  try {
    await transport.request({ method: 'POST', path: pathOf(object, false), body: object });
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}

/** Creates the object, or puts back the spec we want where ours differs (addresses may have changed). */
async function reconcile(transport: LocalTransport, object: KubeObject): Promise<void> {
  const present = await find(transport, object);
  if (!present) return ensureObject(transport, object);
  if (object.kind === 'Service') return;
  const { metadata: _, ...wanted } = object;
  await transport.request({ method: 'PUT', path: pathOf(object, true), body: { ...present, ...wanted } });
}

/** The ServiceCIDR of the cluster is ready as soon as it is there: it is what everything begins with. */
async function markCidrReady(transport: LocalTransport): Promise<void> {
  const cidr = await find<ServiceCIDR>(transport, serviceCidr([]) as ServiceCIDR);
  if (!cidr || cidr.status?.conditions?.some(each => each.type === 'Ready')) return;
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
    lastTransitionTime: cidr.metadata.creationTimestamp,
  };
  const body = { ...cidr, status: { conditions: [condition] } };
  await transport.request({ method: 'PUT', path: `${pathOf(cidr, true)}/status`, body });
}

const autoupdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** Upstream's reconciliation: rules that are missing are added, none is taken away. */
async function ensureRole(transport: LocalTransport, role: ClusterRole): Promise<void> {
  const present = await find(transport, role);
  if (!present) return ensureObject(transport, role);
  if (present.metadata.annotations?.[autoupdate] === 'false') return;
  const missing = uncoveredRules(present.rules ?? [], role.rules ?? []);
  if (missing.length === 0) return;
  const body = { ...present, rules: [...(present.rules ?? []), ...missing] };
  await transport.request({ method: 'PUT', path: pathOf(role, true), body });
}

async function ensureBinding(transport: LocalTransport, binding: ClusterRoleBinding): Promise<void> {
  const present = await find(transport, binding);
  if (!present) return ensureObject(transport, binding);
  if (present.metadata.annotations?.[autoupdate] === 'false') return;
  const key = (each: { kind: string; name: string; namespace?: string }) =>
    `${each.kind}/${each.namespace ?? ''}/${each.name}`;
  const known = new Set((present.subjects ?? []).map(key));
  const missing = (binding.subjects ?? []).filter(each => !known.has(key(each)));
  if (missing.length === 0) return;
  const body = { ...present, subjects: [...(present.subjects ?? []), ...missing] };
  await transport.request({ method: 'PUT', path: pathOf(binding, true), body });
}
