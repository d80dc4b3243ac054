import type { EndpointSlice, Node, Service, ServicePort } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { IpFamily } from '../../base/ip-address.ts';

/**
 * What packets do, told once: the same rows run on the walker and as real packets. Two nodes; `a1` and `a2`
 * are pods of node-a, `b1` of node-b; `outside` is a host on the node network that is no node.
 */
export const world = {
  nodes: { 'node-a': '172.30.0.2', 'node-b': '172.30.0.3' },
  podSubnets: { 'node-a': '10.244.0.0/24', 'node-b': '10.244.1.0/24' },
  pods: { a1: '10.244.0.11', a2: '10.244.0.12', b1: '10.244.1.11', b2: '10.244.1.12' },
  outside: '172.30.0.1',
  clusterIP: '10.96.0.50',
  balancer: '172.30.0.200',
} as const;

export const clusterSubnet = '10.244.0.0/16';
export const serviceSubnet = '10.96.0.0/16';

/** What stands in IPv6 for each address and subnet of the rows. */
const inIPv6: Record<string, string> = {
  '172.30.0.1': 'fd00:30::1',
  '172.30.0.2': 'fd00:30::2',
  '172.30.0.3': 'fd00:30::3',
  '172.30.0.200': 'fd00:30::200',
  '172.30.0.210': 'fd00:30::210',
  '172.30.0.0/24': 'fd00:30::/64',
  '172.30.0.1/32': 'fd00:30::1/128',
  '192.0.2.0/24': '2001:db8::/32',
  '10.244.0.0/16': 'fd00:244::/48',
  '10.244.0.0/24': 'fd00:244::/64',
  '10.244.1.0/24': 'fd00:244:0:1::/64',
  '10.244.0.11': 'fd00:244::11',
  '10.244.0.12': 'fd00:244::12',
  '10.244.1.11': 'fd00:244:0:1::11',
  '10.244.1.12': 'fd00:244:0:1::12',
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
export type Client = Pod | 'node-a' | 'node-b' | 'outside';

export interface BehaviourRow {
  name: string;
  service: Partial<Service['spec']> & { ports?: ServicePort[] };
  endpoints: { pod: Pod; ready?: boolean; serving?: boolean; terminating?: boolean }[];
  /** Status of the load balancer. */
  balancer?: boolean;
  from: Client;
  /** The node whose rules see the packet first; where `from` is on a node it is that one. */
  at?: 'node-a' | 'node-b';
  to: { address: string; port: number };
  /** Pods it may end at; empty for a packet that is refused or dropped. */
  ends: Pod[];
  verdict?: 'reject' | 'drop';
  /** Whether the pod sees another source address than the client's. */
  masqueraded?: boolean;
}

const port = (extra: Partial<ServicePort> = {}): ServicePort[] => [
  { name: '', protocol: 'TCP', port: 80, targetPort: 8080, ...extra },
];
const nodePort = { type: 'NodePort', ports: port({ nodePort: 30_080 }) } as const;
const balanced = { type: 'LoadBalancer', ports: port({ nodePort: 30_080 }) } as const;
const all = [{ pod: 'a1' }, { pod: 'b1' }] as const;
const toCluster = { address: world.clusterIP, port: 80 };
const toNode = (node: 'node-a' | 'node-b') => ({ address: world.nodes[node], port: 30_080 });
const toBalancer = { address: world.balancer, port: 80 };

export const rows: BehaviourRow[] = [
  {
    name: 'ClusterIP from a pod',
    service: {},
    endpoints: [...all],
    from: 'a2',
    to: toCluster,
    ends: ['a1', 'b1'],
  },
  {
    name: 'ClusterIP from the node',
    service: {},
    endpoints: [...all],
    from: 'node-a',
    to: toCluster,
    ends: ['a1', 'b1'],
  },
  {
    name: 'ClusterIP from outside hides the client, so that answers come back',
    service: {},
    endpoints: [...all],
    from: 'outside',
    at: 'node-a',
    to: toCluster,
    ends: ['a1', 'b1'],
    masqueraded: true,
  },
  {
    name: 'hairpin: a pod through its own Service sees the node',
    service: {},
    endpoints: [{ pod: 'a1' }],
    from: 'a1',
    to: toCluster,
    ends: ['a1'],
    masqueraded: true,
  },
  {
    name: 'a pod to another pod of its Service keeps its address',
    service: {},
    endpoints: [{ pod: 'a2' }],
    from: 'a1',
    to: toCluster,
    ends: ['a2'],
  },
  {
    name: 'no endpoints: refused at once',
    service: {},
    endpoints: [],
    from: 'a1',
    to: toCluster,
    ends: [],
    verdict: 'reject',
  },
  {
    name: 'no endpoints: refused on the node too',
    service: {},
    endpoints: [],
    from: 'node-a',
    to: toCluster,
    ends: [],
    verdict: 'reject',
  },
  {
    name: 'a port the Service does not have: refused',
    service: {},
    endpoints: [...all],
    from: 'a1',
    to: { address: world.clusterIP, port: 81 },
    ends: [],
    verdict: 'reject',
  },
  {
    name: 'an endpoint that is not ready is left out',
    service: {},
    endpoints: [{ pod: 'a1', ready: false, serving: false }, { pod: 'b1' }],
    from: 'a2',
    to: toCluster,
    ends: ['b1'],
  },
  {
    name: 'terminating endpoints that serve are used when nothing else is left',
    service: {},
    endpoints: [{ pod: 'a1', ready: false, serving: true, terminating: true }],
    from: 'a2',
    to: toCluster,
    ends: ['a1'],
  },
  {
    name: 'terminating endpoints are left out while others are ready',
    service: {},
    endpoints: [{ pod: 'a1', ready: false, serving: true, terminating: true }, { pod: 'b1' }],
    from: 'a2',
    to: toCluster,
    ends: ['b1'],
  },
  {
    name: 'internalTrafficPolicy Local stays on the node',
    service: { internalTrafficPolicy: 'Local' },
    endpoints: [...all],
    from: 'a2',
    to: toCluster,
    ends: ['a1'],
  },
  {
    name: 'internalTrafficPolicy Local without a local endpoint drops',
    service: { internalTrafficPolicy: 'Local' },
    endpoints: [{ pod: 'b1' }],
    from: 'a2',
    to: toCluster,
    ends: [],
    verdict: 'drop',
  },
  {
    name: 'session affinity still answers',
    service: { sessionAffinity: 'ClientIP' },
    endpoints: [...all],
    from: 'a2',
    to: toCluster,
    ends: ['a1', 'b1'],
  },
  {
    name: 'NodePort from outside, policy Cluster',
    service: nodePort,
    endpoints: [...all],
    from: 'outside',
    to: toNode('node-a'),
    at: 'node-a',
    ends: ['a1', 'b1'],
    masqueraded: true,
  },
  {
    name: 'NodePort of a node without an endpoint',
    service: nodePort,
    endpoints: [{ pod: 'b1' }],
    from: 'outside',
    to: toNode('node-a'),
    at: 'node-a',
    ends: ['b1'],
    masqueraded: true,
  },
  {
    name: 'NodePort from a pod',
    service: nodePort,
    endpoints: [...all],
    from: 'a2',
    to: toNode('node-a'),
    ends: ['a1', 'b1'],
    masqueraded: true,
  },
  {
    name: 'NodePort with no endpoints: refused',
    service: nodePort,
    endpoints: [],
    from: 'outside',
    to: toNode('node-a'),
    at: 'node-a',
    ends: [],
    verdict: 'reject',
  },
  {
    name: 'NodePort, policy Local, keeps the client and stays on the node',
    service: { ...nodePort, externalTrafficPolicy: 'Local' },
    endpoints: [...all],
    from: 'outside',
    to: toNode('node-a'),
    at: 'node-a',
    ends: ['a1'],
  },
  {
    name: 'NodePort, policy Local, without a local endpoint drops',
    service: { ...nodePort, externalTrafficPolicy: 'Local' },
    endpoints: [{ pod: 'b1' }],
    from: 'outside',
    to: toNode('node-a'),
    at: 'node-a',
    ends: [],
    verdict: 'drop',
  },
  {
    name: 'NodePort, policy Local, from a pod of the node reaches all endpoints',
    service: { ...nodePort, externalTrafficPolicy: 'Local' },
    endpoints: [{ pod: 'b1' }],
    from: 'a2',
    to: toNode('node-a'),
    ends: ['b1'],
  },
  {
    name: 'LoadBalancer from outside',
    service: balanced,
    balancer: true,
    endpoints: [...all],
    from: 'outside',
    to: toBalancer,
    at: 'node-a',
    ends: ['a1', 'b1'],
    masqueraded: true,
  },
  {
    name: 'LoadBalancer, policy Local, keeps the client',
    service: { ...balanced, externalTrafficPolicy: 'Local' },
    balancer: true,
    endpoints: [...all],
    from: 'outside',
    to: toBalancer,
    at: 'node-a',
    ends: ['a1'],
  },
  {
    name: 'LoadBalancer for other sources drops',
    service: { ...balanced, loadBalancerSourceRanges: ['192.0.2.0/24'] },
    balancer: true,
    endpoints: [...all],
    from: 'outside',
    to: toBalancer,
    at: 'node-a',
    ends: [],
    verdict: 'drop',
  },
  {
    name: 'LoadBalancer for this source among overlapping ranges',
    service: { ...balanced, loadBalancerSourceRanges: ['172.30.0.0/24', '172.30.0.1/32'] },
    balancer: true,
    endpoints: [...all],
    from: 'outside',
    to: toBalancer,
    at: 'node-a',
    ends: ['a1', 'b1'],
    masqueraded: true,
  },
  {
    name: 'external IP',
    service: { externalIPs: ['172.30.0.210'] },
    endpoints: [...all],
    from: 'outside',
    to: { address: '172.30.0.210', port: 80 },
    at: 'node-a',
    ends: ['a1', 'b1'],
    masqueraded: true,
  },
  {
    name: 'session affinity on a NodePort from outside',
    service: { ...nodePort, sessionAffinity: 'ClientIP' },
    endpoints: [...all],
    from: 'outside',
    to: toNode('node-a'),
    at: 'node-a',
    ends: ['a1', 'b1'],
    masqueraded: true,
  },
];

export function serviceOf(row: BehaviourRow): Stored<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'web', uid: 'uid-web', resourceVersion: '1' },
    spec: {
      type: 'ClusterIP',
      clusterIP: world.clusterIP,
      clusterIPs: [world.clusterIP],
      ports: port(),
      ...row.service,
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
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    endpoints: row.endpoints.map(({ pod, ready = true, serving = ready, terminating = false }) => ({
      addresses: [world.pods[pod]],
      nodeName: nodeOf(pod),
      conditions: { ready, serving, terminating },
    })),
  };
}

export function nodeOf(client: Client): 'node-a' | 'node-b' {
  return client.startsWith('b') || client === 'node-b' ? 'node-b' : 'node-a';
}

export function nodeObject(name: 'node-a' | 'node-b'): Stored<Node> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1' },
    spec: { podCIDR: world.podSubnets[name], podCIDRs: [world.podSubnets[name]] },
    status: { addresses: [{ type: 'InternalIP', address: world.nodes[name] }] },
  };
}
