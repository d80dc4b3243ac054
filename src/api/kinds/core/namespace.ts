import type { Namespace } from '../../generated/types.ts';
import { qualifiedNameErrors } from '../../names.ts';
import { specPath, statusPath } from '../field-path.ts';
import type { KindRules } from '../kind-rules.ts';
import { dnsLabelName } from '../object-name.ts';

const nameLabel = 'kubernetes.io/metadata.name';

/** A namespace carries its name as a label, and the finalizer whose removal ends it. */
export const namespaceRules: KindRules<Namespace> = {
  name: dnsLabelName,
  hasStatus: true,
  initialStatus: () => ({ phase: 'Active' }),
  defaults(namespace) {
    const meta = namespace.metadata;
    if (meta?.name) meta.labels = { ...meta.labels, [nameLabel]: meta.name };
    if (namespace.status) namespace.status.phase ||= 'Active';
  },
  prepareForCreate(namespace) {
    const finalizers = namespace.spec?.finalizers ?? [];
    if (!finalizers.includes('kubernetes')) {
      namespace.spec = { ...namespace.spec, finalizers: [...finalizers, 'kubernetes'] };
    }
    const meta = namespace.metadata;
    if (meta?.name) meta.labels = { ...meta.labels, [nameLabel]: meta.name };
  },
  prepareForUpdate(namespace, old) {
    namespace.spec = { ...namespace.spec, finalizers: old.spec?.finalizers };
  },
  validate(namespace, out) {
    for (const finalizer of namespace.spec?.finalizers ?? []) {
      const at = specPath.child('finalizers');
      out.invalidAll(at, finalizer, qualifiedNameErrors(finalizer));
      if (finalizer.includes('/') || ['kubernetes', 'orphan', 'foregroundDeletion'].includes(finalizer))
        continue;
      out.invalid(at, finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
    }
  },
  validateUpdate() {},
  validateStatusUpdate(namespace, _old, out) {
    const deleted = Boolean(namespace.metadata?.deletionTimestamp);
    const phase = namespace.status?.phase ?? '';
    if (phase === (deleted ? 'Terminating' : 'Active')) return;
    const why = deleted
      ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
      : "may only be 'Active' if `deletionTimestamp` is empty";
    out.invalid(statusPath.child('Phase'), phase, why);
  },
};
