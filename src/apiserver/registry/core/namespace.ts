import type { Namespace } from '../../../api/generated/types.ts';
import type { KubeObject, Stored } from '../../../api/objects.ts';
import { cloneJson } from '../../objects/decoded.ts';
import type { DeleteRequest } from '../delete.ts';
import type { Registry } from '../registry.ts';
import type { Strategy } from '../strategies.ts';

/**
 * A namespace dies in two steps: its deletion marks it Terminating, and only when the namespace controller
 * has emptied it and taken the `kubernetes` finalizer from its spec does it go (upstream:
 * pkg/registry/core/namespace/storage).
 */
export const namespaceStrategy: Strategy = {
  decideDelete(registry: Registry, object: Stored, _request: DeleteRequest): KubeObject | 'keep' | undefined {
    const namespace = object as Stored<Namespace>;
    if (!namespace.metadata.deletionTimestamp) {
      const dying = cloneJson(namespace) as Namespace;
      dying.metadata!.deletionTimestamp = registry.timestamp();
      dying.status = { ...dying.status, phase: 'Terminating' };
      return dying;
    }
    return (namespace.spec?.finalizers ?? []).length > 0 ? 'keep' : undefined;
  },
  mayRemove(object) {
    return ((object as Namespace).spec?.finalizers ?? []).length === 0;
  },
};
