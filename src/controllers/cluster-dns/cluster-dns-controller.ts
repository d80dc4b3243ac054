import type { EndpointSlice, Node, Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import { ApiError } from '../../api/status.ts';
import type { Component } from '../../base/component.ts';
import { familyOf } from '../../base/ip-address.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { resources } from '../resources.ts';

export interface ClusterDnsOptions {
  /** Addresses of the Service, one a family. */
  addresses: readonly string[];
}

const namespace = 'kube-system';
const serviceName = 'kube-dns';
const labels = {
  'k8s-app': 'kube-dns',
  'kubernetes.io/cluster-service': 'true',
  'kubernetes.io/name': 'CoreDNS',
  // Every node answers on the Service's address by itself: no rule rewrites packets to it.
  'service.kubernetes.io/service-proxy-name': 'causeway-dns',
};
const ports = [
  { name: 'dns', protocol: 'UDP', port: 53 },
  { name: 'dns-tcp', protocol: 'TCP', port: 53 },
  { name: 'metrics', protocol: 'TCP', port: 9153 },
];

/**
 * Keeps `kube-system/kube-dns` as clusters have it, with the nodes as its endpoints: the DNS server of each
 * node answers there, without pods.
 */
export class ClusterDnsController implements Component {
  readonly name = 'cluster-dns';
  readonly #options: ClusterDnsOptions;
  readonly #loop: ControllerLoop;
  readonly #nodes: Informer<Node>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #serviceClient: ResourceClient<Service>;
  readonly #sliceClient: ResourceClient<EndpointSlice>;

  constructor(deps: ControllerDeps, options: ClusterDnsOptions) {
    this.#options = options;
    this.#nodes = deps.informers.informer<Node>(resources.nodes);
    this.#services = deps.informers.informer<Service>(resources.services);
    this.#slices = deps.informers.informer<EndpointSlice>(resources.endpointSlices);
    this.#serviceClient = new ResourceClient(deps.transport, resources.services);
    this.#sliceClient = new ResourceClient(deps.transport, resources.endpointSlices);
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers: 1,
      reconcile: () => this.#reconcile(),
    });
    this.#loop.followAll(this.#nodes, () => this.#loop.add(serviceName));
    this.#loop.followAll(this.#services, service => {
      if (isOurs(service)) this.#loop.add(serviceName);
    });
    this.#loop.followAll(this.#slices, slice => {
      if (slice.metadata.name.startsWith(serviceName) && isIn(slice)) this.#loop.add(serviceName);
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#loop.start(signal);
    this.#loop.add(serviceName);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(): Promise<void> {
    const service = this.#services.get(namespace, serviceName) ?? (await this.#createService());
    if (!service) return;
    const ready = this.#nodes.list().filter(isReady);
    for (const family of ['IPv4', 'IPv6'] as const) {
      if (this.#options.addresses.some(address => familyOf(address) === family)) {
        await this.#writeSlice(service, family, ready);
      }
    }
  }

  async #createService(): Promise<Stored<Service> | undefined> {
    const [clusterIP] = this.#options.addresses;
    try {
      return await this.#serviceClient.create({
        metadata: { namespace, name: serviceName, labels },
        spec: {
          type: 'ClusterIP',
          clusterIP,
          clusterIPs: [...this.#options.addresses],
          ipFamilyPolicy: this.#options.addresses.length > 1 ? 'RequireDualStack' : 'SingleStack',
          ports: ports.map(port => ({ ...port, targetPort: port.port })),
        },
      });
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'AlreadyExists') return undefined;
      throw error;
    }
  }

  async #writeSlice(service: Stored<Service>, family: 'IPv4' | 'IPv6', nodes: Stored<Node>[]): Promise<void> {
    const name = `${serviceName}-${family.toLowerCase()}`;
    const wanted = planSlice(service, name, family, nodes);
    const present = this.#slices.get(namespace, name);
    if (!present) await this.#sliceClient.create(wanted);
    else if (JSON.stringify(present.endpoints) !== JSON.stringify(wanted.endpoints)) {
      await this.#sliceClient.update({ ...present, endpoints: wanted.endpoints, ports: wanted.ports });
    }
  }
}

/** The slice of one family: every ready node's address, in the order of their names. */
export function planSlice(
  service: Stored<Service>,
  name: string,
  family: 'IPv4' | 'IPv6',
  nodes: readonly Stored<Node>[],
): EndpointSlice {
  const endpoints = nodes
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap(node => {
      const address = node.status?.addresses?.find(
        candidate => candidate.type === 'InternalIP' && familyOf(candidate.address) === family,
      );
      const conditions = { ready: true, serving: true, terminating: false };
      return address ? [{ addresses: [address.address], conditions, nodeName: node.metadata.name }] : [];
    });
  const { uid } = service.metadata;
  return {
    metadata: {
      namespace,
      name,
      labels: {
        'kubernetes.io/service-name': serviceName,
        'endpointslice.kubernetes.io/managed-by': 'cluster-dns.causeway.io',
        'k8s-app': 'kube-dns',
      },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Service',
          name: serviceName,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    addressType: family,
    endpoints,
    ports,
  };
}

function isOurs({ metadata }: Stored<Service>): boolean {
  return metadata.namespace === namespace && metadata.name === serviceName;
}

function isIn({ metadata }: Stored<EndpointSlice>): boolean {
  return metadata.namespace === namespace;
}

function isReady(node: Stored<Node>): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
