import { externalRows } from './behaviour-external-rows.ts';
import { type BehaviourRow, world } from './behaviour-world.ts';

const all = [{ pod: 'a1' }, { pod: 'b1' }] as const;
/** Of three nodes. */
const three = [...all, { pod: 'c1' }] as const;
const zoned = [
  { pod: 'a1', forZone: 'zone-1' },
  { pod: 'b1', forZone: 'zone-2' },
] as const;
const toCluster = { address: world.clusterIP, port: 80 };

const clusterRows: BehaviourRow[] = [
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
    name: 'a pod that does not listen refuses, through the Service',
    service: {},
    endpoints: [{ pod: 'b1' }],
    closed: true,
    from: 'a2',
    to: toCluster,
    ends: ['b1'],
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
    name: 'endpoints that terminate and do not serve are none',
    service: {},
    endpoints: [{ pod: 'a1', ready: false, serving: false, terminating: true }],
    from: 'a2',
    to: toCluster,
    ends: [],
    verdict: 'reject',
  },
  {
    name: 'publishNotReadyAddresses: endpoints stand as ready whatever their pods do',
    service: { publishNotReadyAddresses: true },
    endpoints: [{ pod: 'a1', ready: true, serving: false, terminating: true }, { pod: 'b1' }],
    from: 'a2',
    to: toCluster,
    ends: ['a1', 'b1'],
  },
  {
    name: 'hints keep a client in its zone',
    service: { trafficDistribution: 'PreferSameZone' },
    endpoints: [...zoned],
    from: 'b1',
    to: toCluster,
    ends: ['b1'],
    masqueraded: true,
  },
  {
    name: 'hints keep a client on its node',
    service: { trafficDistribution: 'PreferSameNode' },
    endpoints: [
      { pod: 'a1', forNode: 'node-a' },
      { pod: 'b1', forNode: 'node-b' },
    ],
    from: 'a2',
    to: toCluster,
    ends: ['a1'],
  },
  {
    name: 'hints count only when every endpoint has one',
    service: {},
    endpoints: [{ pod: 'a1', forZone: 'zone-1' }, { pod: 'b1' }],
    from: 'a2',
    to: toCluster,
    ends: ['a1', 'b1'],
  },
  {
    name: 'hints for other zones alone: all endpoints are used',
    service: {},
    endpoints: [{ pod: 'b1', forZone: 'zone-2' }],
    from: 'a2',
    to: toCluster,
    ends: ['b1'],
  },
  {
    name: 'ClusterIP from pods, three nodes',
    service: {},
    endpoints: [...three],
    from: 'a2',
    to: toCluster,
    ends: ['a1', 'b1', 'c1'],
  },
  {
    name: 'hints of the same zone lead to another node',
    service: { trafficDistribution: 'PreferSameZone' },
    endpoints: [...zoned],
    from: 'c1',
    to: toCluster,
    ends: ['a1'],
  },
];

/** What has to hold for datagrams and associations as well. */
const ofEveryProtocol = new Set([
  'ClusterIP from a pod',
  'ClusterIP from the node',
  'hairpin: a pod through its own Service sees the node',
  'no endpoints: refused at once',
  'a pod that does not listen refuses, through the Service',
  'a pod that does not listen refuses, through the node port',
  'NodePort from outside, policy Cluster',
  'NodePort, policy Local, keeps the client and stays on the node',
  'LoadBalancer for other sources drops',
  'session affinity still answers',
  'ClusterIP from pods, three nodes',
]);

const byTcp = [...clusterRows, ...externalRows];

/**
 * What packets do, told once: the same rows run on the walker and as real packets, on two and on three nodes, over
 * one link and over VXLAN, in both families.
 */
export const rows: BehaviourRow[] = [
  ...byTcp,
  ...(['UDP', 'SCTP'] as const).flatMap(protocol =>
    byTcp
      .filter(({ name }) => ofEveryProtocol.has(name))
      .map(row => ({ ...row, name: `${protocol}: ${row.name}`, protocol })),
  ),
];
