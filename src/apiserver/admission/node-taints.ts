import type { Node, Pod, Toleration } from '../../api/generated/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

/** Seconds a pod stays on a node that is not ready or unreachable, where the pod says nothing else. */
const defaultTolerationSeconds = 300;
const watchedTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Upstream: plugin/pkg/admission/defaulttolerationseconds. */
export const defaultTolerations: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit({ operation, endpoint, subresource, object }: AdmissionAttributes): void {
    if (operation === 'DELETE' || subresource || endpoint.resource.kind !== 'Pod') return;
    const { spec } = object as Pod;
    if (!spec) return;
    for (const key of watchedTaints) {
      if (spec.tolerations?.some(each => tolerates(each, key))) continue;
      spec.tolerations ??= [];
      const toleration = { key, operator: 'Exists', effect: 'NoExecute' };
      spec.tolerations.push({ ...toleration, tolerationSeconds: defaultTolerationSeconds });
    }
  },
};

function tolerates(toleration: Toleration, key: string): boolean {
  const effect = toleration.effect ?? '';
  return (toleration.key === key || !toleration.key) && (effect === 'NoExecute' || effect === '');
}

/** A new node takes no pods before its controller has seen it ready (upstream: plugin/pkg/admission/nodetaint). */
export const taintNewNodes: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  admit({ operation, endpoint, subresource, object }: AdmissionAttributes): void {
    if (operation !== 'CREATE' || subresource || endpoint.resource.kind !== 'Node') return;
    const node = object as Node;
    node.spec ??= {};
    const taint = { key: watchedTaints[0]!, effect: 'NoSchedule' };
    if (node.spec.taints?.some(each => each.key === taint.key && each.effect === taint.effect)) return;
    node.spec.taints = [...(node.spec.taints ?? []), taint];
  },
};
