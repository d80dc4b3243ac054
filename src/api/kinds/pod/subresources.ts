import type { Binding, Container, Pod, ResourceRequirements } from '../../generated/types.ts';
import type { FieldError } from '../../status.ts';
import { semanticEqual } from '../equality.ts';
import { type FieldPath, metadataPath, root, specPath } from '../field-path.ts';
import { Findings } from '../findings.ts';
import { checkMetadataUpdate } from '../metadata.ts';
import { isSidecar } from '../pod-resources.ts';
import { computeQosClass, podQosClass } from '../qos.ts';
import { specDiff } from '../spec-diff.ts';
import { checkPodAnnotationUpdates, isMirrorPod } from './annotations.ts';
import { checkWhole } from './pod.ts';
import { podSpecOf } from './pod-update.ts';

/** Debugging containers may be added, never changed or removed. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  const out = new Findings();
  if (isMirrorPod(old.metadata?.annotations)) {
    out.forbidden(root(''), 'static pods do not support ephemeral containers');
    return out.list;
  }
  checkMetadataUpdate(pod.metadata ?? {}, old.metadata ?? {}, out);
  checkWhole(pod, out);
  const at = metadataPath.child('annotations');
  checkPodAnnotationUpdates(pod.metadata?.annotations ?? {}, old.metadata?.annotations ?? {}, at, out);
  const fresh = new Map((podSpecOf(pod).ephemeralContainers ?? []).map(c => [c.name, c]));
  for (const was of podSpecOf(old).ephemeralContainers ?? []) {
    const now = fresh.get(was.name);
    const here = specPath.child('ephemeralContainers');
    if (!now) out.forbidden(here, `existing ephemeral containers "${was.name}" may not be removed\n`);
    else if (!semanticEqual(was, now)) {
      const diff = specDiff(was, now);
      out.forbidden(here, `existing ephemeral containers "${was.name}" may not be changed\n${diff}`);
    }
  }
  return out.list;
}

/**
 * `pods/resize`: cpu and memory of containers and sidecars may change, the QoS class may not. A lower memory
 * limit passes (since 1.34): the node defers it while the memory is in use.
 */
export function validateResize(pod: Pod, old: Pod): FieldError[] {
  const out = new Findings();
  checkMetadataUpdate(pod.metadata ?? {}, old.metadata ?? {}, out);
  checkWhole(pod, out);
  if (isMirrorPod(old.metadata?.annotations)) {
    out.forbidden(root(''), 'static pods cannot be resized');
    return out.list;
  }
  const [fresh, before] = [podSpecOf(pod), podSpecOf(old)];
  if (podQosClass(old) !== computeQosClass(fresh)) {
    out.invalid(specPath, pod.status?.qosClass, 'Pod QOS Class may not change as a result of resizing');
  }
  const same = { ...fresh };
  if (!semanticEqual(fresh.resources, before.resources)) {
    out.forbidden(specPath.child('resources'), 'resources of the pod as a whole cannot be resized yet');
    same.resources = before.resources;
  }
  for (const kind of ['initContainers', 'containers'] as const) {
    const list = fresh[kind] ?? [];
    same[kind] = list.map((container, i) => {
      const was = before[kind]?.[i];
      if (!was || (kind === 'initContainers' && !isSidecar(container))) return container;
      checkContainerResize(container, was, specPath.child(kind).index(i).child('resources'), out);
      return { ...container, resources: withComputeOf(container.resources, was.resources) };
    });
    if (!before[kind]) delete same[kind];
  }
  if (!semanticEqual(same, before)) out.forbidden(specPath, 'only cpu and memory resources are mutable');
  return out.list;
}

const compute = ['cpu', 'memory'] as const;

function withComputeOf(
  resources: ResourceRequirements | undefined,
  was: ResourceRequirements | undefined,
): ResourceRequirements {
  const result: ResourceRequirements = { ...resources };
  for (const side of ['limits', 'requests'] as const) {
    const list: Record<string, string> = { ...resources?.[side] };
    for (const name of compute) {
      const value = was?.[side]?.[name];
      if (value === undefined) delete list[name];
      else list[name] = value;
    }
    result[side] = list;
  }
  return result;
}

function checkContainerResize(fresh: Container, old: Container, at: FieldPath, out: Findings): void {
  for (const side of ['requests', 'limits'] as const) {
    const removed = Object.keys(old.resources?.[side] ?? {}).some(
      name => !(name in (fresh.resources?.[side] ?? {})),
    );
    if (removed) out.forbidden(at.child(side), `resource ${side} cannot be removed`);
  }
}

/** A Binding of a pod to a node. */
export function validateBinding(binding: Binding): FieldError[] {
  const out = new Findings();
  const kind = binding.target?.kind;
  if (kind && kind !== 'Node') out.notSupported(root('target').child('kind'), kind, ['Node', '<empty>']);
  if (!binding.target?.name) out.required(root('target').child('name'));
  return out.list;
}
