import type { PolicyRule } from '../../api/generated/types.ts';
import { allVerbs, readVerbs, rule, urlRule, writeVerbs } from './policy-rule.ts';

export interface RoleSpec {
  name: string;
  rules: readonly PolicyRule[];
  /** Labels `rbac.authorization.k8s.io/aggregate-to-<x>` it carries. */
  aggregateTo?: 'admin' | 'edit' | 'view';
  /** It is made of the roles that carry `aggregate-to-<x>`. */
  aggregates?: 'admin' | 'edit' | 'view';
}

const workloads =
  'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale';

const adminRules: PolicyRule[] = [
  rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
  rule(allVerbs, 'rbac.authorization.k8s.io', 'rolebindings roles'),
];

const editRules: PolicyRule[] = [
  rule(readVerbs, 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  rule('impersonate', 'core', 'serviceaccounts'),
  rule(writeVerbs, 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  rule('create', 'core', 'pods/eviction'),
  rule(
    writeVerbs,
    'core',
    'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
  ),
  rule('create', 'core', 'serviceaccounts/token'),
  rule(writeVerbs, 'apps', `${workloads} statefulsets statefulsets/scale`),
  rule(writeVerbs, 'autoscaling', 'horizontalpodautoscalers'),
  rule(writeVerbs, 'batch', 'cronjobs jobs'),
  rule(writeVerbs, 'extensions', `${workloads} ingresses networkpolicies replicationcontrollers/scale`),
  rule(writeVerbs, 'policy', 'poddisruptionbudgets'),
  rule(writeVerbs, 'networking.k8s.io', 'ingresses networkpolicies'),
  rule(allVerbs, 'coordination.k8s.io', 'leases'),
  rule(writeVerbs, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
];

const viewRules: PolicyRule[] = [
  rule(
    readVerbs,
    'core',
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
  ),
  rule(
    readVerbs,
    'core',
    'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
  ),
  rule(readVerbs, 'core', 'namespaces'),
  rule(readVerbs, 'discovery.k8s.io', 'endpointslices'),
  rule(
    readVerbs,
    'apps',
    'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
  ),
  rule(readVerbs, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  rule(readVerbs, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  rule(
    readVerbs,
    'extensions',
    'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
  ),
  rule(readVerbs, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  rule(readVerbs, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
  rule(readVerbs, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
];

/** Roles for people (upstream: rbac/bootstrappolicy/policy.go). */
export const userRoles: readonly RoleSpec[] = [
  { name: 'cluster-admin', rules: [rule('*', '*', '*'), urlRule('*', '*')] },
  { name: 'admin', rules: [], aggregates: 'admin' },
  { name: 'edit', rules: [], aggregates: 'edit', aggregateTo: 'admin' },
  { name: 'view', rules: [], aggregates: 'view', aggregateTo: 'edit' },
  { name: 'system:aggregate-to-admin', rules: adminRules, aggregateTo: 'admin' },
  { name: 'system:aggregate-to-edit', rules: editRules, aggregateTo: 'edit' },
  { name: 'system:aggregate-to-view', rules: viewRules, aggregateTo: 'view' },
  {
    name: 'system:aggregated-metrics-reader',
    rules: [rule('get list watch', 'metrics.k8s.io', 'nodes pods')],
    aggregateTo: 'view',
  },
  {
    name: 'system:discovery',
    rules: [
      urlRule(
        'get',
        '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/',
      ),
    ],
  },
  {
    name: 'system:basic-user',
    rules: [
      rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [urlRule('get', '/healthz /livez /readyz /version /version/')],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [urlRule('get', '/.well-known/openid-configuration /openid/v1/jwks')],
  },
  {
    name: 'system:monitoring',
    rules: [urlRule('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')],
  },
];
