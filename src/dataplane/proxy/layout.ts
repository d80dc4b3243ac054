import type { IpFamily } from '../../base/ip-address.ts';
import {
  type Chain,
  type Field,
  type Key,
  priority,
  type Rule,
  type SetDefinition,
  type SetType,
  type Statement,
  type TableLayout,
} from '../../kernel/nft/ruleset.ts';
import { marks } from './marks.ts';

/** The table of a family; kubectl's `nft list table ip causeway-services` in a node shows it. */
export const tableName = 'causeway-services';

/** How a frontend picks an endpoint. Frontends that pick alike share one chain. */
export interface PickChain {
  /** How many endpoints there are to pick from. */
  endpoints: number;
  /** Bits added to the index: `marks.internal`, `marks.masquerade`. */
  offset: number;
  /** NodePort frontends have no address in their key. */
  nodePort: boolean;
  affinitySeconds?: number;
}

/** `pick-3`, `pick-3-masquerade-nodeport`, `pick-2-affinity-10800`. */
export function pickChainName({ endpoints, offset, nodePort, affinitySeconds }: PickChain): string {
  const parts = ['pick', String(endpoints)];
  if (offset & marks.internal) parts.push('internal');
  if (offset & marks.masquerade) parts.push('masquerade');
  if (nodePort) parts.push('nodeport');
  if (affinitySeconds !== undefined) parts.push('affinity', String(affinitySeconds));
  return parts.join('-');
}

/** The set types and fields of one family. */
interface FamilyWords {
  table: 'ip' | 'ip6';
  address: SetType;
  saddr: Field;
  daddr: Field;
  originalDaddr: Field;
  /**
   * Where clients with affinity stand under a hash of what they are known by: nft 1.0.6 ends on a failed assertion
   * when a rule puts a key of more than three words, as with any IPv6 address beside another field, into a map.
   * Two clients of one hash share an endpoint, once in 2^31.
   */
  affinityKey?: readonly SetType[];
}

const words: Record<IpFamily, FamilyWords> = {
  IPv4: {
    table: 'ip',
    address: 'ipv4_addr',
    saddr: 'ip saddr',
    daddr: 'ip daddr',
    originalDaddr: 'ct original ip daddr',
  },
  IPv6: {
    table: 'ip6',
    address: 'ipv6_addr',
    saddr: 'ip6 saddr',
    daddr: 'ip6 daddr',
    originalDaddr: 'ct original ip6 daddr',
    affinityKey: ['mark'],
  },
};

export const tableOf = (family: IpFamily) => ({ family: words[family].table, name: tableName });

/**
 * Everything of a family's table but the elements of its sets. It does not grow with the number of Services:
 * frontends and endpoints are elements, and chains exist per way of picking, not per Service.
 */
export function tableLayout(family: IpFamily, picks: Iterable<PickChain>): TableLayout {
  const chains = [...fixedChains(words[family])];
  for (const pick of picks) chains.push(pickChain(family, pick));
  return { family: words[family].table, name: tableName, sets: setDefinitions(words[family]), chains };
}

