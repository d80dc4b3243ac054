import { type IpFamily, parseCidr } from '../../base/ip-address.ts';
import { concat } from '../../kernel/nft/ruleset.ts';
import type { Endpoint, Frontend, ServiceModel, ServicePortModel } from '../model/service-model.ts';
import { endpointIds } from './endpoint-ids.ts';
import { type PickChain, pickChainName } from './layout.ts';
import { marks } from './marks.ts';
import { subnetKey } from './subnet-key.ts';

/** One element a Service wants in a set of a family's table. */
export interface WantedElement {
  family: IpFamily;
  set: string;
  key: string;
  /** '' in plain sets. */
  data: string;
}

/** What one Service wants in the kernel. */
export interface ServicePlan {
  elements: WantedElement[];
  /** The chains its verdicts go to, per family. */
  picks: { family: IpFamily; pick: PickChain }[];
}

/** The elements and chains of one Service. Pure. */
export function planService(service: ServiceModel): ServicePlan {
  const plan: ServicePlan = { elements: [], picks: [] };
  for (const port of service.ports) {
    for (const frontend of port.frontends) planFrontend(plan, port, frontend);
  }
  return plan;
}

function planFrontend(plan: ServicePlan, port: ServicePortModel, frontend: Frontend): void {
  const { family, address, endpoints, internalEndpoints } = frontend;
  const add = (set: string, key: string, data = '') => plan.elements.push({ family, set, key, data });
  const key = frontendKey(port, frontend);
  const nodePort = address === undefined;
  // What no frontend of a Service's own address takes is refused, also where a node holds the address.
  if (frontend.kind === 'ClusterIP' || frontend.kind === 'LoadBalancer') add('cluster-ips', address!);
  if (frontend.sourceRanges && !nodePort) {
    add('firewalled', key);
    for (const range of disjoint(frontend.sourceRanges)) add('allowed-sources', concat(key, range));
  }
  const masquerade = frontend.masquerade ? marks.masquerade : 0;
  if (endpoints.length > 0) {
    planPick(plan, port, frontend, endpoints, masquerade);
  } else {
    const verdict = frontend.withoutEndpoints === 'drop' ? 'drop' : 'goto refuse';
    add(nodePort ? 'unavailable-nodeports' : 'unavailable', key, verdict);
  }
  if (internalEndpoints && internalEndpoints.length > 0) {
    planPick(plan, port, frontend, internalEndpoints, marks.internal);
  }
  for (const endpoint of [...endpoints, ...(internalEndpoints ?? [])]) {
    if (endpoint.local) add('hairpins', concat(endpoint.address, endpoint.address));
  }
}

function planPick(
  plan: ServicePlan,
  port: ServicePortModel,
  frontend: Frontend,
  endpoints: readonly Endpoint[],
  offset: number,
): void {
  const { family } = frontend;
  const nodePort = frontend.address === undefined;
  const prefix = nodePort ? 'nodeport-' : '';
  const add = (set: string, key: string, data: string) => plan.elements.push({ family, set, key, data });
  const picked = endpoints.slice(0, marks.maxEndpoints);
  const { affinitySeconds } = port;
  const pick: PickChain = {
    endpoints: picked.length,
    offset,
    nodePort,
    ...(affinitySeconds !== undefined && { affinitySeconds }),
  };
  plan.picks.push({ family, pick });
  const key = frontendKey(port, frontend);
  const dispatch = `${offset & marks.internal ? 'internal-' : ''}${nodePort ? 'nodeports' : 'services'}`;
  add(dispatch, key, `goto ${pickChainName(pick)}`);
  const ids = affinitySeconds === undefined ? [] : endpointIds(picked);
  for (const [index, endpoint] of picked.entries()) {
    const drawn = concat(key, mark(offset + index));
    const target = concat(endpoint.address, endpoint.port);
    if (affinitySeconds === undefined) {
      add(`${prefix}endpoints`, drawn, target);
    } else {
      const id = mark(ids[index]! * 2 ** marks.idShift + offset);
      add(`${prefix}endpoint-ids`, drawn, id);
      add(`${prefix}endpoint-by-id`, concat(key, id), target);
    }
  }
}

function frontendKey({ protocol }: ServicePortModel, { address, port }: Frontend): string {
  return address === undefined ? concat(protocol, port) : concat(address, protocol, port);
}

/** The subnets without those that lie in another one (nft refuses overlaps), as nft prints them. */
function disjoint(ranges: readonly string[]): string[] {
  const cidrs = ranges.map(range => parseCidr(range)).filter(cidr => cidr !== undefined);
  const kept = cidrs.filter(
    (cidr, index) =>
      !cidrs.some(
        (other, at) =>
          at !== index &&
          other.family === cidr.family &&
          other.first <= cidr.first &&
          other.last >= cidr.last &&
          (other.prefix < cidr.prefix || at < index),
      ),
  );
  return kept.map(subnetKey);
}

/** As nft takes and the walker compares marks. */
function mark(value: number): string {
  return `0x${value.toString(16)}`;
}
