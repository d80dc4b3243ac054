import type { IpFamily } from '../../base/ip-address.ts';

/**
 * What Services mean for one node, with all policies applied: the one compile step that service rules, the
 * path explanation and tests read. No Kubernetes object is needed any more to say where a packet goes.
 */
export interface ServiceModel {
  /** `namespace/name` */
  key: string;
  /** Of the Service this was compiled from. */
  uid: string;
  resourceVersion: string;
  ports: ServicePortModel[];
  /** Answered over HTTP on this port with the number of local endpoints. */
  healthCheckNodePort?: number;
  localEndpoints: number;
}

export type TransportProtocol = 'tcp' | 'udp' | 'sctp';

export interface ServicePortModel {
  /** '' where the Service has one unnamed port. */
  name: string;
  protocol: TransportProtocol;
  /** A client stays with the endpoint it was given for this long. */
  affinitySeconds?: number;
  frontends: Frontend[];
}

/** One address and port that clients connect to. */
export interface Frontend {
  kind: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalIP';
  family: IpFamily;
  /** None for NodePort: any address of the node. */
  address?: string;
  port: number;
  /** Where connections go, evenly. */
  endpoints: Endpoint[];
  /** Where those of the node itself and of its pods go, when that differs (externalTrafficPolicy Local). */
  internalEndpoints?: Endpoint[];
  /** What becomes of a connection when there are no endpoints. */
  withoutEndpoints: 'reject' | 'drop';
  /** The client's address is hidden behind the node's, so that answers come back this way. */
  masquerade: boolean;
  /** Only these subnets may connect. */
  sourceRanges?: string[];
}

export interface Endpoint {
  address: string;
  port: number;
  /** On this node. */
  local: boolean;
}
