import type { Container, Pod, Service, ServicePort } from '../../api/generated/types.ts';
import { matchesLabels, selectorFromSet } from '../../api/label-selector.ts';
import type { KubeObject } from '../../api/objects.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

/** Kinds whose template makes pods: a Service may come before the pods of them. */
const workloads = [
  'apps/v1/deployments',
  'apps/v1/statefulsets',
  'apps/v1/daemonsets',
  'apps/v1/replicasets',
  'v1/replicationcontrollers',
];

type PodLike = Pick<Pod, 'metadata' | 'spec'>;
interface Found {
  /** `pod "web-1"`, `the template of Deployment "web"`. */
  what: string;
  pod: PodLike;
}

/**
 * Warns of Services that would be valid and of no use: a selector that matches nothing, a target port that no
 * container has, a load balancer where there is no address to give. Upstream says nothing of these.
 */
export class ServiceWarnings implements AdmissionPlugin {
  readonly name = 'ServiceWarnings';
  readonly #reader: ObjectReader;
  readonly #options: { hasBalancerPool: boolean };

  constructor(reader: ObjectReader, options: { hasBalancerPool: boolean }) {
    this.#reader = reader;
    this.#options = options;
  }

  validate({
    operation,
    endpoint,
    subresource,
    namespace,
    object,
    oldObject,
    warnings,
  }: AdmissionAttributes): void {
    if (endpoint.resource.kind !== 'Service' || endpoint.resource.storageGroup !== '' || subresource) return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    const { spec } = object as Service;
    if (!spec || spec.type === 'ExternalName') return;
    const old = (oldObject as Service | undefined)?.spec;
    if (JSON.stringify(old) === JSON.stringify(spec)) return;
    this.#warnOfPool(spec, warnings);
    const selector = spec.selector ?? {};
    if (Object.keys(selector).length === 0) return;
    const found = this.#find(namespace, selector);
    if (!found) {
      const text = Object.entries(selector)
        .map(([key, value]) => `${key}=${value}`)
        .join(',');
      warnings.push(`spec.selector: no pod in namespace "${namespace}" has the labels ${text}`);
      return;
    }
    (spec.ports ?? []).forEach((port, index) => {
      const problem = portProblem(port, found);
      if (problem) warnings.push(`spec.ports[${index}].targetPort: ${problem}`);
    });
  }

  #warnOfPool(
    { type, loadBalancerClass, loadBalancerIP }: NonNullable<Service['spec']>,
    warnings: string[],
  ): void {
    if (type !== 'LoadBalancer' || loadBalancerClass || loadBalancerIP || this.#options.hasBalancerPool)
      return;
    warnings.push(
      'spec.type: the cluster has no addresses for load balancers; the Service will stay <pending>',
    );
  }

  /** The first pod, or else the first template of pods, with the labels. */
  #find(namespace: string, labels: Record<string, string>): Found | undefined {
    const selector = selectorFromSet(labels);
    for (const pod of this.#reader.list<Pod>('pods', namespace)) {
      if (!matchesLabels(selector, pod.metadata.labels)) continue;
      return { what: `pod "${pod.metadata.name}"`, pod };
    }
    for (const resource of workloads) {
      for (const workload of this.#reader.list<Workload>(resource.replace(/^v1\//, ''), namespace)) {
        const pod = workload.spec?.template;
        if (!pod || !matchesLabels(selector, pod.metadata?.labels)) continue;
        return { what: `the template of ${workload.kind} "${workload.metadata.name}"`, pod };
      }
    }
    return undefined;
  }
}

type Workload = KubeObject & { spec?: { template?: PodLike } };

/** Numbers are looked for only where the containers say which ports they have; most do not. */
function portProblem(
  { targetPort, port, protocol = 'TCP' }: ServicePort,
  { what, pod }: Found,
): string | undefined {
  const target = targetPort ?? port;
  const declared = containersOf(pod).flatMap(({ ports = [] }) => ports);
  if (typeof target === 'string') {
    if (declared.some(({ name, protocol: its = 'TCP' }) => name === target && its === protocol))
      return undefined;
    return `no container of ${what} has a ${protocol} port named "${target}"`;
  }
  if (declared.length === 0) return undefined;
  const has = declared.some(each => each.containerPort === target && (each.protocol ?? 'TCP') === protocol);
  return has ? undefined : `no container of ${what} declares the ${protocol} port ${target}`;
}

/** Those that run as long as the pod does. */
function containersOf({ spec }: PodLike): Container[] {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...(spec?.containers ?? []), ...sidecars];
}
