import type { PolicyRule } from '../../api/generated/types.ts';
import { eventsRule, readVerbs, rule } from './policy-rule.ts';
import type { RoleSpec } from './user-roles.ts';

const reviewRules = [
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
];

/** What a node may do as far as rules tell; the Node authorizer narrows it to the node's own objects. */
export const nodeRules: readonly PolicyRule[] = [
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  rule(readVerbs, 'core', 'services'),
  rule('create get list watch', 'core', 'nodes'),
  rule('patch update', 'core', 'nodes/status'),
  rule('patch update', 'core', 'nodes'),
  rule('create patch update', 'core', 'events'),
  rule(readVerbs, 'core', 'pods'),
  rule('create delete', 'core', 'pods'),
  rule('patch update', 'core', 'pods/status'),
  rule('create', 'core', 'pods/eviction'),
  rule(readVerbs, 'core', 'configmaps secrets'),
  rule('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  // Causeway's own: nodes learn of volumes that are gone, and remove what those held.
  rule('list watch', 'core', 'persistentvolumes'),
  rule('get', 'core', 'endpoints'),
  rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
  rule('get', 'storage.k8s.io', 'volumeattachments'),
  rule('create', 'core', 'serviceaccounts/token'),
  rule('get patch update', 'core', 'persistentvolumeclaims/status'),
  rule(readVerbs, 'storage.k8s.io', 'csidrivers'),
  rule('create delete get patch update', 'storage.k8s.io', 'csinodes'),
  rule(readVerbs, 'node.k8s.io', 'runtimeclasses'),
  rule('get', 'resource.k8s.io', 'resourceclaims'),
  rule('deletecollection', 'resource.k8s.io', 'resourceslices'),
  rule('create get list patch update watch', 'resource.k8s.io', 'resourceslices'),
];

const schedulerRules: PolicyRule[] = [
  eventsRule,
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get update', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
  rule('get list watch', 'coordination.k8s.io', 'leasecandidates'),
  rule(readVerbs, 'core', 'nodes'),
  rule('delete get list watch', 'core', 'pods'),
  rule('create', 'core', 'bindings pods/binding'),
  rule('patch update', 'core', 'pods/status'),
  rule(readVerbs, 'core', 'replicationcontrollers services'),
  rule(readVerbs, 'apps extensions', 'replicasets'),
  rule(readVerbs, 'apps', 'statefulsets'),
  rule(readVerbs, 'policy', 'poddisruptionbudgets'),
  rule(readVerbs, 'core', 'persistentvolumeclaims persistentvolumes'),
  ...reviewRules,
  rule(readVerbs, 'storage.k8s.io', 'csinodes'),
  rule(readVerbs, 'core', 'namespaces'),
  rule(readVerbs, 'storage.k8s.io', 'csidrivers'),
  rule(readVerbs, 'storage.k8s.io', 'csistoragecapacities'),
  rule('get list patch update watch', 'resource.k8s.io', 'resourceclaims'),
  rule('patch update', 'resource.k8s.io', 'resourceclaims/status'),
  rule(readVerbs, 'resource.k8s.io', 'deviceclasses resourceslices'),
];

const controllerManagerRules: PolicyRule[] = [
  eventsRule,
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
  rule('create', 'core', 'secrets serviceaccounts'),
  rule('delete', 'core', 'secrets'),
  rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
  rule('update', 'core', 'secrets serviceaccounts'),
  ...reviewRules,
  rule('list watch', '*', '*'),
  rule('create', 'core', 'serviceaccounts/token'),
];

const approver = (name: string, signer: string): RoleSpec => ({
  name: `system:certificates.k8s.io:${name}`,
  rules: [rule('approve', 'certificates.k8s.io', 'signers', `kubernetes.io/${signer}`)],
});
const volumeClaims = 'persistentvolumeclaims';

/** Roles for components (upstream: rbac/bootstrappolicy/policy.go). */
export const componentRoles: readonly RoleSpec[] = [
  { name: 'system:node', rules: nodeRules },
  { name: 'system:kube-scheduler', rules: schedulerRules },
  { name: 'system:kube-controller-manager', rules: controllerManagerRules },
  {
    name: 'system:volume-scheduler',
    rules: [
      rule('get list patch update watch', 'core', 'persistentvolumes'),
      rule(readVerbs, 'storage.k8s.io', 'storageclasses'),
      rule('get list patch update watch', 'core', volumeClaims),
    ],
  },
  {
    name: 'system:node-proxier',
    rules: [
      rule('list watch', 'core', 'endpoints services'),
      rule(readVerbs, 'core', 'nodes'),
      eventsRule,
      rule('list watch', 'discovery.k8s.io', 'endpointslices'),
      rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    ],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests')],
  },
  {
    name: 'system:node-problem-detector',
    rules: [rule('get', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), eventsRule],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      rule(readVerbs, 'core', 'nodes'),
      rule('proxy', 'core', 'nodes'),
      rule(
        '*',
        'core',
        'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats nodes/statusz',
      ),
    ],
  },
  { name: 'system:auth-delegator', rules: reviewRules },
  { name: 'system:kube-aggregator', rules: [rule(readVerbs, 'core', 'endpoints services')] },
  {
    name: 'system:kube-dns',
    rules: [rule('list watch', 'core', 'endpoints services')],
  },
  {
    name: 'system:heapster',
    rules: [
      rule(readVerbs, 'core', 'events namespaces nodes pods'),
      rule(readVerbs, 'extensions', 'deployments'),
    ],
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      rule('create delete get list watch', 'core', 'persistentvolumes'),
      rule('get list update watch', 'core', volumeClaims),
      rule(readVerbs, 'storage.k8s.io', 'storageclasses'),
      rule('watch', 'core', 'events'),
      eventsRule,
    ],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    rules: [rule('create', 'certificates.k8s.io', 'certificatesigningrequests/nodeclient')],
  },
  {
    name: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    rules: [rule('create', 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient')],
  },
  approver('kube-apiserver-client-approver', 'kube-apiserver-client'),
  approver('kube-apiserver-client-kubelet-approver', 'kube-apiserver-client-kubelet'),
  approver('kubelet-serving-approver', 'kubelet-serving'),
  approver('legacy-unknown-approver', 'legacy-unknown'),
  {
    // What an agent of this project reads beyond a kubelet: it is service proxy, DNS and network policy, too.
    name: 'causeway:node-network',
    rules: [
      rule(readVerbs, 'core', 'endpoints namespaces nodes pods services'),
      rule(readVerbs, 'discovery.k8s.io', 'endpointslices'),
      rule(readVerbs, 'networking.k8s.io', 'networkpolicies servicecidrs'),
      rule('get list watch', 'core', 'configmaps', 'causeway-dns'),
      eventsRule,
    ],
  },
];
