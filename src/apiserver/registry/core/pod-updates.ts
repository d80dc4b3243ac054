import type { Container, Pod } from '../../../api/generated/types.ts';
import { validateEphemeralContainersUpdate, validateResize } from '../../../api/kinds/pod/subresources.ts';
import type { KubeObject } from '../../../api/objects.ts';
import { cloneJson } from '../../objects/decoded.ts';
import type { ResourceEndpoint } from '../resource-endpoint.ts';
import type { UpdateRules } from '../update.ts';

/** Makes `object` what `old` is but for metadata's version and what `change` takes over from the request. */
function onlyChange(object: KubeObject, old: KubeObject, change: (pod: Pod, asked: Pod) => void): void {
  const asked = cloneJson(object) as Pod;
  const kept = cloneJson(old) as Pod;
  change(kept, asked);
  for (const key of Object.keys(object)) delete (object as Record<string, unknown>)[key];
  Object.assign(object, kept);
  const before = JSON.stringify((old as Pod).spec);
  if (JSON.stringify(kept.spec) !== before && kept.metadata?.generation) kept.metadata.generation++;
}

/** `pods/ephemeralcontainers`: containers may be added, never changed or taken away. */
export function ephemeralContainerRules(_endpoint: ResourceEndpoint): UpdateRules {
  return {
    subresource: 'ephemeralcontainers',
    prepare: (object, old) =>
      onlyChange(object, old, (pod, asked) => {
        const { ephemeralContainers } = asked.spec ?? {};
        if (ephemeralContainers) pod.spec!.ephemeralContainers = ephemeralContainers;
        else delete pod.spec!.ephemeralContainers;
      }),
    validate: (object, old) => validateEphemeralContainersUpdate(object as Pod, old as Pod),
  };
}

/** `pods/resize`: resources and nothing else. */
export function resizeRules(_endpoint: ResourceEndpoint): UpdateRules {
  return {
    subresource: 'resize',
    prepare: (object, old) =>
      onlyChange(object, old, (pod, asked) => {
        takeResources(pod.spec?.containers, asked.spec?.containers);
        takeResources(pod.spec?.initContainers, asked.spec?.initContainers);
        // Refused, rather than passed over.
        if (asked.spec?.resources) pod.spec!.resources = asked.spec.resources;
      }),
    validate: (object, old) => validateResize(object as Pod, old as Pod),
  };
}

function takeResources(containers: Container[] = [], asked: Container[] = []): void {
  for (const container of containers) {
    const wanted = asked.find(each => each.name === container.name);
    if (!wanted) continue;
    if (wanted.resources) container.resources = wanted.resources;
    if (wanted.resizePolicy) container.resizePolicy = wanted.resizePolicy;
  }
}
