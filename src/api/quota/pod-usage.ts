import type { Container, ContainerStatus, Pod, PodSpec } from '../generated/types.ts';
import { podLimits, podRequests } from '../kinds/pod-resources.ts';
import { compareText, type ResourceList } from '../kinds/quantities.ts';
import {
  isExtendedResource,
  isHugePages,
  isNativeResource,
  isPodLevelResource,
} from '../kinds/resource-names.ts';
import type { KubeObject } from '../objects.ts';
import type { Quantity } from '../quantity.ts';
import { addUsage, one, type Usage } from './usage.ts';

const computeNames = new Set([
  'count/pods',
  'pods',
  ...['cpu', 'memory', 'ephemeral-storage'].flatMap(name => [name, `requests.${name}`, `limits.${name}`]),
]);
/** Where one of these is bounded, every container has to say how much it takes. */
const explicitNames = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];
const requestsPrefix = 'requests.';

/** Whether pods use what a quota calls by this name. */
export function isPodUsage(name: string): boolean {
  if (computeNames.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')) return true;
  return name.startsWith(requestsPrefix) && !isNativeResource(name);
}

/** What a pod uses (upstream: pkg/quota/v1/evaluator/core/pods.go). @param now milliseconds */
export function podUsage(object: KubeObject, now: number): Usage {
  const pod = object as Pod;
  const counted: Usage = { 'count/pods': one };
  if (!pod.spec || !usesResources(pod, now)) return counted;
  const spec = withActualResources(pod);
  return addUsage(counted, amounts(podRequests(spec), podLimits(spec)));
}

/** A pod that has ended, or should have by now, takes nothing. */
function usesResources({ metadata, status }: Pod, now: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (!deletionTimestamp || deletionGracePeriodSeconds === undefined) return true;
  return now <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

function amounts(
  requests: Readonly<Record<string, Quantity>>,
  limits: Readonly<Record<string, Quantity>>,
): Usage {
  const usage: Record<string, Quantity> = { pods: one };
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const [request, limit] = [requests[name], limits[name]];
    if (request) usage[name] = usage[requestsPrefix + name] = request;
    if (limit) usage[`limits.${name}`] = limit;
  }
  for (const [name, request] of Object.entries(requests)) {
    if (isHugePages(name)) usage[name] = usage[requestsPrefix + name] = request;
    if (isExtendedResource(name)) usage[requestsPrefix + name] = request;
  }
  return usage;
}

/** During a resize a container holds the larger of what it is to have and what it has. */
function withActualResources({ spec, status }: Pod): PodSpec {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  if (!statuses.some(each => each.resources ?? each.allocatedResources)) return spec!;
  const raise = (container: Container) => raised(container, statuses);
  return {
    ...spec!,
    containers: spec!.containers.map(raise),
    ...(spec!.initContainers && { initContainers: spec!.initContainers.map(raise) }),
  };
}

function raised(container: Container, statuses: readonly ContainerStatus[]): Container {
  const status = statuses.find(({ name }) => name === container.name);
  if (!status) return container;
  const { resources } = container;
  const requests = larger(larger(resources?.requests, status.resources?.requests), status.allocatedResources);
  const limits = larger(resources?.limits, status.resources?.limits);
  return { ...container, resources: { ...resources, requests, limits } };
}

function larger(list: ResourceList | undefined, other: ResourceList | undefined): ResourceList {
  const result = { ...list };
  for (const [name, amount] of Object.entries(other ?? {})) {
    if (compareText(result[name], amount) < 0) result[name] = amount;
  }
  return result;
}

/**
 * What a pod has to say and does not, where these names are bounded: `must specify limits.cpu for: a,b`;
 * undefined where nothing is missing.
 */
export function missingOfPod(names: readonly string[], { spec }: Pod): string | undefined {
  if (!spec || hasPodLevelResources(spec)) return undefined;
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const missing = explicitNames
    .filter(name => names.includes(name))
    .sort()
    .flatMap(name => {
      const silent = containers.filter(container => !says(container, name)).map(each => each.name);
      return silent.length > 0 ? [`${name} for: ${[...new Set(silent)].sort().join(',')}`] : [];
    });
  return missing.length > 0 ? `must specify ${missing.join('; ')}` : undefined;
}

function hasPodLevelResources({ resources }: PodSpec): boolean {
  return [resources?.requests, resources?.limits].some(list =>
    Object.keys(list ?? {}).some(isPodLevelResource),
  );
}

function says({ resources }: Container, name: string): boolean {
  if (name.startsWith('limits.')) return resources?.limits?.[name.slice('limits.'.length)] !== undefined;
  const plain = name.startsWith(requestsPrefix) ? name.slice(requestsPrefix.length) : name;
  return resources?.requests?.[plain] !== undefined;
}
