import { isDeepStrictEqual } from 'node:util';
import type { DiscoveryEndpointPort, Endpoint, EndpointSlice } from '../../api/generated/types.ts';
import type { Stored } from '../../api/objects.ts';

/** Endpoints that share their ports, as they should be. */
export interface PortGroup {
  ports: DiscoveryEndpointPort[];
  endpoints: Endpoint[];
}

/** What a slice is to look like, its metadata aside. */
export interface SliceContent {
  ports: DiscoveryEndpointPort[];
  endpoints: Endpoint[];
}

export interface SlicePlan {
  create: SliceContent[];
  update: { slice: Stored<EndpointSlice>; content: SliceContent }[];
  delete: Stored<EndpointSlice>[];
  /** Slices whose endpoints stay as they are. */
  keep: Stored<EndpointSlice>[];
}

export interface SlicePlanOptions {
  /** In one slice, at most. */
  maxEndpoints: number;
  /** Hints of a slice that nothing else changes stay, whatever the wanted endpoints say. */
  keepHints?: boolean;
}

/** A text that tells endpoint ports apart. */
export function portsKey(ports: readonly DiscoveryEndpointPort[] | undefined): string {
  const texts = (ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol = '' }) =>
    [name, port, protocol, appProtocol].join(),
  );
  return texts.sort().join(';');
}

/** The identity of an endpoint: the pod behind it, or its addresses. */
function endpointKey({ addresses, targetRef }: Endpoint): string {
  return `${targetRef?.uid ?? ''} ${[...addresses].sort().join()}`;
}

/**
 * Fits the wanted endpoints into the slices there are with as few writes as can be: endpoints stay in the
 * slice they are in; new ones go into slices that change anyway, then into one that has room for all, then
 * into new slices. Slices left empty go, save one, so that "no endpoints" is told apart from "not looked at yet".
 *
 * @param existing slices of one address type.
 */
export function planSlices(
  existing: readonly Stored<EndpointSlice>[],
  groups: readonly PortGroup[],
  options: SlicePlanOptions,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [], keep: [] };
  const byPorts = new Map<string, Stored<EndpointSlice>[]>();
  for (const slice of existing) {
    const key = portsKey(slice.ports);
    byPorts.set(key, [...(byPorts.get(key) ?? []), slice]);
  }
  for (const group of groups) {
    const key = portsKey(group.ports);
    planGroup(plan, byPorts.get(key) ?? [], group, options);
    byPorts.delete(key);
  }
  for (const slices of byPorts.values()) plan.delete.push(...slices);
  keepPlaceholder(plan);
  recycle(plan);
  return plan;
}

interface Draft {
  slice: Stored<EndpointSlice>;
  endpoints: Endpoint[];
  changed: boolean;
}

function planGroup(
  plan: SlicePlan,
  slices: readonly Stored<EndpointSlice>[],
  { ports, endpoints }: PortGroup,
  { maxEndpoints, keepHints = false }: SlicePlanOptions,
): void {
  const wanted = new Map(endpoints.map(endpoint => [endpointKey(endpoint), endpoint]));
  const drafts = slices.map(slice => draftOf(slice, wanted, keepHints));
  const left = [...wanted.values()];
  fillChanged(drafts, left, maxEndpoints);
  fillOneWithRoom(drafts, left, maxEndpoints);
  while (left.length > 0) plan.create.push({ ports, endpoints: left.splice(0, maxEndpoints) });
  for (const { slice, endpoints: kept, changed } of drafts) {
    if (kept.length === 0) plan.delete.push(slice);
    else if (changed) plan.update.push({ slice, content: { ports, endpoints: kept } });
    else plan.keep.push(slice);
  }
}

/** The slice with what of it is still wanted; takes that out of `wanted`. */
function draftOf(slice: Stored<EndpointSlice>, wanted: Map<string, Endpoint>, keepHints: boolean): Draft {
  let changed = false;
  const endpoints: Endpoint[] = [];
  for (const present of slice.endpoints ?? []) {
    const key = endpointKey(present);
    const next = wanted.get(key);
    if (!next) {
      changed = true;
      continue;
    }
    wanted.delete(key);
    const same = keepHints ? { ...next, hints: present.hints } : next;
    if (!isDeepStrictEqual(plain(same), plain(present))) changed = true;
    endpoints.push(next);
  }
  return { slice, endpoints, changed };
}

function fillChanged(drafts: Draft[], left: Endpoint[], maxEndpoints: number): void {
  const open = drafts
    .filter(({ changed }) => changed)
    .sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const draft of open) {
    draft.endpoints.push(...left.splice(0, Math.max(0, maxEndpoints - draft.endpoints.length)));
  }
}

/** What is left goes into the fullest slice with room for all of it. */
function fillOneWithRoom(drafts: Draft[], left: Endpoint[], maxEndpoints: number): void {
  const rest = left.length % maxEndpoints;
  if (rest === 0) return;
  const fitting = drafts
    .filter(({ changed, endpoints }) => !changed && endpoints.length + rest <= maxEndpoints)
    .sort((a, b) => b.endpoints.length - a.endpoints.length)[0];
  if (!fitting) return;
  fitting.endpoints.push(...left.splice(left.length - rest));
  fitting.changed = true;
}

function keepPlaceholder(plan: SlicePlan): void {
  if (plan.create.length + plan.update.length + plan.keep.length > 0) return;
  const [first, ...rest] = plan.delete;
  plan.delete = rest;
  const empty = { ports: [], endpoints: [] };
  if (!first) plan.create.push(empty);
  else if (portsKey(first.ports) === '' && (first.endpoints ?? []).length === 0) plan.keep.push(first);
  else plan.update.push({ slice: first, content: empty });
}

/** A slice that would go takes the content of one that would come. */
function recycle(plan: SlicePlan): void {
  while (plan.create.length > 0 && plan.delete.length > 0) {
    plan.update.push({ slice: plan.delete.pop()!, content: plan.create.pop()! });
  }
}

/** Without the fields that are undefined, which the API server does not keep. */
function plain(endpoint: Endpoint): unknown {
  return JSON.parse(JSON.stringify(endpoint));
}
