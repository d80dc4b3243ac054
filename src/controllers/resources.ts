import { builtinByResource, type ResourceInfo } from '../api/resources.ts';

/** The built-in resource `plural` of `apiVersion`: `builtin('apps/v1', 'deployments')`. */
export function builtin(apiVersion: string, plural: string): ResourceInfo {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const found = builtinByResource({ group, version, resource: plural });
  if (!found) throw new Error(`there is no built-in resource ${plural} in ${apiVersion}`);
  return found;
}

export const resources = {
  configMaps: builtin('v1', 'configmaps'),
  controllerRevisions: builtin('apps/v1', 'controllerrevisions'),
  cronJobs: builtin('batch/v1', 'cronjobs'),
  daemonSets: builtin('apps/v1', 'daemonsets'),
  deployments: builtin('apps/v1', 'deployments'),
  endpoints: builtin('v1', 'endpoints'),
  endpointSlices: builtin('discovery.k8s.io/v1', 'endpointslices'),
  ipAddresses: builtin('networking.k8s.io/v1', 'ipaddresses'),
  jobs: builtin('batch/v1', 'jobs'),
  leases: builtin('coordination.k8s.io/v1', 'leases'),
  namespaces: builtin('v1', 'namespaces'),
  nodes: builtin('v1', 'nodes'),
  persistentVolumeClaims: builtin('v1', 'persistentvolumeclaims'),
  persistentVolumes: builtin('v1', 'persistentvolumes'),
  podDisruptionBudgets: builtin('policy/v1', 'poddisruptionbudgets'),
  pods: builtin('v1', 'pods'),
  replicaSets: builtin('apps/v1', 'replicasets'),
  replicationControllers: builtin('v1', 'replicationcontrollers'),
  resourceQuotas: builtin('v1', 'resourcequotas'),
  serviceAccounts: builtin('v1', 'serviceaccounts'),
  serviceCidrs: builtin('networking.k8s.io/v1', 'servicecidrs'),
  services: builtin('v1', 'services'),
  storageClasses: builtin('storage.k8s.io/v1', 'storageclasses'),
  statefulSets: builtin('apps/v1', 'statefulsets'),
  clusterRoles: builtin('rbac.authorization.k8s.io/v1', 'clusterroles'),
} as const;
