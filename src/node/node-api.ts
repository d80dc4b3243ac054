import type {
  AuthenticationTokenRequest,
  ConfigMap,
  Lease,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  ServiceAccount,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  TokenReview,
  TokenReviewStatus,
} from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import { builtinByKind, type ResourceInfo } from '../api/resources.ts';
import { ResourceClient } from '../client/client.ts';
import type { Transport } from '../client/transport.ts';

export const podResource = resource('', 'Pod');
export const nodeResource = resource('', 'Node');
export const serviceResource = resource('', 'Service');
export const volumeResource = resource('', 'PersistentVolume');

/** The resources a node agent reads and writes. */
export class NodeApi {
  readonly pods: ResourceClient<Pod>;
  readonly nodes: ResourceClient<Node>;
  readonly leases: ResourceClient<Lease>;
  readonly configMaps: ResourceClient<ConfigMap>;
  readonly secrets: ResourceClient<Secret>;
  readonly claims: ResourceClient<PersistentVolumeClaim>;
  readonly volumes: ResourceClient<PersistentVolume>;
  readonly #serviceAccounts: ResourceClient<ServiceAccount>;
  readonly #tokenReviews: ResourceClient<TokenReview>;
  readonly #accessReviews: ResourceClient<SubjectAccessReview>;

  constructor(transport: Transport) {
    const client = <T extends KubeObject>(info: ResourceInfo) => new ResourceClient<T>(transport, info);
    this.pods = client(podResource);
    this.nodes = client(nodeResource);
    this.leases = client(resource('coordination.k8s.io', 'Lease'));
    this.configMaps = client(resource('', 'ConfigMap'));
    this.secrets = client(resource('', 'Secret'));
    this.claims = client(resource('', 'PersistentVolumeClaim'));
    this.volumes = client(volumeResource);
    this.#serviceAccounts = client(resource('', 'ServiceAccount'));
    this.#tokenReviews = client(resource('authentication.k8s.io', 'TokenReview'));
    this.#accessReviews = client(resource('authorization.k8s.io', 'SubjectAccessReview'));
  }

  /** Whose a token is. */
  async reviewToken(token: string): Promise<TokenReviewStatus> {
    return (await this.#tokenReviews.create({ spec: { token } })).status ?? {};
  }

  /** Whether somebody may do something. */
  async reviewAccess(spec: SubjectAccessReviewSpec): Promise<boolean> {
    return (await this.#accessReviews.create({ spec })).status?.allowed ?? false;
  }

  /** A token for a service account. */
  createToken(
    namespace: string,
    serviceAccount: string,
    spec: AuthenticationTokenRequest['spec'],
  ): Promise<AuthenticationTokenRequest> {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    return this.#serviceAccounts.createSubresource(namespace, serviceAccount, 'token', body);
  }
}

function resource(group: string, kind: string): ResourceInfo {
  const found = builtinByKind({ group, version: 'v1', kind });
  if (!found) throw new Error(`no resource ${group}/${kind}`);
  return found;
}
