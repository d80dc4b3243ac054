import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacSubject,
  Role,
  RoleBinding,
} from '../../api/generated/types.ts';
import { componentRoles } from './component-roles.ts';
import { controllerRules } from './controller-roles.ts';
import { readVerbs, rule } from './policy-rule.ts';
import { type RoleSpec, userRoles } from './user-roles.ts';

const rbac = 'rbac.authorization.k8s.io';
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

const allRoles: readonly RoleSpec[] = [
  ...userRoles,
  ...componentRoles,
  ...Object.entries(controllerRules).map(([name, rules]) => ({
    name: `system:controller:${name}`,
    rules: rules.map(patchToo),
  })),
];

/** Where upstream's controllers replace whole objects, these may change single fields of them. */
function patchToo(rule: PolicyRule): PolicyRule {
  const { verbs } = rule;
  return verbs.includes('update') && !verbs.includes('patch')
    ? { ...rule, verbs: [...verbs, 'patch'] }
    : rule;
}

/** The default ClusterRoles. Aggregated ones carry the rules of their parts from the start. */
export const clusterRoles: readonly ClusterRole[] = allRoles.map(spec => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: {
    name: spec.name,
    annotations,
    labels: { ...labels, ...(spec.aggregateTo && { [aggregateLabel(spec.aggregateTo)]: 'true' }) },
  },
  ...(spec.aggregates && {
    aggregationRule: {
      clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(spec.aggregates)]: 'true' } }],
    },
  }),
  rules: rulesOf(spec),
}));

function aggregateLabel(to: string): string {
  return `${rbac}/aggregate-to-${to}`;
}

function rulesOf(spec: RoleSpec): PolicyRule[] {
  if (!spec.aggregates) return [...spec.rules];
  return allRoles.filter(each => each.aggregateTo === spec.aggregates).flatMap(rulesOf);
}

const group = (name: string): RbacSubject => ({ kind: 'Group', apiGroup: rbac, name });
const user = (name: string): RbacSubject => ({ kind: 'User', apiGroup: rbac, name });
const account = (name: string): RbacSubject => ({ kind: 'ServiceAccount', name, namespace: 'kube-system' });

/** Role → to whom. A binding has its role's name unless another is given. */
const bindings: readonly { role: string; name?: string; subjects: RbacSubject[] }[] = [
  { role: 'cluster-admin', subjects: [group('system:masters')] },
  { role: 'cluster-admin', name: 'kubeadm:cluster-admins', subjects: [group('kubeadm:cluster-admins')] },
  { role: 'system:discovery', subjects: [group('system:authenticated')] },
  { role: 'system:basic-user', subjects: [group('system:authenticated')] },
  {
    role: 'system:public-info-viewer',
    subjects: [group('system:authenticated'), group('system:unauthenticated')],
  },
  { role: 'system:monitoring', subjects: [group('system:monitoring')] },
  { role: 'system:node-proxier', subjects: [user('system:kube-proxy')] },
  { role: 'system:kube-controller-manager', subjects: [user('system:kube-controller-manager')] },
  { role: 'system:kube-scheduler', subjects: [user('system:kube-scheduler')] },
  { role: 'system:volume-scheduler', subjects: [user('system:kube-scheduler')] },
  { role: 'system:kube-dns', subjects: [account('kube-dns')] },
  // Nodes are authorized by the Node authorizer; upstream keeps the binding without subjects.
  { role: 'system:node', subjects: [] },
  { role: 'system:service-account-issuer-discovery', subjects: [group('system:serviceaccounts')] },
  { role: 'causeway:node-network', subjects: [group('system:nodes')] },
  {
    role: 'system:kubelet-api-admin',
    name: 'causeway:apiserver-kubelet-client',
    subjects: [user('kube-apiserver-kubelet-client')],
  },
  ...Object.keys(controllerRules).map(name => ({
    role: `system:controller:${name}`,
    subjects: [account(name)],
  })),
];

export const clusterRoleBindings: readonly ClusterRoleBinding[] = bindings.map(
  ({ role, name, subjects }) => ({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: name ?? role, annotations, labels },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    ...(subjects.length > 0 && { subjects }),
  }),
);

interface NamespacedSpec {
  namespace: string;
  name: string;
  rules: PolicyRule[];
  binding?: string;
  subjects: RbacSubject[];
}

const leader = (name: string): PolicyRule[] => [
  rule('watch', 'core', 'configmaps'),
  rule('get update', 'core', 'configmaps', name),
];

const namespaced: readonly NamespacedSpec[] = [
  {
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication-reader',
    rules: [rule(readVerbs, 'core', 'configmaps', 'extension-apiserver-authentication')],
    binding: 'system::extension-apiserver-authentication-reader',
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:bootstrap-signer',
    rules: [rule(readVerbs, 'core', 'secrets')],
    subjects: [account('bootstrap-signer')],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:cloud-provider',
    rules: [rule('create get list patch update watch', 'core', 'configmaps')],
    subjects: [account('cloud-provider')],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:token-cleaner',
    rules: [
      rule('delete get list watch', 'core', 'secrets'),
      rule('create patch update', 'core events.k8s.io', 'events'),
    ],
    subjects: [account('token-cleaner')],
  },
  {
    namespace: 'kube-system',
    name: 'system::leader-locking-kube-controller-manager',
    rules: leader('kube-controller-manager'),
    subjects: [user('system:kube-controller-manager'), account('kube-controller-manager')],
  },
  {
    namespace: 'kube-system',
    name: 'system::leader-locking-kube-scheduler',
    rules: leader('kube-scheduler'),
    subjects: [user('system:kube-scheduler'), account('kube-scheduler')],
  },
  {
    // The signs of life of the nodes that answer for load-balancer addresses.
    namespace: 'kube-system',
    name: 'causeway:load-balancer-speaker',
    rules: [rule('create get list patch watch', 'coordination.k8s.io', 'leases')],
    subjects: [group('system:nodes')],
  },
  {
    namespace: 'kube-public',
    name: 'system:controller:bootstrap-signer',
    rules: [
      rule(readVerbs, 'core', 'configmaps'),
      rule('update', 'core', 'configmaps', 'cluster-info'),
      rule('create patch update', 'core events.k8s.io', 'events'),
    ],
    subjects: [account('bootstrap-signer')],
  },
];

export const roles: readonly Role[] = namespaced.map(({ namespace, name, rules }) => ({
  apiVersion: `${rbac}/v1`,
  kind: 'Role',
  metadata: { namespace, name, annotations, labels },
  rules,
}));

export const roleBindings: readonly RoleBinding[] = namespaced.map(
  ({ namespace, name, binding, subjects }) => ({
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { namespace, name: binding ?? name, annotations, labels },
    roleRef: { apiGroup: rbac, kind: 'Role', name },
    subjects,
  }),
);
