import type { Pod } from '../../api/generated/types.ts';
import { type LabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { type KubeObject, objectKey, type Stored } from '../../api/objects.ts';
import type { ResourceInfo } from '../../api/resources.ts';
import type { Informer } from '../../client/informer.ts';
import type { ControllerLoop } from '../controller.ts';
import { controllerKey, controllerOf } from '../ownership/controller-ref.ts';

/** A kind of objects that own pods. */
export interface PodOwners<T extends KubeObject> {
  resource: ResourceInfo;
  informer: Informer<T>;
  selector(owner: Stored<T>): LabelSelector;
}

/** Keys of the owners that a pod concerns: its controller's, where it is of the kind; a stray's, all that select it. */
export function ownerKeys<T extends KubeObject>(pod: Stored<Pod>, owners: PodOwners<T>): string[] {
  const { namespace, labels = {} } = pod.metadata;
  if (controllerOf(pod)) {
    const key = controllerKey(pod, owners.resource);
    return key ? [key] : [];
  }
  return owners.informer
    .list(namespace)
    .filter(owner => matchesLabels(owners.selector(owner), labels))
    .map(objectKey);
}

/** Has `loop` look at the keys that a changed pod concerns, and at those of the controller it had before. */
export function followPods(
  loop: ControllerLoop,
  pods: Informer<Pod>,
  keysOf: (pod: Stored<Pod>) => readonly string[],
): void {
  const wake = (pod: Stored<Pod>) => {
    for (const key of keysOf(pod)) loop.add(key);
  };
  loop.follow(pods, {
    added: wake,
    updated: (pod, before) => {
      if (controllerOf(before)?.uid !== controllerOf(pod)?.uid) wake(before);
      wake(pod);
    },
    deleted: wake,
  });
}
