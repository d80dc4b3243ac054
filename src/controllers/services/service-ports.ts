import type { Pod, Service, ServicePort } from '../../api/generated/types.ts';

/** Whether the Service has no address of its own. */
export function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === 'None';
}

/**
 * The pod's port a Service's port leads to: a number as it is, a name as one of the pod's containers (sidecars
 * included) has it. Undefined where the pod has no such port.
 */
export function targetPortOf(pod: Pod, port: ServicePort): number | undefined {
  const { targetPort = port.port, protocol = 'TCP' } = port;
  if (typeof targetPort === 'number') return targetPort === 0 ? port.port : targetPort;
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const { ports = [] } of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const { name, containerPort, protocol: own = 'TCP' } of ports) {
      if (name === targetPort && own === protocol) return containerPort;
    }
  }
  return undefined;
}

/** Whether the pod's hostname is a name in the Service's domain. */
export function hasHostname(pod: Pod, service: Service): boolean {
  return Boolean(pod.spec?.hostname) && pod.spec?.subdomain === service.metadata?.name;
}