function setDefinitions({ address, affinityKey }: FamilyWords): SetDefinition[] {
  const frontend: SetType[] = [address, 'inet_proto', 'inet_service'];
  const nodePort: SetType[] = ['inet_proto', 'inet_service'];
  const endpoint: SetType[] = [address, 'inet_service'];
  return [
    { name: 'services', key: frontend, data: ['verdict'] },
    { name: 'nodeports', key: nodePort, data: ['verdict'] },
    { name: 'internal-services', key: frontend, data: ['verdict'] },
    { name: 'internal-nodeports', key: nodePort, data: ['verdict'] },
    { name: 'endpoints', key: [...frontend, 'mark'], data: endpoint },
    { name: 'nodeport-endpoints', key: [...nodePort, 'mark'], data: endpoint },
    // Session affinity: who talked to which endpoint; endpoints by a number that outlives their index.
    {
      name: 'affinity',
      key: affinityKey ?? [address, ...frontend],
      data: ['mark'],
      flags: ['dynamic', 'timeout'],
      size: 65536,
    },
    { name: 'endpoint-ids', key: [...frontend, 'mark'], data: ['mark'] },
    {
      name: 'nodeport-affinity',
      key: affinityKey ?? [address, ...nodePort],
      data: ['mark'],
      flags: ['dynamic', 'timeout'],
      size: 65536,
    },
    { name: 'nodeport-endpoint-ids', key: [...nodePort, 'mark'], data: ['mark'] },
    { name: 'endpoint-by-id', key: [...frontend, 'mark'], data: endpoint },
    { name: 'nodeport-endpoint-by-id', key: [...nodePort, 'mark'], data: endpoint },
    { name: 'unavailable', key: frontend, data: ['verdict'] },
    { name: 'unavailable-nodeports', key: nodePort, data: ['verdict'] },
    { name: 'firewalled', key: frontend },
    { name: 'allowed-sources', key: [...frontend, address], flags: ['interval'] },
    { name: 'hairpins', key: [address, address] },
    { name: 'cluster-ips', key: [address] },
    { name: 'node-addresses', key: [address] },
    { name: 'node-sources', key: [address], flags: ['interval'] },
    { name: 'cluster-sources', key: [address], flags: ['interval'] },
    { name: 'service-subnets', key: [address], flags: ['interval'] },
  ];
}

const tail: Key = ['meta l4proto', 'th dport'];

function* fixedChains({ saddr, daddr, originalDaddr }: FamilyWords): Generator<Chain> {
  const frontend: Key = [daddr, ...tail];
  const toNode: Statement = { match: [daddr], value: { set: 'node-addresses' } };
  const rule = (...statements: Statement[]): Rule => ({ statements });

  yield {
    name: 'prerouting',
    hook: hook('nat', 'prerouting', priority.dstnat),
    rules: [
      {
        statements: [
          { match: [saddr], value: { set: 'node-sources' } },
          { verdict: 'jump', chain: 'dispatch-internal' },
        ],
        comment: 'pods of this node',
      },
      rule({ verdict: 'jump', chain: 'dispatch' }),
    ],
  };
  yield {
    name: 'output',
    hook: hook('nat', 'output', priority.dstnat),
    rules: [
      rule({ verdict: 'jump', chain: 'dispatch-internal' }),
      rule({ verdict: 'jump', chain: 'dispatch' }),
    ],
  };
  yield {
    name: 'dispatch',
    rules: [
      rule({ lookup: frontend, verdicts: 'services' }),
      rule(toNode, { lookup: tail, verdicts: 'nodeports' }),
    ],
  };
  yield {
    name: 'dispatch-internal',
    rules: [
      rule({ lookup: frontend, verdicts: 'internal-services' }),
      rule(toNode, { lookup: tail, verdicts: 'internal-nodeports' }),
    ],
  };
  yield {
    name: 'postrouting',
    hook: hook('nat', 'postrouting', priority.srcnat),
    rules: [
      {
        statements: [
          { markBits: marks.masquerade, set: true },
          { setMark: { value: 0 } },
          { masquerade: true },
        ],
        comment: 'from outside, policy Cluster',
      },
      {
        statements: [
          { match: [saddr, daddr], value: { set: 'hairpins' } },
          { setMark: { value: 0 } },
          { masquerade: true },
        ],
        comment: 'a pod through its own Service',
      },
      {
        statements: [
          { match: [originalDaddr], value: { set: 'service-subnets' } },
          { match: [saddr], not: true, value: { set: 'cluster-sources' } },
          { setMark: { value: 0 } },
          { masquerade: true },
        ],
        comment: 'from outside to a cluster address',
      },
      rule({ markBits: marks.all, set: true }, { setMark: { value: 0 } }),
    ],
  };
  // Before address translation: whom a load balancer's address does not serve.
  const firewall: Rule[] = [
    rule(
      { match: frontend, value: { set: 'firewalled' } },
      { match: [...frontend, saddr], not: true, value: { set: 'allowed-sources' } },
      { verdict: 'drop' },
    ),
  ];
  yield {
    name: 'firewall-prerouting',
    hook: hook('filter', 'prerouting', priority.beforeDstnat),
    rules: firewall,
  };
  yield { name: 'firewall-output', hook: hook('filter', 'output', priority.beforeDstnat), rules: firewall };
  // After it: what no frontend took is refused at once instead of timing out.
  const refuse: Rule[] = [
    rule({ match: ['ct state'], value: 'new' }, { lookup: frontend, verdicts: 'unavailable' }),
    rule({ match: ['ct state'], value: 'new' }, toNode, { lookup: tail, verdicts: 'unavailable-nodeports' }),
    {
      statements: [
        { match: ['ct state'], value: 'new' },
        { match: [daddr], value: { set: 'cluster-ips' } },
        { verdict: 'goto', chain: 'refuse' },
      ],
      comment: 'a port the Service does not have',
    },
  ];
  for (const at of ['input', 'forward', 'output'] as const) {
    yield { name: `refuse-${at}`, hook: hook('filter', at, priority.filter), rules: refuse };
  }
  yield {
    name: 'refuse',
    rules: [
      rule({ match: ['meta l4proto'], value: 'tcp' }, { reject: 'tcp reset' }),
      rule({ reject: 'port-unreachable' }),
    ],
  };
}

