import type { LabelSelector, Scale } from '../../api/generated/types.ts';
import { formatLabelSelector, selectorFromLabelSelector, selectorFromSet } from '../../api/label-selector.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { cloneJson } from '../objects/decoded.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

interface Scalable extends KubeObject {
  spec?: { replicas?: number; selector?: LabelSelector | Record<string, string> };
  status?: { replicas?: number };
}

/** The `scale` view of an object with replicas. */
export function scaleOf(endpoint: ResourceEndpoint, object: Stored): Scale & KubeObject {
  const { spec, status } = object as Scalable;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorText(endpoint, spec?.selector);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { ...(spec?.replicas && { replicas: spec.replicas }) },
    status: { replicas: status?.replicas ?? 0, ...(selector && { selector }) },
  };
}

function selectorText(endpoint: ResourceEndpoint, selector: object | undefined): string {
  // A ReplicationController's selector is a plain set of labels.
  if (endpoint.resource.kind === 'ReplicationController') {
    return formatLabelSelector(selectorFromSet(selector as Record<string, string> | undefined));
  }
  return selector ? formatLabelSelector(selectorFromLabelSelector(selector as LabelSelector)) : '';
}

/** The object with the replicas a Scale asks for. */
export function withScale(object: KubeObject, scale: Scale): KubeObject {
  const changed = cloneJson(object) as Scalable;
  changed.spec = { ...changed.spec, replicas: scale.spec?.replicas ?? 0 };
  const { resourceVersion, uid } = scale.metadata ?? {};
  changed.metadata = {
    ...changed.metadata,
    ...(resourceVersion && { resourceVersion }),
    ...(uid && { uid }),
  };
  return changed;
}
