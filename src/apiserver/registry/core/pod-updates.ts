import type { Container, Pod } from '../../../api/generated/types.ts';
import { validateUpdate } from '../../../api/kinds/registry.ts';
import type { KubeObject } from '../../../api/objects.ts';
import type { FieldError } from '../../../api/status.ts';
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
    validate: (object, old) => checkEphemeral(object as Pod, old as Pod),
  };
}

function checkEphemeral(pod: Pod, old: Pod): FieldError[] {
  const found: FieldError[] = [];
  const asked = new Map((pod.spec?.ephemeralContainers ?? []).map(each => [each.name, each]));
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const now = asked.get(before.name);
    if (now && JSON.stringify(now) === JSON.stringify(before)) continue;
    const what = now ? 'changed' : 'removed';
    const message = `Forbidden: existing ephemeral containers ${JSON.stringify(before.name)} may not be ${what}\n`;
    found.push({ reason: 'FieldValueForbidden', field: 'spec.ephemeralContainers', message });
  }
  const names = new Set(
    [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(each => each.name),
  );
  (pod.spec?.ephemeralContainers ?? []).forEach((each, at) => {
    const field = `spec.ephemeralContainers[${at}].name`;
    if (names.has(each.name)) {
      found.push({
        reason: 'FieldValueDuplicate',
        field,
        message: `Duplicate value: ${JSON.stringify(each.name)}`,
      });
    }
    names.add(each.name);
  });
  return found;
}

/** `pods/resize`: the containers' resources and nothing else. */
export function resizeRules({ gvk }: ResourceEndpoint): UpdateRules {
  return {
    subresource: 'resize',
    prepare: (object, old) =>
      onlyChange(object, old, (pod, asked) => {
        takeResources(pod.spec?.containers, asked.spec?.containers);
        takeResources(pod.spec?.initContainers, asked.spec?.initContainers);
      }),
    // The resources were checked as part of a whole pod when it was made; what an update may not touch is kept.
    validate: (object, old) => validateUpdate(gvk, withResourcesOf(object as Pod, old as Pod), old),
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

function withResourcesOf(pod: Pod, old: Pod): Pod {
  const copy = cloneJson(pod);
  takeResources(copy.spec?.containers, old.spec?.containers);
  takeResources(copy.spec?.initContainers, old.spec?.initContainers);
  return copy;
}
