import type {
  CertificateSigningRequest,
  ClusterRoleBinding,
  Lease,
  PodDisruptionBudget,
  PriorityClass,
  RoleBinding,
  RuntimeClass,
} from '../../api/generated/types.ts';
import { ageOf, humanDuration } from './age.ts';
import { ageColumn, column, count, flag, nameColumn, wide } from './columns.ts';
import { none } from './format.ts';
import type { Printer } from './table.ts';

export const roleBindingPrinter: Printer<RoleBinding | ClusterRoleBinding> = {
  columns: [
    nameColumn,
    column('Role', 'The role whose rules are granted.'),
    ageColumn,
    wide(column('Users', 'Users in the roleBinding')),
    wide(column('Groups', 'Groups in the roleBinding')),
    wide(column('ServiceAccounts', 'ServiceAccounts in the roleBinding')),
  ],
  cells(object, now) {
    const subjects = object.subjects ?? [];
    const named = (kind: string) => subjects.filter(s => s.kind === kind);
    return [
      object.metadata?.name ?? '',
      `${object.roleRef?.kind}/${object.roleRef?.name}`,
      ageOf(object, now),
      named('User')
        .map(s => s.name)
        .join(', '),
      named('Group')
        .map(s => s.name)
        .join(', '),
      named('ServiceAccount')
        .map(s => `${s.namespace ?? ''}/${s.name}`)
        .join(', '),
    ];
  },
};

export const csrPrinter: Printer<CertificateSigningRequest> = {
  columns: [
    nameColumn,
    ageColumn,
    column('SignerName', 'Who is to sign.'),
    column('Requestor', 'Who asks.'),
    column('RequestedDuration', 'How long the certificate is to be valid.'),
    column('Condition', 'How far the request is.'),
  ],
  cells(object, now) {
    const { signerName, username, expirationSeconds } = object.spec ?? {};
    return [
      object.metadata?.name ?? '',
      ageOf(object, now),
      signerName || none,
      username ?? '',
      expirationSeconds === undefined ? none : humanDuration(expirationSeconds * 1000),
      csrCondition(object),
    ];
  },
};

function csrCondition({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some(c => c.type === type);
  let text = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  if (has('Failed')) text += ',Failed';
  if (status?.certificate) text += ',Issued';
  return text;
}

export const leasePrinter: Printer<Lease> = {
  columns: [nameColumn, column('Holder', 'Who holds the lease now.'), ageColumn],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.spec?.holderIdentity ?? '',
    ageOf(object, now),
  ],
};

export const priorityClassPrinter: Printer<PriorityClass> = {
  columns: [
    nameColumn,
    count('Value', 'The priority pods of this class get.'),
    flag('Global-Default', 'Pods without a class get this one.'),
    ageColumn,
    column('PreemptionPolicy', 'Whether pods of this class may push out others.'),
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.value ?? 0,
    object.globalDefault ?? false,
    ageOf(object, now),
    object.preemptionPolicy ?? 'PreemptLowerPriority',
  ],
};

export const runtimeClassPrinter: Printer<RuntimeClass> = {
  columns: [nameColumn, column('Handler', 'What runs the pods of this class.'), ageColumn],
  cells: (object, now) => [object.metadata?.name ?? '', object.handler ?? '', ageOf(object, now)],
};

export const disruptionBudgetPrinter: Printer<PodDisruptionBudget> = {
  columns: [
    nameColumn,
    column('Min Available', 'The minimum number of pods that must be available.'),
    column('Max Unavailable', 'The maximum number of pods that may be unavailable.'),
    count('Allowed Disruptions', 'Calculated number of pods that may be disrupted at this time.'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    String(object.spec?.minAvailable ?? 'N/A'),
    String(object.spec?.maxUnavailable ?? 'N/A'),
    object.status?.disruptionsAllowed ?? 0,
    ageOf(object, now),
  ],
};
