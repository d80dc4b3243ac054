import type { Lease, PriorityClass, RuntimeClass } from '../../generated/types.ts';
import { labelErrors } from '../../names.ts';
import { checkNonNegative, checkOneOf } from '../checks.ts';
import { metadataPath, root, specPath } from '../field-path.ts';
import type { KindRules } from '../kind-rules.ts';
import { checkImmutable, checkLabels } from '../metadata.ts';
import { checkContainerResources } from '../pod/resources.ts';
import { checkTolerations } from '../pod/scheduling.ts';
import { canonicalize } from '../quantities.ts';

const highestUserPriority = 1_000_000_000;

/** The classes the system makes for its own pods. */
const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

export const priorityClassRules: KindRules<PriorityClass> = {
  hasGeneration: true,
  generationOf: ({ value, globalDefault, description, preemptionPolicy }) => [
    value,
    globalDefault,
    description,
    preemptionPolicy,
  ],
  defaults(priority) {
    priority.preemptionPolicy ??= 'PreemptLowerPriority';
    priority.value ??= 0;
  },
  validate(priority, out) {
    const name = priority.metadata?.name ?? '';
    const value = priority.value ?? 0;
    if (name.startsWith('system-')) {
      if (systemPriorities[name] !== value) {
        const why = `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`;
        out.forbidden(metadataPath.child('name'), why);
      }
    } else if (value > highestUserPriority) {
      const why = `maximum allowed value of a user defined priority is ${highestUserPriority}`;
      out.forbidden(root('value'), why);
    }
    checkOneOf(priority.preemptionPolicy, ['PreemptLowerPriority', 'Never'], root('preemptionPolicy'), out);
  },
  validateUpdate(priority, old, out) {
    if ((priority.value ?? 0) !== (old.value ?? 0)) {
      out.forbidden(root('value'), 'may not be changed in an update.');
    }
    checkImmutable(priority.preemptionPolicy, old.preemptionPolicy, root('preemptionPolicy'), out);
  },
};

export const runtimeClassRules: KindRules<RuntimeClass> = {
  unconditionalUpdate: false,
  defaults: runtime => canonicalize(runtime.overhead?.podFixed),
  validate(runtime, out) {
    out.invalidAll(root('handler'), runtime.handler ?? '', labelErrors(runtime.handler ?? ''));
    if (runtime.overhead?.podFixed) {
      const limits = runtime.overhead.podFixed;
      checkContainerResources({ limits }, new Set(), root('overhead').child('podFixed'), out);
    }
    const { nodeSelector, tolerations = [] } = runtime.scheduling ?? {};
    checkLabels(nodeSelector, root('scheduling').child('nodeSelector'), out);
    checkTolerations(tolerations, root('scheduling').child('tolerations'), out);
  },
  validateUpdate(runtime, old, out) {
    checkImmutable(runtime.handler, old.handler, root('handler'), out);
  },
};

export const leaseRules: KindRules<Lease> = {
  createOnUpdate: true,
  unconditionalUpdate: false,
  validate({ spec = {} }, out) {
    const seconds = spec.leaseDurationSeconds;
    if (seconds !== undefined && seconds <= 0) {
      out.invalid(specPath.child('leaseDurationSeconds'), seconds, 'must be greater than 0');
    }
    checkNonNegative(spec.leaseTransitions, specPath.child('leaseTransitions'), out);
    if (spec.strategy !== undefined && spec.strategy !== 'OldestEmulationVersion') {
      out.notSupported(specPath.child('strategy'), spec.strategy, ['OldestEmulationVersion']);
    }
    if (spec.preferredHolder && !spec.strategy) {
      const why = 'may only be specified if `strategy` is defined';
      out.forbidden(specPath.child('preferredHolder'), why);
    }
  },
};
