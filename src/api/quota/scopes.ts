import type {
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from '../generated/types.ts';
import { podQosClass } from '../kinds/qos.ts';
import type { KubeObject } from '../objects.ts';

/** Whether an object is in one of a quota's scopes. */
export type ScopeMatcher = (requirement: ScopedResourceSelectorRequirement, object: KubeObject) => boolean;

/** What a quota restricts itself to: its plain scopes, then its selector. */
export function scopesOf({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] {
  const plain = (spec?.scopes ?? []).map(scopeName => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** A kind that knows no scopes is outside of every quota that has one. */
export const matchesNoScope: ScopeMatcher = () => false;

export const podMatchesScope: ScopeMatcher = (requirement, object) => {
  const pod = object as Pod;
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return podQosClass(pod) === 'BestEffort';
    case 'NotBestEffort':
      return podQosClass(pod) !== 'BestEffort';
    case 'PriorityClass':
      return matchesValues(requirement, named(pod.spec?.priorityClassName));
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
};

export const claimMatchesScope: ScopeMatcher = (requirement, object) => {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false;
  const { spec, status } = object as PersistentVolumeClaim;
  const classes = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return matchesValues(requirement, classes.flatMap(named));
};

function named(name: string | undefined): string[] {
  return name ? [name] : [];
}

/** One of the names has to satisfy the requirement; no name at all satisfies the negative ones. */
function matchesValues(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  names: readonly string[],
): boolean {
  switch (operator) {
    case 'Exists':
      return names.length > 0;
    case 'DoesNotExist':
      return names.length === 0;
    case 'In':
      return names.some(name => values.includes(name));
    case 'NotIn':
      return names.length === 0 || names.some(name => !values.includes(name));
    default:
      return false;
  }
}

function isTerminating({ spec }: Pod): boolean {
  return spec?.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
}

function reachesOtherNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some(affinity => {
    const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [...required, ...preferred.map(each => each.podAffinityTerm)].some(namesOthers);
  });
}

function namesOthers({ namespaces, namespaceSelector }: PodAffinityTerm): boolean {
  return (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined;
}
