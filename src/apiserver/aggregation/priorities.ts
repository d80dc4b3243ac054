import type { APIService } from '../../api/generated/types.ts';
import { builtinResources } from '../../api/resources.ts';
import { metricsGroup, metricsVersion } from '../resource-metrics/metrics-kinds.ts';

/** Order of the built-in groups in discovery (upstream: controlplane/apiserver/aggregator.go, apiVersionPriorities). */
const groupPriorities: Record<string, number> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'admissionregistration.k8s.io': 16_700,
  'apiextensions.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
  'metrics.k8s.io': 100,
};

const customGroupPriority = 1000;
const customVersionPriority = 100;

/** Who made an APIService that nobody has to: `onstart` those of the server, `true` those of definitions. */
export const automanagedLabel = 'kube-aggregator.kubernetes.io/automanaged';

/** The priority of a group that this server serves itself. */
export function groupPriority(group: string): number {
  if (group === 'apiregistration.k8s.io') return 20_000;
  return groupPriorities[group] ?? customGroupPriority;
}

/** The APIServices of the built-in groups; the group of the APIServices themselves has none. */
export function builtinApiServices(): APIService[] {
  const versions = new Map<string, APIService>();
  for (const { group, version } of builtinResources) {
    if (groupPriorities[group] === undefined) continue;
    const made = localApiService(group, version, 'onstart', {
      groupPriorityMinimum: groupPriority(group),
      versionPriority: versionPriority(group, version),
    });
    versions.set(made.metadata!.name!, made);
  }
  return [...versions.values()];
}

function versionPriority(group: string, version: string): number {
  if (group === '') return 1;
  const stage = /(alpha|beta)/.exec(version)?.[1];
  if (stage) return stage === 'beta' ? 12 : 9;
  const number = Number(/^v(\d+)$/.exec(version)?.[1] ?? 1);
  return number * 15;
}

/** That of the metrics API while no other server has it; priorities as in metrics-server's manifest. */
export function metricsApiService(): APIService {
  const priorities = { groupPriorityMinimum: groupPriority(metricsGroup), versionPriority: 100 };
  return localApiService(metricsGroup, metricsVersion, 'onstart', priorities);
}

export function customApiService(group: string, version: string): APIService {
  const priorities = {
    groupPriorityMinimum: customGroupPriority,
    versionPriority: customVersionPriority,
  };
  return localApiService(group, version, 'true', priorities);
}

function localApiService(
  group: string,
  version: string,
  automanaged: string,
  priorities: { groupPriorityMinimum: number; versionPriority: number },
): APIService {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [automanagedLabel]: automanaged } },
    spec: { ...(group && { group }), version, ...priorities },
  };
}
