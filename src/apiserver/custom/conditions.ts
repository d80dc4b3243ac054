/** The conditions of custom resource definitions, in the words of apiextensions-apiserver's controllers. */
import { approvalOf, isProtected } from '../../api/custom/approval.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';

type Definition = Stored<CustomResourceDefinition>;
type Condition = CustomResourceDefinitionCondition;

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export function conditionOf(definition: CustomResourceDefinition, type: string): Condition | undefined {
  return definition.status?.conditions?.find(condition => condition.type === type);
}

function isTrue(definition: CustomResourceDefinition, type: string): boolean {
  return conditionOf(definition, type)?.status === 'True';
}

export function isEstablished(definition: CustomResourceDefinition): boolean {
  return isTrue(definition, 'Established');
}

export function isTerminating(definition: CustomResourceDefinition): boolean {
  return isTrue(definition, 'Terminating');
}

/** The conditions with `condition` in its place; the time of the last transition stays where the status does. */
export function withCondition(
  conditions: readonly Condition[],
  condition: Condition,
  now: string,
): Condition[] {
  const old = conditions.find(each => each.type === condition.type);
  const lastTransitionTime = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  const set = { lastTransitionTime, ...condition };
  return old ? conditions.map(each => (each === old ? set : each)) : [...conditions, set];
}

/** The status a definition should have beside the others of its group. */
export function statusOf(
  definition: Definition,
  siblings: readonly Definition[],
  now: string,
): NonNullable<CustomResourceDefinition['status']> {
  const { accepted, conflict } = acceptNames(definition, siblings);
  const names: Condition = conflict
    ? { type: 'NamesAccepted', status: 'False', ...conflict }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  let conditions = withCondition(definition.status?.conditions ?? [], names, now);
  const established = establishedCondition(definition, conflict === undefined);
  if (established) conditions = withCondition(conditions, established, now);
  const approved = approvalCondition(definition);
  if (approved) conditions = withCondition(conditions, approved, now);
  return { ...definition.status, acceptedNames: accepted, conditions };
}

/** A definition that once was established stays so, with the names accepted then. */
function establishedCondition(definition: Definition, namesAccepted: boolean): Condition | undefined {
  if (isEstablished(definition)) return undefined;
  const type = 'Established';
  if (!namesAccepted) {
    return { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  }
  const message = 'the initial names have been accepted';
  return { type, status: 'True', reason: 'InitialNamesAccepted', message };
}

const approvalReasons = {
  missing: 'MissingAnnotation',
  invalid: 'InvalidAnnotation',
  approved: 'ApprovedAnnotation',
  bypassed: 'UnapprovedAnnotation',
};

/** Of definitions in the community's groups. */
function approvalCondition({ spec, metadata }: Definition): Condition | undefined {
  if (!isProtected(spec.group)) return undefined;
  const { state, message } = approvalOf(metadata.annotations ?? {});
  const status = state === 'approved' ? 'True' : 'False';
  return { type: 'KubernetesAPIApprovalPolicyConformant', status, reason: approvalReasons[state], message };
}

interface Conflict {
  reason: string;
  message: string;
}

const inUse = (name: string) => `${JSON.stringify(name)} is already in use`;

/** The names that no other definition of the group holds, and the last complaint about those that one does. */
function acceptNames(
  { spec, status, metadata }: Definition,
  siblings: readonly Definition[],
): { accepted: CustomResourceDefinitionNames; conflict: Conflict | undefined } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { metadata: other, spec: theirs, status: theirStatus } of siblings) {
    if (other.uid === metadata.uid || theirs.group !== spec.group) continue;
    const names = theirStatus?.acceptedNames;
    for (const name of [names?.plural, names?.singular, ...(names?.shortNames ?? [])]) {
      if (name) resources.add(name);
    }
    for (const name of [names?.kind, names?.listKind]) if (name) kinds.add(name);
  }
  const accepted: CustomResourceDefinitionNames = { plural: '', kind: '', ...status?.acceptedNames };
  let conflict: Conflict | undefined;
  const take = (field: 'plural' | 'singular' | 'kind' | 'listKind', taken: Set<string>, reason: string) => {
    const name = spec.names[field];
    if (name && taken.has(name)) conflict = { reason, message: inUse(name) };
    else if (name) accepted[field] = name;
    else delete accepted[field];
  };
  take('plural', resources, 'PluralConflict');
  take('singular', resources, 'SingularConflict');
  const { shortNames, categories } = spec.names;
  const takenShort = shortNames?.filter(name => resources.has(name)) ?? [];
  if (takenShort.length > 0) {
    const message = takenShort.map(inUse);
    conflict = {
      reason: 'ShortNamesConflict',
      message: message.length === 1 ? message[0]! : `[${message.join(', ')}]`,
    };
  } else if (shortNames) accepted.shortNames = shortNames;
  else delete accepted.shortNames;
  take('kind', kinds, 'KindConflict');
  take('listKind', kinds, 'ListKindConflict');
  if (categories) accepted.categories = categories;
  else delete accepted.categories;
  return { accepted, conflict };
}
