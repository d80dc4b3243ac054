import type { Pod } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { RecentValues } from '../../base/recent-values.ts';
import { nodeRules } from '../bootstrap/component-roles.ts';
import { ruleAllows } from '../rbac/rules.ts';
import { type AccessAttributes, type Authorizer, type Decision, noOpinion } from './authorization.ts';

const namePrefix = 'system:node:';

/** The node a user is, where it is one. */
export function nodeOf(user: { name: string; groups: readonly string[] }): string | undefined {
  if (!user.groups.includes('system:nodes') || !user.name.startsWith(namePrefix)) return undefined;
  return user.name.slice(namePrefix.length) || undefined;
}

/** Lists of references kept in mind: the pods of one owner have the same. */
const recentLists = 1024;

/** Which objects the pods of each node refer to. */
export class NodeReferences {
  /** By node: each pod as a reference, with what it refers to. */
  readonly #nodes = new Map<string, Map<string, readonly string[]>>();
  readonly #lists = new RecentValues<readonly string[]>(recentLists);

  setPod(pod: Stored<Pod>): void {
    const node = pod.spec?.nodeName;
    if (!node) return;
    const references = [...new Set(referencesOf(pod))];
    const pods = this.#nodes.get(node) ?? new Map<string, readonly string[]>();
    this.#nodes.set(node, pods.set(podReference(pod), this.#lists.first(references.join(' '), references)));
  }

  removePod(pod: Stored<Pod>): void {
    // A pod that has a node keeps it.
    const node = pod.spec?.nodeName;
    if (!node) return;
    const pods = this.#nodes.get(node);
    pods?.delete(podReference(pod));
    if (pods?.size === 0) this.#nodes.delete(node);
  }

  /** @param reference `secrets/default/tls` */
  has(node: string, reference: string): boolean {
    const pods = this.#nodes.get(node);
    if (!pods) return false;
    if (pods.has(reference)) return true;
    for (const references of pods.values()) if (references.includes(reference)) return true;
    return false;
  }
}

function podReference({ metadata: { namespace, name } }: Stored<Pod>): string {
  return `pods/${namespace}/${name}`;
}

/** All a pod's node reads for it beside the pod itself: its service account, secrets, config maps and claims. */
function* referencesOf(pod: Stored<Pod>): Generator<string> {
  const { namespace, name } = pod.metadata;
  const spec = pod.spec!;
  const at = (resource: string, found: string | undefined) => `${resource}/${namespace}/${found}`;
  yield at('serviceaccounts', spec.serviceAccountName || 'default');
  for (const secret of spec.imagePullSecrets ?? []) yield at('secrets', secret.name);
  const containers = [
    ...(spec.initContainers ?? []),
    ...spec.containers,
    ...(spec.ephemeralContainers ?? []),
  ];
  for (const container of containers) {
    for (const source of container.envFrom ?? []) {
      if (source.configMapRef) yield at('configmaps', source.configMapRef.name);
      if (source.secretRef) yield at('secrets', source.secretRef.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef) yield at('configmaps', valueFrom.configMapKeyRef.name);
      if (valueFrom?.secretKeyRef) yield at('secrets', valueFrom.secretKeyRef.name);
    }
  }
  for (const volume of spec.volumes ?? []) yield* volumeReferences(volume, at, name);
  for (const claim of spec.resourceClaims ?? []) yield at('resourceclaims', claim.resourceClaimName);
}

function* volumeReferences(
  volume: NonNullable<NonNullable<Pod['spec']>['volumes']>[number],
  at: (resource: string, name: string | undefined) => string,
  podName: string,
): Generator<string> {
  if (volume.secret) yield at('secrets', volume.secret.secretName);
  if (volume.configMap) yield at('configmaps', volume.configMap.name);
  if (volume.persistentVolumeClaim)
    yield at('persistentvolumeclaims', volume.persistentVolumeClaim.claimName);
  if (volume.ephemeral) yield at('persistentvolumeclaims', `${podName}-${volume.name}`);
  if (volume.csi?.nodePublishSecretRef) yield at('secrets', volume.csi.nodePublishSecretRef.name);
  for (const source of volume.projected?.sources ?? []) {
    if (source.secret) yield at('secrets', source.secret.name);
    if (source.configMap) yield at('configmaps', source.configMap.name);
  }
}

const referenced = new Set(['secrets', 'configmaps', 'persistentvolumeclaims', 'resourceclaims']);

/**
 * What nodes may do: the node rules, narrowed for what is private to the node that runs a pod (upstream:
 * plugin/pkg/auth/authorizer/node). Writes are narrowed further by NodeRestriction.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #references: NodeReferences;

  constructor(references: NodeReferences) {
    this.#references = references;
  }

  authorize(asked: AccessAttributes): Decision {
    const node = nodeOf(asked.user);
    if (node === undefined || !nodeRules.some(rule => ruleAllows(rule, asked))) return noOpinion;
    const why = this.#refusal(node, asked);
    return why === undefined ? { allowed: true, reason: '' } : { allowed: undefined, reason: why };
  }

  #refusal(node: string, asked: AccessAttributes): string | undefined {
    const { group, resource, subresource, verb, namespace, name } = asked;
    if (group === '' && resource === 'serviceaccounts' && subresource === 'token') {
      return this.#unrelated(node, `serviceaccounts/${namespace}/${name}`);
    }
    if (
      referenced.has(resource) &&
      (group === '' || resource === 'resourceclaims') &&
      verb !== 'update' &&
      verb !== 'patch'
    ) {
      if (name === '') return 'No Object name found';
      return this.#unrelated(node, `${resource}/${namespace}/${name}`);
    }
    if (group === '' && resource === 'pods' && subresource === '' && verb === 'get') {
      return this.#unrelated(node, `pods/${namespace}/${name}`);
    }
    if (
      group === 'coordination.k8s.io' &&
      (namespace !== 'kube-node-lease' || (name !== node && verb !== 'create'))
    ) {
      return `can only access node lease with the same name as the requesting node`;
    }
    return undefined;
  }

  #unrelated(node: string, reference: string): string | undefined {
    if (this.#references.has(node, reference)) return undefined;
    return `no relationship found between node '${node}' and this object`;
  }
}
