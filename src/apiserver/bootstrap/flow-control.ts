import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/types.ts';
import { mandatoryLevels, mandatorySchemas } from '../../api/kinds/flowcontrol/mandatory.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

interface LevelSpec {
  name: string;
  shares: number;
  lendablePercent: number;
  /** Undefined: requests past the limit are rejected at once. */
  queuing?: { queues: number; handSize: number; queueLengthLimit: number };
}

const queued = (queues: number, handSize: number) => ({ queues, handSize, queueLengthLimit: 50 });

/** The limited levels upstream suggests (apiserver/pkg/apis/flowcontrol/bootstrap/default.go). */
const levels: readonly LevelSpec[] = [
  { name: 'system', shares: 30, lendablePercent: 33, queuing: queued(64, 6) },
  { name: 'node-high', shares: 40, lendablePercent: 25, queuing: queued(64, 6) },
  { name: 'leader-election', shares: 10, lendablePercent: 0, queuing: queued(16, 4) },
  { name: 'workload-high', shares: 40, lendablePercent: 50, queuing: queued(128, 6) },
  { name: 'workload-low', shares: 100, lendablePercent: 90, queuing: queued(128, 6) },
  { name: 'global-default', shares: 20, lendablePercent: 50, queuing: queued(128, 6) },
];

export const priorityLevels: readonly PriorityLevelConfiguration[] = [
  mandatoryLevel('exempt'),
  ...levels.map(({ name, shares, lendablePercent, queuing }) => ({
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: shares,
        lendablePercent,
        limitResponse: queuing ? { type: 'Queue', queuing } : { type: 'Reject' },
      },
    },
  })),
  mandatoryLevel('catch-all'),
];

function mandatoryLevel(name: string): PriorityLevelConfiguration {
  const metadata = { name, annotations };
  return { apiVersion, kind: 'PriorityLevelConfiguration', metadata, spec: mandatoryLevels[name]! };
}

type Rule = NonNullable<NonNullable<FlowSchema['spec']>['rules']>[number];

const groups = (...names: string[]) => names.map(name => ({ kind: 'Group', group: { name } }));
const users = (...names: string[]) => names.map(name => ({ kind: 'User', user: { name } }));
const accounts = (name: string) => [
  { kind: 'ServiceAccount', serviceAccount: { name, namespace: 'kube-system' } },
];
const all = {
  resourceRules: [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
  ],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const on = (verbs: string[], group: string, resources: string[], namespaces?: string[]) => ({
  resourceRules: [
    {
      verbs,
      apiGroups: [group],
      resources,
      ...(namespaces ? { namespaces } : { clusterScope: true, namespaces: ['*'] }),
    },
  ],
});
const leaseVerbs = ['get', 'create', 'update'];

function schema(
  name: string,
  precedence: number,
  level: string,
  by: 'ByUser' | 'ByNamespace' | '',
  rules: Rule[],
): FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name, annotations },
    spec: {
      matchingPrecedence: precedence,
      priorityLevelConfiguration: { name: level },
      ...(by && { distinguisherMethod: { type: by } }),
      rules,
    },
  };
}

function mandatorySchema(name: string): FlowSchema {
  return { apiVersion, kind: 'FlowSchema', metadata: { name, annotations }, spec: mandatorySchemas[name]! };
}

const everyone = groups('system:unauthenticated', 'system:authenticated');

export const flowSchemas: readonly FlowSchema[] = [
  mandatorySchema('exempt'),
  schema('probes', 2, 'exempt', '', [
    {
      subjects: everyone,
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
    },
  ]),
  schema('system-leader-election', 100, 'leader-election', 'ByUser', [
    {
      subjects: users('system:kube-controller-manager', 'system:kube-scheduler'),
      ...on(leaseVerbs, 'coordination.k8s.io', ['leases'], ['kube-system']),
    },
  ]),
  schema('endpoint-controller', 150, 'workload-high', 'ByUser', [
    {
      subjects: [
        ...users('system:kube-controller-manager'),
        ...accounts('endpoint-controller'),
        ...accounts('endpointslicemirroring-controller'),
      ],
      ...on(['get', 'create', 'update'], '', ['endpoints']),
    },
  ]),
  schema('workload-leader-election', 200, 'leader-election', 'ByUser', [
    { subjects: accounts('*'), ...on(leaseVerbs, 'coordination.k8s.io', ['leases'], ['*']) },
  ]),
  schema('system-node-high', 400, 'node-high', 'ByUser', [
    { subjects: groups('system:nodes'), ...on(['*'], '', ['nodes', 'nodes/status']) },
    { subjects: groups('system:nodes'), ...on(['*'], 'coordination.k8s.io', ['leases'], ['*']) },
  ]),
  schema('system-nodes', 500, 'system', 'ByUser', [{ subjects: groups('system:nodes'), ...all }]),
  schema('kube-controller-manager', 800, 'workload-high', 'ByNamespace', [
    { subjects: users('system:kube-controller-manager'), ...all },
  ]),
  schema('kube-scheduler', 800, 'workload-high', 'ByNamespace', [
    { subjects: users('system:kube-scheduler'), ...all },
  ]),
  schema('kube-system-service-accounts', 900, 'workload-high', 'ByNamespace', [
    { subjects: accounts('*'), ...all },
  ]),
  schema('service-accounts', 9000, 'workload-low', 'ByUser', [
    { subjects: groups('system:serviceaccounts'), ...all },
  ]),
  schema('global-default', 9900, 'global-default', 'ByUser', [{ subjects: everyone, ...all }]),
  mandatorySchema('catch-all'),
];
