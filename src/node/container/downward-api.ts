import type {
  Container,
  ObjectFieldSelector,
  Pod,
  ResourceFieldSelector,
} from '../../api/generated/types.ts';
import { parseQuantity, quantityMilliValue, quantityValue } from '../../api/quantity.ts';

/** What the downward API tells beyond the pod's own object. */
export interface DownwardFacts {
  nodeName: string;
  hostIPs: readonly string[];
  podIPs: readonly string[];
  /** The node's allocatable amounts, which stand in for limits that are not set. */
  allocatable: Readonly<Record<string, string>>;
}

/**
 * The value of a `fieldRef`.
 * @throws Error with kubelet's words for a path it does not know.
 */
export function fieldValue(pod: Pod, { fieldPath }: ObjectFieldSelector, facts: DownwardFacts): string {
  const { metadata = {}, spec } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (subscript) return metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? '';
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(metadata.labels);
    case 'metadata.annotations':
      return formatMap(metadata.annotations);
    case 'spec.nodeName':
      return facts.nodeName;
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? '';
    case 'status.hostIP':
      return facts.hostIPs[0] ?? '';
    case 'status.hostIPs':
      return facts.hostIPs.join(',');
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`);
  }
}

/** `key="value"` lines in the order of the keys, as downward API files have them. */
function formatMap(map: Readonly<Record<string, string>> = {}): string {
  const lines = Object.keys(map)
    .sort()
    .map(key => `${key}=${JSON.stringify(map[key])}`);
  return lines.join('\n');
}

/**
 * The value of a `resourceFieldRef`, in units of its divisor, rounded up. A limit that is not set is that of
 * the pod as a whole, or the node's allocatable amount. @throws Error where the container is not in the pod.
 */
export function resourceValue(
  pod: Pod,
  own: Container | undefined,
  selector: ResourceFieldSelector,
  facts: DownwardFacts,
): string {
  const container = selector.containerName ? findContainer(pod, selector.containerName) : own;
  if (!container) throw new Error(`container ${selector.containerName ?? ''} not found`);
  const [kind = '', ...rest] = selector.resource.split('.');
  const name = rest.join('.');
  if (kind !== 'limits' && kind !== 'requests') {
    throw new Error(`unsupported container resource : ${selector.resource}`);
  }
  const set = container.resources?.[kind]?.[name];
  const limit = pod.spec?.resources?.limits?.[name] ?? facts.allocatable[name];
  const quantity = set ?? (kind === 'limits' ? limit : undefined) ?? '0';
  return divided(name, quantity, selector.divisor);
}

function divided(name: string, quantity: string, divisor = '0'): string {
  const unit = divisor === '0' ? '1' : divisor;
  if (name === 'cpu') {
    return String(
      Math.ceil(quantityMilliValue(parseQuantity(quantity)) / quantityMilliValue(parseQuantity(unit))),
    );
  }
  return String(Math.ceil(quantityValue(parseQuantity(quantity)) / quantityValue(parseQuantity(unit))));
}

function findContainer(pod: Pod, name: string): Container | undefined {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return all.find(container => container.name === name);
}
