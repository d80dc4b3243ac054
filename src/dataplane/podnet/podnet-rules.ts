import { familyOf, type IpFamily } from '../../base/ip-address.ts';
import type { Attachment } from './address-book.ts';
import type { PortMapping } from './cni.ts';
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
  return [
    `add table inet ${podnetTable}`,
    `delete table inet ${podnetTable}`,
    `table inet ${podnetTable} {`,
    ...families.flatMap(row => familySets(input, row)),
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

/** Changes of the elements that an attachment's host ports are; '' where it has none. */
export function renderHostPorts(verb: 'add' | 'delete', attachment: Attachment): string {
  return hostPortElements([attachment])
    .map(({ set, element }) => `${verb} element inet ${podnetTable} ${set} { ${element} }\n`)
    .join('');
}

function familySets(
  input: RulesInput,
  { family, digit, type, multicast }: (typeof families)[number],
): string[] {
  const of = (cidrs: readonly string[]) => cidrs.filter(cidr => familyOf(cidr) === family);
  const elements = hostPortElements(input.attachments);
  const named = (set: string) => elements.filter(row => row.set === set).map(({ element }) => element);
  return [
    ...set(`set pods${digit}`, [`type ${type}`, 'flags interval', 'auto-merge'], of(input.podCidrs)),
    ...set(
      `set inside${digit}`,
      [`type ${type}`, 'flags interval', 'auto-merge'],
      [...of(input.insideCidrs), multicast],
    ),
    ...set(`set hairpin${digit}`, [`type ${type} . ${type}`], [...new Set(named(`hairpin${digit}`))]),
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

function hostPortElements(attachments: readonly Attachment[]): { set: string; element: string }[] {
  return attachments.flatMap(attachment =>
    attachment.addresses.flatMap(address => {
      const family = families.find(row => row.family === familyOf(address))!;
      const ports = attachment.portMappings.filter(mapping => fits(mapping, family.family));
      if (ports.length === 0) return [];
      const rows = ports.map(mapping => portElement(mapping, address, family.digit));
      return [...rows, { set: `hairpin${family.digit}`, element: `${address} . ${address}` }];
    }),
  );
}

function portElement(mapping: PortMapping, address: string, digit: string): { set: string; element: string } {
  const { protocol, hostPort, containerPort, hostIP } = mapping;
  const target = `${address} . ${containerPort}`;
  if (hostIP === undefined || isUnspecified(hostIP)) {
    return { set: `host-ports${digit}`, element: `${protocol} . ${hostPort} : ${target}` };
  }
  return { set: `host-ports-at${digit}`, element: `${hostIP} . ${protocol} . ${hostPort} : ${target}` };
}

function fits({ hostIP }: PortMapping, family: IpFamily): boolean {
  return hostIP === undefined || familyOf(hostIP) === family;
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
