import type {
  APIService,
  FlowSchema,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ParamRef,
  PriorityLevelConfiguration,
  ResourceResourceClaim,
  ResourceSlice,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../api/generated/types.ts';
import { ageOf } from './age.ts';
import { ageColumn, column, count, nameColumn } from './columns.ts';
import { none, unset } from './format.ts';
import type { Printer } from './table.ts';

export const webhooksPrinter: Printer<MutatingWebhookConfiguration | ValidatingWebhookConfiguration> = {
  columns: [
    nameColumn,
    count('Webhooks', 'Webhooks indicates the number of webhooks registered in this configuration'),
    ageColumn,
  ],
  cells: (object, now) => [object.metadata?.name ?? '', object.webhooks?.length ?? 0, ageOf(object, now)],
};

function paramKind(kind: { apiVersion?: string; kind?: string } | undefined): string {
  return kind ? `${kind.apiVersion}/${kind.kind}` : unset;
}

export const validatingPolicyPrinter: Printer<ValidatingAdmissionPolicy> = {
  columns: [
    nameColumn,
    count(
      'Validations',
      'Validations indicates the number of validation rules defined in this configuration',
    ),
    column('ParamKind', 'ParamKind specifies the kind of resources used to parameterize this policy'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.spec?.validations?.length ?? 0,
    paramKind(object.spec?.paramKind),
    ageOf(object, now),
  ],
};

export const mutatingPolicyPrinter: Printer<MutatingAdmissionPolicy> = {
  columns: [
    nameColumn,
    count('Mutations', 'Mutation indicates the number of mutations rules defined in this configuration'),
    column('ParamKind', 'ParamKind specifies the kind of resources used to parameterize this policy'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.spec?.mutations?.length ?? 0,
    paramKind(object.spec?.paramKind),
    ageOf(object, now),
  ],
};

export const policyBindingPrinter: Printer<
  ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding
> = {
  columns: [
    nameColumn,
    column('PolicyName', 'PolicyName indicates the policy definition which the policy binding binded to'),
    column('ParamRef', 'ParamRef indicates the param resource which sets the configration param'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.spec?.policyName ?? '',
    paramRef(object.spec?.paramRef),
    ageOf(object, now),
  ],
};

function paramRef(reference: ParamRef | undefined): string {
  if (!reference) return unset;
  const namespace = reference.namespace ?? '*';
  return reference.name ? `${namespace}/${reference.name}` : namespace;
}

export const flowSchemaPrinter: Printer<FlowSchema> = {
  columns: [
    nameColumn,
    column('PriorityLevel', 'The level the requests are put into.'),
    count('MatchingPrecedence', 'The lower, the earlier the schema is tried.'),
    column('DistinguisherMethod', 'What makes two requests one flow.'),
    ageColumn,
    column('MissingPL', 'references a broken or non-existent PriorityLevelConfiguration'),
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.spec?.priorityLevelConfiguration?.name ?? '',
    object.spec?.matchingPrecedence ?? 0,
    object.spec?.distinguisherMethod?.type ?? none,
    ageOf(object, now),
    object.status?.conditions?.find(c => c.type === 'Dangling')?.status ?? '?',
  ],
};

export const priorityLevelPrinter: Printer<PriorityLevelConfiguration> = {
  columns: [
    nameColumn,
    column('Type', 'Limited or Exempt.'),
    count('NominalConcurrencyShares', 'The share of the concurrency.'),
    count('Queues', 'The number of queues.'),
    count('HandSize', 'The number of queues a flow is dealt.'),
    count('QueueLengthLimit', 'The length of a queue.'),
    ageColumn,
  ],
  cells(object, now) {
    const { type = '', limited, exempt } = object.spec ?? {};
    const queuing = limited?.limitResponse?.queuing;
    return [
      object.metadata?.name ?? '',
      type,
      limited?.nominalConcurrencyShares ?? exempt?.nominalConcurrencyShares ?? none,
      queuing?.queues ?? none,
      queuing?.handSize ?? none,
      queuing?.queueLengthLimit ?? none,
      ageOf(object, now),
    ];
  },
};

export const apiServicePrinter: Printer<APIService> = {
  columns: [
    nameColumn,
    column('Service', 'The reference to the service that hosts this API endpoint.'),
    column('Available', 'Whether this service is available.'),
    ageColumn,
  ],
  cells(object, now) {
    const { service } = object.spec ?? {};
    const available = object.status?.conditions?.find(c => c.type === 'Available');
    const why = available?.status !== 'True' && available?.reason ? ` (${available.reason})` : '';
    return [
      object.metadata?.name ?? '',
      service ? `${service.namespace}/${service.name}` : 'Local',
      available ? `${available.status}${why}` : 'Unknown',
      ageOf(object, now),
    ];
  },
};

export const resourceClaimPrinter: Printer<ResourceResourceClaim> = {
  columns: [
    nameColumn,
    column('State', 'A summary of the current state (allocated, pending, reserved, etc.).'),
    ageColumn,
  ],
  cells(object, now) {
    const states = object.metadata?.deletionTimestamp ? ['deleted'] : [];
    if (object.status?.allocation) states.push('allocated');
    else if (states.length === 0) states.push('pending');
    if (object.status?.reservedFor?.length) states.push('reserved');
    return [object.metadata?.name ?? '', states.join(','), ageOf(object, now)];
  },
};

export const resourceSlicePrinter: Printer<ResourceSlice> = {
  columns: [
    nameColumn,
    column('Node', 'The node the devices are on.'),
    column('Driver', 'The driver of the devices.'),
    column('Pool', 'The pool the devices belong to.'),
    ageColumn,
  ],
  cells: (object, now) => [
    object.metadata?.name ?? '',
    object.spec?.nodeName ?? '',
    object.spec?.driver ?? '',
    object.spec?.pool?.name ?? '',
    ageOf(object, now),
  ],
};
