import { familyOf, type IpFamily } from '../../base/ip-address.ts';
import type { Attachment } from './address-book.ts';
import type { PortMapping } from './cni.ts';

/** Set or map of the table → key → data; '' in plain sets. */
export type HostPortElements = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * What the host ports of all attachments are in the table. Where two pods ask for one port (the scheduler prevents it;
 * a pod that was put on a node by name, or follows one that is still ending, may) the first keeps it, and the next
 * has it when that one goes.
 */
export function hostPortElements(attachments: readonly Attachment[]): HostPortElements {
  const elements = new Map<string, Map<string, string>>();
  const add = (set: string, key: string, data: string) => {
    const present = elements.get(set) ?? new Map<string, string>();
    if (!present.has(key)) present.set(key, data);
    elements.set(set, present);
  };
  for (const { addresses, portMappings } of attachments) {
    for (const address of addresses) {
      const family = familyOf(address)!;
      const digit = family === 'IPv4' ? '4' : '6';
      for (const mapping of portMappings.filter(candidate => fits(candidate, family))) {
        const { protocol, hostPort, containerPort, hostIP } = mapping;
        const target = `${address} . ${containerPort}`;
        if (hostIP === undefined || isUnspecified(hostIP)) {
          add(`host-ports${digit}`, `${protocol} . ${hostPort}`, target);
        } else {
          add(`host-ports-at${digit}`, `${hostIP} . ${protocol} . ${hostPort}`, target);
        }
        add(`hairpin${digit}`, `${address} . ${address}`, '');
      }
    }
  }
  return elements;
}

function fits({ hostIP }: PortMapping, family: IpFamily): boolean {
  return hostIP === undefined || hostIP === '' || familyOf(hostIP) === family;
}

function isUnspecified(address: string): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}
