import type { DaemonSet, Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { controllerReference } from '../ownership/controller-ref.ts';
import { podFromTemplate } from '../pods/pod-from-template.ts';
import { resources } from '../resources.ts';
import { revisionHashLabel } from '../revisions/revision-history.ts';
import { daemonTolerations } from './daemon-set-plan.ts';

const generationLabel = 'pod-template-generation';

/** The daemon of a node: pinned to it by name, so that the scheduler still checks that it fits. */
export function daemonPod(set: Stored<DaemonSet>, node: string, hash: string): Pod {
  const { template } = set.spec!;
  const owner = controllerReference(set, resources.daemonSets);
  const pod = podFromTemplate(template, { namespace: set.metadata.namespace ?? '', owner });
  const generation = set.metadata.annotations?.['deprecated.daemonset.template.generation'];
  pod.metadata.labels = {
    ...pod.metadata.labels,
    ...(generation && { [generationLabel]: generation }),
    [revisionHashLabel]: hash,
  };
  const { affinity } = pod.spec;
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  // As upstream: the pin takes the place of the template's terms, which were checked when the node was chosen.
  pod.spec.affinity = {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
  pod.spec.tolerations = daemonTolerations(template);
  return pod;
}
