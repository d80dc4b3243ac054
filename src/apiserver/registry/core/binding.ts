import type { Binding, Node, Pod } from '../../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../../api/objects.ts';
import { conflict, invalid, notFound } from '../../../api/status.ts';
import { type DecisionLog, decisionObject } from '../../../base/decisions.ts';
import type { ObjectReader } from '../../admission/object-reader.ts';
import { cloneJson } from '../../objects/decoded.ts';
import type { Outcome, Registry } from '../registry.ts';
import type { ResourceEndpoint } from '../resource-endpoint.ts';

declare module '../../../base/decisions.ts' {
  interface DecisionTypes {
    /** A pod was assigned to a node. */
    'apiserver.pod.bound': { node: string };
  }
}

/** Labels of a node that its pods get when they are bound (upstream: PodTopologyLabels admission). */
const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/**
 * Assigns a pod to a node (upstream: pkg/registry/core/pod/storage, BindingREST).
 * @throws ApiError 409 when it has one, is going, or waits at a gate.
 */
export async function bindPod(
  deps: { registry: Registry; reader: ObjectReader; decisions: DecisionLog },
  pods: ResourceEndpoint,
  namespace: string,
  name: string,
  binding: Binding,
  dryRun: boolean,
): Promise<void> {
  checkBinding(binding, name);
  const node = binding.target.name!;
  const result = await deps.registry.change(
    pods,
    namespace,
    name,
    current => {
      if (!current) throw notFound(pods.qualified, name);
      return assign(deps, current as Stored<Pod>, binding);
    },
    { dryRun },
  );
  if (!dryRun) deps.decisions.record('apiserver.pod.bound', decisionObject(result.object()), { node });
}

function checkBinding(binding: Binding, name: string): void {
  const { kind = '', name: node = '' } = binding.target ?? {};
  const of = { resource: 'Binding' };
  if (kind !== '' && kind !== 'Node') {
    const message = `Unsupported value: "${kind}": supported values: "Node", "<empty>"`;
    throw invalid(of, name, [{ reason: 'FieldValueNotSupported', field: 'target.kind', message }]);
  }
  if (node === '') {
    throw invalid(of, name, [
      { reason: 'FieldValueRequired', field: 'target.name', message: 'Required value' },
    ]);
  }
}

function assign(
  deps: { registry: Registry; reader: ObjectReader },
  pod: Stored<Pod>,
  binding: Binding,
): Outcome {
  const { name } = pod.metadata;
  const refuse = (why: string) => conflict({ resource: 'pods/binding' }, name, why);
  const { uid, resourceVersion } = binding.metadata ?? {};
  if (uid && uid !== pod.metadata.uid) {
    throw refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
  }
  if (resourceVersion && resourceVersion !== pod.metadata.resourceVersion) {
    throw refuse(
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`,
    );
  }
  if (pod.metadata.deletionTimestamp)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec?.nodeName)
    throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if (pod.spec?.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const bound = cloneJson(pod) as Pod;
  bound.spec!.nodeName = binding.target.name!;
  copyMetadata(bound, binding, deps.reader.get<Node>('nodes', '', binding.target.name!));
  setScheduled(bound, deps.registry.timestamp());
  return { kind: 'write', object: bound };
}

function copyMetadata(pod: Pod, binding: KubeObject, node: Node | undefined): void {
  const { annotations } = binding.metadata ?? {};
  if (annotations) pod.metadata!.annotations = { ...pod.metadata!.annotations, ...annotations };
  const labels = { ...binding.metadata?.labels };
  for (const key of topologyLabels) {
    const value = node?.metadata?.labels?.[key];
    if (value !== undefined) labels[key] = value;
  }
  if (Object.keys(labels).length > 0) pod.metadata!.labels = { ...pod.metadata!.labels, ...labels };
}

function setScheduled(pod: Pod, now: string): void {
  pod.status ??= {};
  const others = (pod.status.conditions ?? []).filter(each => each.type !== 'PodScheduled');
  const generation = pod.metadata?.generation;
  const condition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null as unknown as string,
    lastTransitionTime: now,
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  pod.status.conditions = [...others, condition];
}
