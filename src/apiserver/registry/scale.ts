import type { CustomResourceSubresourceScale, LabelSelector, Scale } from '../../api/generated/types.ts';
import { isObject, type JsonObject, setMember } from '../../api/json.ts';
import { formatLabelSelector, selectorFromLabelSelector, selectorFromSet } from '../../api/label-selector.ts';
import type { KubeObject, Stored } from '../../api/objects.ts';
import { internalError } from '../../api/status.ts';
import { cloneJson } from '../objects/decoded.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';

interface Scalable extends KubeObject {
  spec?: { replicas?: number; selector?: LabelSelector | Record<string, string> };
  status?: { replicas?: number };
}

/** The `scale` view of an object with replicas. */
export function scaleOf(endpoint: ResourceEndpoint, object: Stored): Scale & KubeObject {
  const paths = endpoint.custom?.scale;
  if (paths) return customScaleOf(paths, object);
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

/** By the paths of a definition. Upstream tells no replicas there are none of, and says so of the spec's. */
function customScaleOf(paths: CustomResourceSubresourceScale, object: Stored): Scale & KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const wanted = valueAt(object, paths.specReplicasPath);
  if (wanted === undefined) {
    throw internalError(
      new Error(`the spec replicas field ${JSON.stringify(paths.specReplicasPath)} does not exist`),
    );
  }
  const actual = valueAt(object, paths.statusReplicasPath);
  const selector = paths.labelSelectorPath && valueAt(object, paths.labelSelectorPath);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { ...(typeof wanted === 'number' && wanted !== 0 && { replicas: wanted }) },
    status: {
      replicas: typeof actual === 'number' ? actual : 0,
      ...(typeof selector === 'string' && selector !== '' && { selector }),
    },
  };
}

/** The steps of a simple JSON path: `.spec.replicas`. */
function stepsOf(path: string): string[] {
  return path.replace(/^\./, '').split('.');
}

function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const step of stepsOf(path)) {
    if (!isObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

function setAt(object: JsonObject, path: string, value: unknown): void {
  const steps = stepsOf(path);
  const last = steps.pop()!;
  let target = object;
  for (const step of steps) {
    if (!Object.hasOwn(target, step) || !isObject(target[step])) setMember(target, step, {});
    target = target[step] as JsonObject;
  }
  setMember(target, last, value);
}

function selectorText(endpoint: ResourceEndpoint, selector: object | undefined): string {
  // A ReplicationController's selector is a plain set of labels.
  if (endpoint.resource.kind === 'ReplicationController') {
    return formatLabelSelector(selectorFromSet(selector as Record<string, string> | undefined));
  }
  return selector ? formatLabelSelector(selectorFromLabelSelector(selector as LabelSelector)) : '';
}

/** Writes the wanted replicas into an object, or into a configuration of one. */
export function setReplicas(endpoint: ResourceEndpoint, object: JsonObject, replicas: number): void {
  setAt(object, endpoint.custom?.scale?.specReplicasPath ?? '.spec.replicas', replicas);
}

/** The object with the replicas a Scale asks for. */
export function withScale(endpoint: ResourceEndpoint, object: KubeObject, scale: Scale): KubeObject {
  const changed = cloneJson(object) as Scalable;
  setReplicas(endpoint, changed as unknown as JsonObject, scale.spec?.replicas ?? 0);
  const { resourceVersion, uid } = scale.metadata ?? {};
  changed.metadata = {
    ...changed.metadata,
    ...(resourceVersion && { resourceVersion }),
    ...(uid && { uid }),
  };
  return changed;
}