function hook(type: 'filter' | 'nat', at: NonNullable<Chain['hook']>['hook'], order: number) {
  return { type, hook: at, priority: order } as const;
}

function pickChain(family: IpFamily, pick: PickChain): Chain {
  const { daddr } = words[family];
  const { endpoints, offset, nodePort, affinitySeconds } = pick;
  const frontend: Key = nodePort ? tail : [daddr, ...tail];
  const prefix = nodePort ? 'nodeport-' : '';
  const draw: Rule = { statements: [{ setMark: { random: endpoints, ...(offset > 0 && { offset }) } }] };
  const go = (map: string): Statement => ({ dnat: [...frontend, 'meta mark'], map: `${prefix}${map}` });
  const name = pickChainName(pick);
  if (affinitySeconds === undefined)
    return { name, rules: [draw, { statements: [transport, go('endpoints')] }] };
  const { client, hash } = affinityClient(family, frontend);
  const map = `${prefix}affinity`;
  const remember: Statement[] = [
    transport,
    // A client keeps an endpoint only while the frontend has it.
    { match: [...frontend, 'meta mark'], value: { set: `${prefix}endpoint-by-id` } },
    { update: map, key: client, data: 'meta mark', timeoutSeconds: affinitySeconds },
    ...(hash.length > 0 ? [{ setFlowMark: { value: 0 } }] : []),
    go('endpoint-by-id'),
  ];
  return {
    name,
    rules: [
      {
        statements: [...hash, { setMark: { lookup: client, map } }, ...remember],
        comment: 'a client that was here before',
      },
      draw,
      {
        statements: [
          { setMark: { lookup: [...frontend, 'meta mark'], map: `${prefix}endpoint-ids` } },
          ...remember,
        ],
      },
    ],
  };
}

/** nft wants to see the transport protocols before it rewrites a port. */
const transport: Statement = { match: ['meta l4proto'], value: ['tcp', 'udp', 'sctp'] };

/** What a client of a frontend is known by, and what has to run before it can be looked up. */
function affinityClient(family: IpFamily, frontend: Key): { client: Key; hash: Statement[] } {
  const { saddr, affinityKey } = words[family];
  const known: Key = [saddr, ...frontend];
  if (!affinityKey) return { client: known, hash: [] };
  return { client: ['ct mark'], hash: [{ setFlowMark: { hash: known, modulus: 0x7fffffff } }] };
}
