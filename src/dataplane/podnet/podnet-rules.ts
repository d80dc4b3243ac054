import { familyOf, type IpFamily } from '../../base/ip-address.ts';
import type { Attachment } from './address-book.ts';
import { type HostPortElements, hostPortElements } from './host-port-elements.ts';
import { vxlanLink } from './node-routes.ts';
import { podLinkPrefix } from './pod-link.ts';

export const podnetTable = 'causeway-podnet';

export interface RulesInput {
  /** Subnets of this node's pods. */
  podCidrs: readonly string[];
  /** Pods' packets to these keep their source: the pods and nodes of the cluster. */
  insideCidrs: readonly string[];
  attachments: readonly Attachment[];
}

/** Right after the Services' translation, which stands at dstnat (-100): a Service wins over a host port. */
const afterServices = '-95';

const families: { family: IpFamily; digit: '4' | '6'; ip: 'ip' | 'ip6'; type: string; multicast: string }[] =
  [
    { family: 'IPv4', digit: '4', ip: 'ip', type: 'ipv4_addr', multicast: '224.0.0.0/4' },
    { family: 'IPv6', digit: '6', ip: 'ip6', type: 'ipv6_addr', multicast: 'ff00::/8' },
  ];

/** The whole table, in one transaction that replaces the one before. See README.md for what each chain does. */
export function renderRules(input: RulesInput): string {
  const ports = hostPortElements(input.attachments);
  return [
    `add table inet ${podnetTable}`,
    `delete table inet ${podnetTable}`,
    `table inet ${podnetTable} {`,
    ...families.flatMap(row => familySets(input, row, ports)),
    ...chain('sources', 'filter', 'prerouting', 'raw', [
      `iifname != "${podLinkPrefix}*" accept`,
      'ip daddr 127.0.0.0/8 drop',
      'fib saddr . iif oif missing drop',
    ]),
    ...chain('host-ports', 'nat', 'prerouting', afterServices, hostPortRules()),
    ...chain('host-ports-local', 'nat', 'output', afterServices, hostPortRules()),
    ...chain('outbound', 'nat', 'postrouting', 'srcnat', masqueradeRules()),
    ...chain('segment-size', 'filter', 'forward', 'mangle', [
      `oifname "${vxlanLink}" tcp flags syn / syn,rst tcp option maxseg size set rt mtu`,
    ]),
    '}',
    '',
  ].join('\n');
}

function familySets(
  input: RulesInput,
  { family, digit, type, multicast }: (typeof families)[number],
  ports: HostPortElements,
): string[] {
  const of = (cidrs: readonly string[]) => cidrs.filter(cidr => familyOf(cidr) === family);
  const named = (set: string) => Array.from(ports.get(set) ?? [], renderElement);
  return [
    ...set(`set pods${digit}`, [`type ${type}`, 'flags interval', 'auto-merge'], of(input.podCidrs)),
    ...set(
      `set inside${digit}`,
      [`type ${type}`, 'flags interval', 'auto-merge'],
      [...of(input.insideCidrs), multicast],
    ),
    ...set(`set hairpin${digit}`, [`type ${type} . ${type}`], named(`hairpin${digit}`)),
    ...set(
      `map host-ports${digit}`,
      [`type inet_proto . inet_service : ${type} . inet_service`],
      named(`host-ports${digit}`),
    ),
    ...set(
      `map host-ports-at${digit}`,
      [`type ${type} . inet_proto . inet_service : ${type} . inet_service`],
      named(`host-ports-at${digit}`),
    ),
  ];
}

function set(head: string, properties: readonly string[], elements: readonly string[]): string[] {
  const rows = elements.length > 0 ? [`elements = { ${elements.join(', ')} }`] : [];
  return [`  ${head} {`, ...[...properties, ...rows].map(row => `    ${row}`), '  }'];
}

function chain(
  name: string,
  type: string,
  hook: string,
  priority: string,
  rules: readonly string[],
): string[] {
  const head = `type ${type} hook ${hook} priority ${priority}; policy accept;`;
  return [`  chain ${name} {`, ...[head, ...rules].map(row => `    ${row}`), '  }'];
}

function hostPortRules(): string[] {
  return families.flatMap(({ ip, digit }) => [
    `fib daddr type local dnat ${ip} to ${ip} daddr . meta l4proto . th dport map @host-ports-at${digit}`,
    `fib daddr type local dnat ${ip} to meta l4proto . th dport map @host-ports${digit}`,
  ]);
}

function masqueradeRules(): string[] {
  return [
    ...families.map(
      ({ ip, digit }) => `ct status dnat ${ip} saddr . ${ip} daddr @hairpin${digit} masquerade`,
    ),
    `oifname "${podLinkPrefix}*" ip saddr 127.0.0.0/8 masquerade`,
    ...families.map(
      ({ ip, digit }) => `${ip} saddr @pods${digit} ${ip} daddr != @inside${digit} masquerade fully-random`,
    ),
  ];
}

/** The commands that turn the elements of `before` into those of `after`; '' where nothing differs. */
export function renderHostPortChanges(before: HostPortElements, after: HostPortElements): string {
  const lines: string[] = [];
  const eachMissing = (from: HostPortElements, to: HostPortElements, verb: 'delete' | 'add') => {
    for (const [set, elements] of from) {
      for (const [key, data] of elements) {
        if (to.get(set)?.get(key) === data) continue;
        const element = verb === 'add' ? renderElement([key, data]) : key;
        lines.push(`${verb} element inet ${podnetTable} ${set} { ${element} }\n`);
      }
    }
  };
  eachMissing(before, after, 'delete');
  eachMissing(after, before, 'add');
  return lines.join('');
}

function renderElement([key, data]: readonly [string, string]): string {
  return data === '' ? key : `${key} : ${data}`;
}
