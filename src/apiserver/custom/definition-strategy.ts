import type { CustomResourceDefinition } from '../../api/generated/types.ts';
import { cloneJson } from '../objects/decoded.ts';
import type { Strategy } from '../registry/strategies.ts';
import { cleanupFinalizer, withCondition } from './conditions.ts';

/** A definition that is deleted stays until its objects are gone: the finalizer is added now. */
export const definitionStrategy: Strategy = {
  decideDelete(registry, object) {
    if (object.metadata.deletionTimestamp) return undefined;
    const marked = cloneJson(object) as CustomResourceDefinition;
    const meta = marked.metadata!;
    const now = registry.timestamp();
    meta.deletionTimestamp = now;
    const finalizers = meta.finalizers ?? [];
    meta.finalizers = finalizers.includes(cleanupFinalizer) ? finalizers : [...finalizers, cleanupFinalizer];
    const condition = {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    };
    const conditions = withCondition(marked.status?.conditions ?? [], condition, now);
    marked.status = { ...marked.status, conditions };
    return marked;
  },
};
