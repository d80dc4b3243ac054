import { isDeepStrictEqual } from 'node:util';
import type { AuthenticationTokenRequest, Lease, Node, Pod } from '../../api/generated/types.ts';
import { forbidden } from '../../api/status.ts';
import { nodeOf } from '../filters/node-authorizer.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

/** Label prefixes a node may not set on itself, and those it may in spite of them. */
const reservedDomains = ['kubernetes.io', 'k8s.io'];
const ownPrefixes = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const ownLabels = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

/** A node writes itself, its lease and the pods bound to it, nothing else (upstream: plugin/pkg/admission/noderestriction). */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  admit(attributes: AdmissionAttributes): void {
    this.#restrict(attributes);
  }

  /** Deletions pass no mutating admission. */
  validate(attributes: AdmissionAttributes): void {
    if (attributes.operation === 'DELETE') this.#restrict(attributes);
  }

  #restrict(attributes: AdmissionAttributes): void {
    const node = nodeOf(attributes.user);
    if (node === undefined) return;
    const { group, plural } = attributes.endpoint.resource;
    const resource = `${group}/${plural}`;
    if (resource === '/pods') this.#restrictPod(node, attributes);
    else if (resource === '/nodes') restrictNode(node, attributes);
    else if (resource === 'coordination.k8s.io/leases') restrictLease(node, attributes);
    else if (resource === 'storage.k8s.io/csinodes') restrictNamed(node, attributes, 'CSINode');
  }

  #restrictPod(node: string, attributes: AdmissionAttributes): void {
    const { operation, namespace, name, subresource } = attributes;
    if (operation === 'CREATE' && subresource === '') {
      restrictMirrorPod(node, attributes);
      return;
    }
    const pod = this.#reader.get<Pod>('pods', namespace, name);
    if (!pod || pod.spec?.nodeName === node) return;
    const what =
      operation === 'DELETE' ? 'delete' : `update ${subresource ? `${subresource} for ` : ''}`.trim();
    refuse(attributes, `node ${JSON.stringify(node)} can only ${what} pods with spec.nodeName set to itself`);
  }
}

function refuse({ endpoint, name }: AdmissionAttributes, why: string): never {
  throw forbidden(endpoint.qualified, name, why);
}

function restrictMirrorPod(node: string, attributes: AdmissionAttributes): void {
  const pod = attributes.object as Pod;
  if (pod.metadata?.annotations?.['kubernetes.io/config.mirror'] === undefined) {
    refuse(
      attributes,
      `pod does not have "kubernetes.io/config.mirror" annotation, node ${JSON.stringify(node)} can only create mirror pods`,
    );
  }
  if (pod.spec?.nodeName !== node) {
    refuse(attributes, `node ${JSON.stringify(node)} can only create pods with spec.nodeName set to itself`);
  }
}

function restrictNode(node: string, attributes: AdmissionAttributes): void {
  const { operation, name, object, oldObject } = attributes;
  if (name !== node)
    refuse(attributes, `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`);
  if (operation === 'DELETE')
    refuse(attributes, `node ${JSON.stringify(node)} is not allowed to delete itself`);
  const [fresh, old] = [object as Node, oldObject as Node | undefined];
  if (old && !isDeepStrictEqual(fresh.spec?.taints ?? [], old.spec?.taints ?? [])) {
    refuse(attributes, `node ${JSON.stringify(node)} is not allowed to modify taints`);
  }
  const changed = reservedLabels(fresh.metadata?.labels ?? {}, old?.metadata?.labels ?? {});
  if (changed.length > 0) {
    refuse(attributes, `is not allowed to modify labels: ${changed.join(', ')}`);
  }
}

/** The labels that differ and are not a node's to set. */
function reservedLabels(fresh: Record<string, string>, old: Record<string, string>): string[] {
  const keys = new Set([...Object.keys(fresh), ...Object.keys(old)]);
  return [...keys].filter(key => fresh[key] !== old[key] && isReserved(key)).sort();
}

function isReserved(key: string): boolean {
  const [domain = '', name] = key.split('/');
  if (name === undefined || ownLabels.has(key)) return false;
  const under = (parent: string) => domain === parent || domain.endsWith(`.${parent}`);
  if (under('node-restriction.kubernetes.io')) return true;
  if (ownPrefixes.some(under)) return false;
  return reservedDomains.some(under);
}

function restrictLease(node: string, attributes: AdmissionAttributes): void {
  const name = attributes.name || (attributes.object as Lease | undefined)?.metadata?.name;
  // Beyond upstream: a node's own sign of life for load-balancer addresses.
  if (attributes.namespace === 'kube-system' && name === `load-balancer-speaker-${node}`) return;
  if (attributes.namespace !== 'kube-node-lease') {
    refuse(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  }
  if (name !== node)
    refuse(attributes, 'can only access node lease with the same name as the requesting node');
}

function restrictNamed(node: string, attributes: AdmissionAttributes, kind: string): void {
  if (attributes.name !== node)
    refuse(attributes, `can only access ${kind} with the same name as the requesting node`);
}

/** A node asks tokens for its pods only, bound to them. @throws ApiError 403 */
export function restrictNodeToken(
  node: string,
  request: AuthenticationTokenRequest,
  findPod: (name: string) => Pod | undefined,
): void {
  const ref = request.spec?.boundObjectRef;
  const of = { resource: 'serviceaccounts' };
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) {
    throw forbidden(of, '', 'node requested token not bound to a pod');
  }
  if (!ref.uid) throw forbidden(of, '', 'node requested token with a pod binding without a uid');
  if (findPod(ref.name)?.spec?.nodeName !== node) {
    throw forbidden(of, '', 'node requested token bound to a pod scheduled on a different node');
  }
}
