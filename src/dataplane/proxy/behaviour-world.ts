import type { EndpointSlice, Node, Service, ServicePort } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { IpFamily } from '../../base/ip-address.ts';

/**
 * Where the rows of `behaviour-rows.ts` happen. `a1` and `a2` are pods of node-a, and so on; `outside` is a host on
 * the node network that is no node. Runs on two nodes leave node-c and its pod away.
 */
export const world = {
  nodes: { 'node-a': '172.30.0.2', 'node-b': '172.30.0.3', 'node-c': '172.30.0.4' },
  podSubnets: { 'node-a': '10.244.0.0/24', 'node-b': '10.244.1.0/24', 'node-c': '10.244.2.0/24' },
  zones: { 'node-a': 'zone-1', 'node-b': 'zone-2', 'node-c': 'zone-1' },
  pods: { a1: '10.244.0.2', a2: '10.244.0.3', b1: '10.244.1.2', c1: '10.244.2.2' },
  outside: '172.30.0.1',
  clusterIP: '10.96.0.50',
  balancer: '172.30.0.200',
  externalIP: '172.30.0.210',
} as const;

export const clusterSubnet = '10.244.0.0/16';
export const serviceSubnet = '10.96.0.0/16';

/** What stands in IPv6 for each address and subnet of the rows. */
const inIPv6: Record<string, string> = {
  '172.30.0.1': 'fd00:172::1',
  '172.30.0.2': 'fd00:172::2',
  '172.30.0.3': 'fd00:172::3',
  '172.30.0.4': 'fd00:172::4',
  '172.30.0.200': 'fd00:172::200',
  '172.30.0.210': 'fd00:172::210',
  '172.30.0.0/24': 'fd00:172::/64',
  '172.30.0.1/32': 'fd00:172::1/128',
  '192.0.2.0/24': '2001:db8::/32',
  '10.244.0.0/16': 'fd00:10:244::/56',
  '10.244.0.0/24': 'fd00:10:244::/64',
  '10.244.1.0/24': 'fd00:10:244:1::/64',
  '10.244.2.0/24': 'fd00:10:244:2::/64',
  '10.244.0.2': 'fd00:10:244::2',
  '10.244.0.3': 'fd00:10:244::3',
  '10.244.1.2': 'fd00:10:244:1::2',
  '10.244.2.2': 'fd00:10:244:2::2',
  '10.96.0.0/16': 'fd00:96::/112',
  '10.96.0.50': 'fd00:96::50',
};

/** The value with every address of the rows in the given family. */
export function inFamily<T>(value: T, family: IpFamily): T {
  if (family === 'IPv4') return value;
  const text = JSON.stringify(value, (_key, part) =>
    typeof part === 'string' ? (part === 'IPv4' ? 'IPv6' : (inIPv6[part] ?? part)) : part,
  );
  return JSON.parse(text) as T;
}

export type Pod = keyof typeof world.pods;
export type NodeName = keyof typeof world.nodes;
export type Client = Pod | NodeName | 'outside';

export interface RowEndpoint {
  pod: Pod;
  ready?: boolean;
  serving?: boolean;
  terminating?: boolean;
  forZone?: string;
  forNode?: NodeName;
}

export interface BehaviourRow {
  name: string;
  service: Partial<Service['spec']> & { ports?: ServicePort[] };
  protocol?: 'TCP' | 'UDP' | 'SCTP';
  endpoints: RowEndpoint[];
  /** The pods do not listen: their refusal has to find its way back. */
  closed?: boolean;
  /** Status of the load balancer. */
  balancer?: boolean;
  from: Client;
  /** The node whose rules rewrite the packet; where it is missing the one `from` is on. */
  at?: NodeName;
  to: { address: string; port: number };
  /** Pods it may end at; empty for a packet that is refused or dropped. */
  ends: Pod[];
  verdict?: 'reject' | 'drop';
  /** Whether the pod sees another source address than the client's. */
  masqueraded?: boolean;
}

/** Whether the row speaks of node-c. */
export function needsThirdNode(row: BehaviourRow): boolean {
  return [row.from, row.at, ...row.endpoints.map(({ pod }) => pod)].some(
    name => name !== undefined && name !== 'outside' && nodeOf(name) === 'node-c',
  );
}

export function serviceOf(row: BehaviourRow): Stored<Service> {
  const { protocol = 'TCP' } = row;
  const ports = row.service.ports ?? [{ name: '', port: 80, targetPort: 8080 }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'web', uid: 'uid-web', resourceVersion: '1' },
    spec: {
      type: 'ClusterIP',
      clusterIP: world.clusterIP,
      clusterIPs: [world.clusterIP],
      ...row.service,
      ports: ports.map(port => ({ ...port, protocol })),
    },
    status: row.balancer ? { loadBalancer: { ingress: [{ ip: world.balancer, ipMode: 'VIP' }] } } : {},
  };
}

export function sliceOf(row: BehaviourRow): Stored<EndpointSlice> {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'default',
      name: 'web-1',
      uid: 'uid-slice',
      resourceVersion: '1',
      labels: { 'kubernetes.io/service-name': 'web' },
    },
    addressType: 'IPv4',
    ports: [{ name: '', protocol: row.protocol ?? 'TCP', port: targetPort(row) }],
    endpoints: row.endpoints.map(endpoint => {
      const { pod, ready = true, serving = ready, terminating = false, forZone, forNode } = endpoint;
      return {
        addresses: [world.pods[pod]],
        nodeName: nodeOf(pod),
        conditions: { ready, serving, terminating },
        hints: {
          ...(forZone && { forZones: [{ name: forZone }] }),
          ...(forNode && { forNodes: [{ name: forNode }] }),
        },
      };
    }),
  };
}

/** Where the pods listen, or do not. */
export function targetPort({ closed }: BehaviourRow): number {
  return closed ? 8081 : 8080;
}

/** The node a client or pod is on; of hosts outside the first. */
export function nodeOf(client: Client): NodeName {
  if (client.startsWith('node-')) return client as NodeName;
  return client.startsWith('b') ? 'node-b' : client.startsWith('c') ? 'node-c' : 'node-a';
}

export function nodeObject(name: NodeName): Stored<Node> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1' },
    spec: { podCIDR: world.podSubnets[name], podCIDRs: [world.podSubnets[name]] },
    status: { addresses: [{ type: 'InternalIP', address: world.nodes[name] }] },
  };
}
