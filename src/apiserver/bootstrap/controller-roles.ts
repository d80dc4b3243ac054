import type { PolicyRule } from '../../api/generated/types.ts';
import { eventsRule, readVerbs, rule } from './policy-rule.ts';

const workload = (kind: string, groups: string): PolicyRule[] => [
  rule('get list watch update', groups, kind),
  rule('update', groups, `${kind}/status`),
  rule('update', groups, `${kind}/finalizers`),
];
const podsOfWorkload = rule('list watch patch create delete', 'core', 'pods');
const storage = 'storage.k8s.io';

/**
 * The rules of each controller, which acts as the service account of its name in kube-system (upstream:
 * rbac/bootstrappolicy/controller_policy.go).
 */
export const controllerRules: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    rule('list watch', 'core', 'persistentvolumes persistentvolumeclaims'),
    rule(readVerbs, 'core', 'nodes'),
    rule('patch update', 'core', 'nodes/status'),
    rule('list watch', 'core', 'pods'),
    eventsRule,
    rule('get create delete list watch', storage, 'volumeattachments'),
    rule(readVerbs, storage, 'csidrivers'),
    rule(readVerbs, storage, 'csinodes'),
  ],
  'clusterrole-aggregation-controller': [
    rule('escalate get list watch update patch', 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'cronjob-controller': [
    rule('get list watch update', 'batch', 'cronjobs'),
    rule('get list watch create update delete patch', 'batch', 'jobs'),
    rule('update', 'batch', 'cronjobs/status'),
    rule('update', 'batch', 'cronjobs/finalizers'),
    rule('list watch delete', 'core', 'pods'),
    eventsRule,
  ],
  'daemon-set-controller': [
    rule(readVerbs, 'extensions apps', 'daemonsets'),
    rule('update', 'extensions apps', 'daemonsets/status'),
    rule('update', 'extensions apps', 'daemonsets/finalizers'),
    rule('list watch', 'core', 'nodes'),
    podsOfWorkload,
    rule('create', 'core', 'pods/binding'),
    rule('get list watch create delete update patch', 'apps', 'controllerrevisions'),
    eventsRule,
  ],
  'deployment-controller': [
    ...workload('deployments', 'extensions apps'),
    rule('get list watch create update patch delete', 'apps extensions', 'replicasets'),
    rule('get list watch update', 'core', 'pods'),
    eventsRule,
  ],
  'disruption-controller': [
    rule(readVerbs, 'extensions apps', 'deployments'),
    rule(readVerbs, 'apps extensions', 'replicasets'),
    rule(readVerbs, 'core', 'replicationcontrollers'),
    rule(readVerbs, 'policy', 'poddisruptionbudgets'),
    rule(readVerbs, 'apps', 'statefulsets'),
    rule('update', 'policy', 'poddisruptionbudgets/status'),
    rule('patch update', 'core', 'pods/status'),
    rule('get', '*', '*/scale'),
    eventsRule,
  ],
  'endpoint-controller': [
    rule(readVerbs, 'core', 'services pods'),
    rule('get list watch create update delete', 'core', 'endpoints'),
    rule('create', 'core', 'endpoints/restricted'),
    eventsRule,
  ],
  'endpointslice-controller': [
    rule(readVerbs, 'core', 'services pods nodes'),
    rule('update', 'core', 'services/finalizers'),
    rule('get list watch create update delete', 'discovery.k8s.io', 'endpointslices'),
    eventsRule,
  ],
  'endpointslicemirroring-controller': [
    rule(readVerbs, 'core', 'services endpoints'),
    rule('update', 'core', 'services/finalizers'),
    rule('update', 'core', 'endpoints/finalizers'),
    rule('get list watch create update delete', 'discovery.k8s.io', 'endpointslices'),
    eventsRule,
  ],
  'expand-controller': [
    rule('get list watch update patch', 'core', 'persistentvolumes'),
    rule('update patch', 'core', 'persistentvolumeclaims/status'),
    rule(readVerbs, 'core', 'persistentvolumeclaims'),
    eventsRule,
    rule('get', 'core', 'services'),
  ],
  'ephemeral-volume-controller': [
    rule(readVerbs, 'core', 'pods'),
    rule('update', 'core', 'pods/finalizers'),
    rule('get list watch create', 'core', 'persistentvolumeclaims'),
    eventsRule,
  ],
  'resource-claim-controller': [
    rule(readVerbs, 'core', 'pods'),
    rule('update', 'core', 'pods/finalizers'),
    rule('get list watch create delete', 'resource.k8s.io', 'resourceclaims'),
    rule('update patch', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
    rule('update patch', 'core', 'pods/status'),
    eventsRule,
  ],
  'generic-garbage-collector': [rule('get list watch patch update delete', '*', '*'), eventsRule],
  'horizontal-pod-autoscaler': [
    rule(readVerbs, 'autoscaling', 'horizontalpodautoscalers'),
    rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get update', '*', '*/scale'),
    rule('list watch', 'core', 'pods'),
    rule('list watch', 'metrics.k8s.io', 'pods'),
    rule(readVerbs, 'custom.metrics.k8s.io', '*'),
    rule(readVerbs, 'external.metrics.k8s.io', '*'),
    eventsRule,
  ],
  'job-controller': [
    rule('get list watch update patch', 'batch', 'jobs'),
    rule('update', 'batch', 'jobs/status'),
    rule('update', 'batch', 'jobs/finalizers'),
    podsOfWorkload,
    eventsRule,
  ],
  'namespace-controller': [
    rule('get list watch delete', 'core', 'namespaces'),
    rule('update', 'core', 'namespaces/finalize namespaces/status'),
    rule('get list watch delete deletecollection', '*', '*'),
  ],
  'node-controller': [
    rule('get list watch update delete patch', 'core', 'nodes'),
    rule('patch update', 'core', 'nodes/status'),
    rule('patch update', 'core', 'pods/status'),
    rule('list watch get delete', 'core', 'pods'),
    eventsRule,
  ],
  'persistent-volume-binder': [
    rule('get list watch update create delete', 'core', 'persistentvolumes'),
    rule('update', 'core', 'persistentvolumes/status'),
    rule('get list watch update', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'persistentvolumeclaims/status'),
    rule('list watch get create delete', 'core', 'pods'),
    // Causeway's own: creating the class `standard`, and the node a folder is to lie on.
    rule('create', storage, 'storageclasses'),
    rule(readVerbs, storage, 'storageclasses'),
    rule('list watch', 'core', 'nodes'),
    eventsRule,
    rule('watch', 'core', 'events'),
    rule('get', 'core', 'services'),
  ],
  'pod-garbage-collector': [
    rule('list watch delete', 'core', 'pods'),
    rule(readVerbs, 'core', 'nodes'),
    rule('patch', 'core', 'pods/status'),
  ],
  'replicaset-controller': [...workload('replicasets', 'apps extensions'), podsOfWorkload, eventsRule],
  'replication-controller': [...workload('replicationcontrollers', 'core'), podsOfWorkload, eventsRule],
  'resourcequota-controller': [
    rule('list watch', '*', '*'),
    rule('update', 'core', 'resourcequotas/status'),
    eventsRule,
  ],
  'route-controller': [
    rule('list watch', 'core', 'nodes'),
    rule('patch', 'core', 'nodes/status'),
    eventsRule,
  ],
  // Causeway's own: upstream's runs as the controller manager itself.
  'tokens-controller': [rule('get update delete', 'core', 'secrets'), rule('get', 'core', 'serviceaccounts')],
  'service-account-controller': [rule('create', 'core', 'serviceaccounts'), eventsRule],
  'service-controller': [
    // The finalizer that keeps an address until it is given back.
    rule('patch update', 'core', 'services'),
    rule(readVerbs, 'core', 'services'),
    rule('patch update', 'core', 'services/status'),
    rule('list watch', 'core', 'nodes'),
    eventsRule,
  ],
  'service-cidrs-controller': [
    rule('get list watch patch update', 'networking.k8s.io', 'servicecidrs'),
    rule('patch update', 'networking.k8s.io', 'servicecidrs/finalizers'),
    rule('patch update', 'networking.k8s.io', 'servicecidrs/status'),
    rule(readVerbs, 'networking.k8s.io', 'ipaddresses'),
    eventsRule,
  ],
  'statefulset-controller': [
    rule('list watch', 'core', 'pods'),
    rule(readVerbs, 'apps', 'statefulsets'),
    rule('update', 'apps', 'statefulsets/status'),
    rule('update', 'apps', 'statefulsets/finalizers'),
    rule('get create delete update patch', 'core', 'pods'),
    rule('get create delete update patch list watch', 'apps', 'controllerrevisions'),
    rule('get create list watch', 'core', 'persistentvolumeclaims'),
    rule('update delete', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'pods/finalizers'),
    eventsRule,
  ],
  'ttl-controller': [rule('update patch list watch', 'core', 'nodes'), eventsRule],
  'certificate-controller': [
    rule('get list watch delete', 'certificates.k8s.io', 'certificatesigningrequests'),
    rule(
      'update',
      'certificates.k8s.io',
      'certificatesigningrequests/status certificatesigningrequests/approval',
    ),
    rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    rule(
      'sign',
      'certificates.k8s.io',
      'signers',
      'kubernetes.io/legacy-unknown kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving',
    ),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    eventsRule,
  ],
  'pvc-protection-controller': [
    rule('get list watch update', 'core', 'persistentvolumeclaims'),
    rule('list watch get', 'core', 'pods'),
    eventsRule,
  ],
  'pv-protection-controller': [rule('get list watch update', 'core', 'persistentvolumes'), eventsRule],
  'volumeattributesclass-protection-controller': [
    rule('list watch get', 'core', 'persistentvolumeclaims'),
    rule('list watch get', 'core', 'persistentvolumes'),
    rule('get list watch update', storage, 'volumeattributesclasses'),
    eventsRule,
  ],
  'ttl-after-finished-controller': [rule('get list watch delete', 'batch', 'jobs'), eventsRule],
  // Causeway's own: the kube-dns Service, whose endpoints are the nodes.
  'cluster-dns-controller': [
    rule('create', 'core', 'services'),
    rule('update', 'core', 'services/finalizers'),
    rule('create update', 'discovery.k8s.io', 'endpointslices'),
    eventsRule,
  ],
  'root-ca-cert-publisher': [rule('create update', 'core', 'configmaps'), eventsRule],
  'validatingadmissionpolicy-status-controller': [
    rule(readVerbs, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    eventsRule,
  ],
  'legacy-service-account-token-cleaner': [
    rule('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    rule('patch delete', 'core', 'secrets'),
  ],
};
