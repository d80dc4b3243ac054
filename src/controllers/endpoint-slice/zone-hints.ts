import { isDeepStrictEqual } from 'node:util';
import type { Endpoint, EndpointSlice, Service } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';
import type { SliceContent, SlicePlan } from '../slices/slice-plan.ts';
import { type Allocation, allocate, type ZoneShares } from './zone-shares.ts';

/** Whether hints follow the zones' processors. The older annotation counts where both are given. */
export function followsZones({ metadata }: Service): boolean {
  const { annotations = {} } = metadata ?? {};
  const mode =
    annotations['service.kubernetes.io/topology-aware-hints'] ??
    annotations['service.kubernetes.io/topology-mode'];
  return mode === 'Auto' || mode === 'auto';
}

/**
 * The plan with every ready endpoint hinted for one zone, in proportion to the zones' processors. Slices
 * that nothing else changes keep their hints as long as these still fit.
 *
 * @returns a text where that is not possible: why, in upstream's wording.
 */
export function withZoneHints(plan: SlicePlan, shares: ZoneShares | undefined): SlicePlan | string {
  const allocations = allocate(shares, readyEndpoints(plan));
  if (typeof allocations === 'string') return allocations;
  const given = new Map<string, number>();
  const fitting = plan.keep.filter(slice => takeHints(slice, allocations, given));
  const others = plan.keep.filter(slice => !fitting.includes(slice)).map(asUpdate);
  const changing = [...plan.create, ...[...plan.update, ...others].map(({ content }) => content)];
  const ready = changing.flatMap(({ endpoints }) => endpoints.filter(isReady));
  if (ready.some(({ zone }) => !zone)) {
    return 'One or more endpoints do not have a zone specified';
  }
  // Where a hint is of some use, it is where moves begin: else two equal divisions could alternate for ever.
  const from = ({ hints, zone = '' }: Endpoint) => {
    const [present, ...more] = hints?.forZones ?? [];
    return present && more.length === 0 && allocations.has(present.name) ? present.name : zone;
  };
  for (const endpoint of ready) count(given, from(endpoint), 1);
  const moves = zoneMoves(allocations, given);
  const hint = ({ ports, endpoints }: SliceContent) => ({ ports, endpoints: hinted(endpoints, from, moves) });
  const hintUpdate = ({ slice, content }: SliceUpdate) => ({ slice, content: hint(content) });
  const create = plan.create.map(hint);
  const update = plan.update.map(hintUpdate);
  const rehinted = others.map(hintUpdate);
  // They may come out the same, as those for zones without nodes that count do.
  const same = rehinted.filter(({ slice, content }) => isDeepStrictEqual(slice.endpoints, content.endpoints));
  return {
    create,
    update: [...update, ...rehinted.filter(one => !same.includes(one))],
    delete: plan.delete,
    keep: [...fitting, ...same.map(({ slice }) => slice)],
  };
}

type SliceUpdate = SlicePlan['update'][number];

function asUpdate(slice: Stored<EndpointSlice>): SliceUpdate {
  return { slice, content: { ports: slice.ports ?? [], endpoints: slice.endpoints ?? [] } };
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready === true;
}

function readyEndpoints({ create, update, keep }: SlicePlan): number {
  const all = [...create, ...update.map(({ content }) => content), ...keep];
  return all.reduce((sum, { endpoints }) => sum + (endpoints ?? []).filter(isReady).length, 0);
}

function count(counts: Map<string, number>, key: string, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

/** Adds the hints of a slice to those given, unless one is missing, of no use, or more than its zone may have. */
function takeHints(
  { endpoints = [] }: Stored<EndpointSlice>,
  allocations: ReadonlyMap<string, Allocation>,
  given: Map<string, number>,
): boolean {
  const own = new Map<string, number>();
  for (const endpoint of endpoints.filter(isReady)) {
    const zones = endpoint.hints?.forZones ?? [];
    if (zones.length === 0) return false;
    for (const { name } of zones) count(own, name, 1);
  }
  for (const [zone, hints] of own) {
    const maximum = allocations.get(zone)?.maximum ?? 0;
    if (hints + (given.get(zone) ?? 0) > maximum) return false;
  }
  for (const [zone, hints] of own) count(given, zone, hints);
  return true;
}

/** How many endpoints zones give away, and how many others get. */
interface ZoneMoves {
  giving: Map<string, number>;
  receiving: Map<string, number>;
}

/** Moves from the zone with most too many to the one with most too few, until both are right to half an endpoint. */
function zoneMoves(
  allocations: ReadonlyMap<string, Allocation>,
  given: ReadonlyMap<string, number>,
): ZoneMoves {
  const moves: ZoneMoves = { giving: new Map(), receiving: new Map() };
  const balance = new Map(
    [...allocations].map(([zone, { desired }]) => [zone, (given.get(zone) ?? 0) - desired]),
  );
  for (;;) {
    const byBalance = [...balance].sort(([, a], [, b]) => b - a);
    const [giver, tooMany] = byBalance[0]!;
    const [receiver, missing] = byBalance.at(-1)!;
    const smaller = Math.min(tooMany, -missing);
    const larger = Math.max(tooMany, -missing);
    if (smaller < 0.5 || larger < 1) return moves;
    count(moves.giving, giver, 1);
    count(moves.receiving, receiver, 1);
    count(balance, giver, -1);
    count(balance, receiver, 1);
  }
}

/** Endpoints with hints: for the zone they come from, or for another that `moves` (used up) lets them go to. */
function hinted(
  endpoints: readonly Endpoint[],
  from: (endpoint: Endpoint) => string,
  { giving, receiving }: ZoneMoves,
): Endpoint[] {
  return endpoints.map(endpoint => {
    const { hints: _, ...plain } = endpoint;
    if (!isReady(endpoint)) return plain;
    let name = from(endpoint);
    const receivers = [endpoint.zone!, ...receiving.keys()];
    const receiver = receivers.find(zone => (receiving.get(zone) ?? 0) > 0);
    if (receiver !== undefined && (giving.get(name) ?? 0) > 0) {
      count(giving, name, -1);
      count(receiving, receiver, -1);
      name = receiver;
    }
    return { ...plain, hints: { forZones: [{ name }] } };
  });
}
