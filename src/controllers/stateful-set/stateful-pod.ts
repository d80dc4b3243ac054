import type {
  PersistentVolumeClaim,
  Pod,
  PodTemplateSpec,
  StatefulSet,
  Volume,
} from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { controllerReference } from '../ownership/controller-ref.ts';
import { podFromTemplate } from '../pods/pod-from-template.ts';
import { resources } from '../resources.ts';
import { revisionHashLabel } from '../revisions/revision-history.ts';

/** The pod of an ordinal: its name, hostname and claims are its own and stay. */
export function statefulPod(
  set: Stored<StatefulSet>,
  template: PodTemplateSpec,
  ordinal: number,
  revision: string,
): Pod {
  const name = `${set.metadata.name}-${ordinal}`;
  const owner = controllerReference(set, resources.statefulSets);
  const pod = podFromTemplate(template, { namespace: set.metadata.namespace ?? '', owner, name });
  pod.metadata.labels = {
    ...pod.metadata.labels,
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': String(ordinal),
    [revisionHashLabel]: revision,
  };
  pod.spec.hostname = name;
  pod.spec.subdomain = set.spec?.serviceName;
  const claims = claimVolumes(set, name);
  const others = (pod.spec.volumes ?? []).filter(volume => !claims.some(claim => claim.name === volume.name));
  if (claims.length > 0) pod.spec.volumes = [...claims, ...others];
  return pod;
}

function claimVolumes({ spec }: StatefulSet, podName: string): Volume[] {
  return (spec?.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata?.name ?? '',
    persistentVolumeClaim: { claimName: `${metadata?.name}-${podName}` },
  }));
}

/** The claims of an ordinal's pod. They outlive it, and the StatefulSet. */
export function claimsOf(set: Stored<StatefulSet>, ordinal: number): PersistentVolumeClaim[] {
  const podName = `${set.metadata.name}-${ordinal}`;
  return (set.spec?.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    metadata: {
      ...metadata,
      name: `${metadata?.name}-${podName}`,
      namespace: set.metadata.namespace,
      labels: { ...metadata?.labels, ...set.spec?.selector.matchLabels },
    },
    spec,
  }));
}
