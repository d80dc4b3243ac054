import type { OwnerReference, Pod, PodTemplateSpec } from '../../api/generated/types.ts';
import { generateName } from '../random-names.ts';

/** The part of a pod's name before the random letters: `web-7d4b9-`. */
export function podNameBase(owner: string): string {
  return `${owner}-`;
}

/** A pod of a workload's template, under a name chosen here. */
export function podFromTemplate(
  template: PodTemplateSpec | undefined,
  at: { namespace: string; owner: OwnerReference; name?: string },
): Pod & { spec: NonNullable<Pod['spec']>; metadata: NonNullable<Pod['metadata']> } {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  const base = podNameBase(at.owner.name);
  const named = at.name ? { name: at.name } : { name: generateName(base), generateName: base };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...named,
      namespace: at.namespace,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [at.owner],
    },
    spec: structuredClone(template?.spec ?? { containers: [] }),
  };
}
