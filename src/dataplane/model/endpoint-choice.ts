import type { EndpointSlice, Endpoint as SliceEndpoint } from '../../api/generated/types.ts';
import type { Endpoint } from './service-model.ts';

/** An endpoint of one Service port, with what decides whether it is used. */
export interface Candidate extends Endpoint {
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  /** Zones, and nodes, that are told to use it; undefined where no hints are given. */
  forZones?: string[];
  forNodes?: string[];
}

export interface ChoosingNode {
  name: string;
  zone?: string;
}

/** The endpoints of the port called `portName` in the slices of one family, each address once. */
export function candidates(
  slices: readonly EndpointSlice[],
  family: 'IPv4' | 'IPv6',
  portName: string,
  protocol: string,
  node: ChoosingNode,
): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const slice of slices) {
    if (slice.addressType !== family) continue;
    const port = slice.ports?.find(p => (p.name ?? '') === portName && (p.protocol ?? 'TCP') === protocol);
    if (port?.port === undefined) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const candidate = toCandidate(endpoint, port.port, node);
      if (!candidate) continue;
      const key = `${candidate.address} ${candidate.port}`;
      const present = found.get(key);
      // While an endpoint moves between slices it stands in both: the usable one counts.
      if (!present || (!present.ready && candidate.ready)) found.set(key, candidate);
    }
  }
  return [...found.values()].sort(byAddress);
}

function toCandidate(endpoint: SliceEndpoint, port: number, node: ChoosingNode): Candidate | undefined {
  // Upstream: only the first address of an endpoint is used, the others are reserved.
  const address = endpoint.addresses?.[0];
  if (!address) return undefined;
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions ?? {};
  return {
    address,
    port,
    local: endpoint.nodeName === node.name,
    ready,
    serving,
    terminating,
    forZones: endpoint.hints?.forZones?.map(hint => hint.name),
    forNodes: endpoint.hints?.forNodes?.map(hint => hint.name),
  };
}

function byAddress(a: Candidate, b: Candidate): number {
  return a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port;
}

/**
 * The endpoints a connection may go to from anywhere: the ready ones, of those the ones hinted for this
 * node or zone; where none is ready, those that terminate but still serve (KEP-1669).
 */
export function clusterEndpoints(all: readonly Candidate[], node: ChoosingNode): Endpoint[] {
  const ready = all.filter(candidate => candidate.ready);
  const usable = ready.length > 0 ? hinted(ready, node) : lastResort(all);
  return usable.map(plain);
}

/** The same among the endpoints on this node. Hints do not count here. */
export function localEndpoints(all: readonly Candidate[]): Endpoint[] {
  const local = all.filter(candidate => candidate.local);
  const ready = local.filter(candidate => candidate.ready);
  return (ready.length > 0 ? ready : lastResort(local)).map(plain);
}

function lastResort(all: readonly Candidate[]): Candidate[] {
  return all.filter(candidate => candidate.serving && candidate.terminating);
}

/** Hints are followed only when every ready endpoint has one and one of them is for us (KEP-2433). */
function hinted(ready: readonly Candidate[], node: ChoosingNode): readonly Candidate[] {
  if (ready.every(candidate => candidate.forNodes?.length)) {
    const forNode = ready.filter(candidate => candidate.forNodes!.includes(node.name));
    if (forNode.length > 0) return forNode;
  }
  const { zone } = node;
  if (zone === undefined || !ready.every(candidate => candidate.forZones?.length)) return ready;
  const forZone = ready.filter(candidate => candidate.forZones!.includes(zone));
  return forZone.length > 0 ? forZone : ready;
}

function plain({ address, port, local }: Candidate): Endpoint {
  return { address, port, local };
}
