import type { Pod } from '../../api/generated/types.ts';
import type { PodSandboxConfig } from '../../cri/cri.ts';
import type { Encoded } from '../../cri/schema.ts';
import { namespaceOptions, seccompProfile, supplementalGroups } from '../container/security-context.ts';
import type { DnsConfig } from './dns-config.ts';
import { podCgroup } from './pod-cgroup.ts';
import { isHostNetwork, runtimeLabels } from './pod-identity.ts';

export interface SandboxFacts {
  attempt: number;
  hostname: string;
  dns: DnsConfig;
  logDirectory: string;
  /** The node's place in the cgroup hierarchies: `/causeway/demo/causeway-1`. */
  cgroupRoot: string;
  seccompDir: string;
}

/** Source: kubelet `generatePodSandboxConfig`. */
export function sandboxConfig(pod: Pod, facts: SandboxFacts): PodSandboxConfig {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  return {
    metadata: { name, namespace, uid, attempt: facts.attempt },
    ...(!isHostNetwork(pod) && { hostname: facts.hostname, portMappings: portMappings(pod) }),
    logDirectory: facts.logDirectory,
    dnsConfig: facts.dns,
    labels: {
      ...pod.metadata?.labels,
      [runtimeLabels.podName]: name,
      [runtimeLabels.podNamespace]: namespace,
      [runtimeLabels.podUid]: uid,
    },
    annotations: pod.metadata?.annotations ?? {},
    linux: {
      cgroupParent: podCgroup(pod, facts.cgroupRoot),
      sysctls: sysctls(pod),
      securityContext: sandboxSecurity(pod, facts.seccompDir),
    },
  };
}

function sandboxSecurity(pod: Pod, seccompDir: string): Encoded<'LinuxSandboxSecurityContext'> {
  const { runAsUser, runAsGroup, seccompProfile: profile } = pod.spec?.securityContext ?? {};
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return {
    namespaceOptions: namespaceOptions(pod),
    privileged: all.some(({ securityContext }) => securityContext?.privileged),
    ...(runAsUser !== undefined && { runAsUser: { value: runAsUser } }),
    ...(runAsUser !== undefined && runAsGroup !== undefined && { runAsGroup: { value: runAsGroup } }),
    supplementalGroups: supplementalGroups(pod),
    // Its own process only waits for a signal; a filter for that would cost 10 ms a pod (kubelet sets one).
    seccomp: seccompProfile(profile, seccompDir),
  };
}

function sysctls(pod: Pod): Record<string, string> {
  const list = pod.spec?.securityContext?.sysctls ?? [];
  return Object.fromEntries(list.map(({ name, value }) => [name.replaceAll('/', '.'), value]));
}

function portMappings(pod: Pod): Encoded<'PortMapping'>[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...sidecars, ...(pod.spec?.containers ?? [])].flatMap(({ ports = [] }) => ports);
  return ports
    .filter(({ hostPort }) => hostPort)
    .map(({ protocol = 'TCP', containerPort, hostPort, hostIP }) => ({
      protocol: protocol as 'TCP' | 'UDP' | 'SCTP',
      containerPort,
      hostPort,
      hostIp: hostIP ?? '',
    }));
}
