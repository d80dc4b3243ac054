import type { Node } from '../../api/generated/types.ts';
import { parseQuantity, quantityMilliValue } from '../../api/quantity.ts';

export const zoneLabel = 'topology.kubernetes.io/zone';

/** The part of the cluster's processors that stands in each zone; the parts add up to 1. */
export type ZoneShares = ReadonlyMap<string, number>;

/** How many endpoints may be for one zone. */
export interface Allocation {
  minimum: number;
  maximum: number;
  /** What the zone's share comes to, not rounded. */
  desired: number;
}

/** By how much an endpoint may get more than its even part of the traffic. Upstream's figure (KEP-2433). */
const overloadThreshold = 0.2;

const excludedLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** A zone and the processors it has by this node, in thousandths. */
export interface NodeShare {
  zone: string | undefined;
  cpu: number;
}

/** What a node adds to the shares; undefined for one that takes no part: not ready, or of the control plane. */
export function nodeShare({ metadata, status }: Node): NodeShare | undefined {
  if (excludedLabels.some(label => metadata?.labels?.[label] !== undefined)) return undefined;
  if (!status?.conditions?.some(condition => condition.type === 'Ready' && condition.status === 'True')) {
    return undefined;
  }
  const cpu = quantityMilliValue(parseQuantity(String(status.allocatable?.cpu ?? 0)));
  return { zone: metadata?.labels?.[zoneLabel] || undefined, cpu };
}

/** Undefined where a node has no zone or no processors, and where all are in one zone. */
export function zoneShares(nodes: readonly Node[]): ZoneShares | undefined {
  const cpus = new Map<string, number>();
  let total = 0;
  for (const share of nodes.map(nodeShare)) {
    if (!share) continue;
    const { zone, cpu } = share;
    if (!zone || cpu === 0) return undefined;
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu);
    total += cpu;
  }
  if (cpus.size < 2) return undefined;
  const zones = [...cpus].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(zones.map(([zone, cpu]) => [zone, cpu / total]));
}

/** Endpoints a zone, or, as a text, why they cannot be divided without overload: upstream's wording. */
export function allocate(
  shares: ZoneShares | undefined,
  endpoints: number,
): Map<string, Allocation> | string {
  if (!shares) {
    return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  }
  const counts = `(${endpoints} endpoints, ${shares.size} zones)`;
  if (shares.size > endpoints) return `Insufficient number of endpoints ${counts}`;
  const wanted = [...shares].map(([zone, share]) => {
    const minimum = Math.ceil(share * endpoints * (1 / (1 + overloadThreshold)));
    return { zone, minimum, desired: Math.max(share * endpoints, minimum) };
  });
  const spare = endpoints - wanted.reduce((sum, { minimum }) => sum + minimum, 0);
  if (spare < 0) {
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counts}`;
  }
  return new Map(
    wanted.map(({ zone, minimum, desired }) => [zone, { minimum, maximum: minimum + spare, desired }]),
  );
}
