import type { Container, Pod } from '../../api/generated/types.ts';
import { isSidecar, podRequests } from '../../api/kinds/pod-resources.ts';
import { isPodLevelResource } from '../../api/kinds/resource-names.ts';
import { milliOf, quantityMilliValue } from '../../api/quantity.ts';
import { MetricError } from './replica-count.ts';

/**
 * What each pod requests of a resource, in thousandths, by its name; of one container where it is named.
 * @throws MetricError where a container says nothing
 */
export function requestsOf(
  pods: readonly Pod[],
  resource: string,
  container: string | undefined,
): Map<string, number> {
  return new Map(pods.map(pod => [pod.metadata?.name ?? '', requestOf(pod, resource, container)]));
}

function requestOf(pod: Pod, resource: string, container: string | undefined): number {
  const { spec } = pod;
  const name = pod.metadata?.name;
  const ofPod = Object.keys(spec?.resources?.requests ?? {}).some(isPodLevelResource);
  if (ofPod && container === undefined) {
    const request = podRequests(spec!)[resource];
    if (!request) throw new MetricError(`missing pod-level request for ${resource} in Pod ${name}`);
    return quantityMilliValue(request);
  }
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(isSidecar)];
  const asked = all.filter(each => container === undefined || each.name === container);
  if (asked.length === 0) throw new MetricError(`container ${container} not found in Pod ${name}`);
  return asked.reduce((sum, each) => sum + containerRequest(each, resource, name), 0);
}

function containerRequest(container: Container, resource: string, pod: string | undefined): number {
  const request = container.resources?.requests?.[resource];
  if (request === undefined) {
    throw new MetricError(`missing request for ${resource} in container ${container.name} of Pod ${pod}`);
  }
  return milliOf(request);
}
