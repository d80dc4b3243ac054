import type { IpFamily } from '../../base/ip-address.ts';
import type { NetnsPath } from '../network-namespace.ts';
import type { Neighbour, NetworkChange, Route } from './change.ts';

/** Links, addresses, routes and neighbours of network namespaces, as iproute2 knows them. */
export interface IpRoute {
  /**
   * Applies changes in order. When one fails those before it are applied; those after it may be, too.
   * @throws IpRouteError naming the change that failed.
   */
  apply(changes: readonly NetworkChange[], netns?: NetnsPath): Promise<void>;
  links(netns?: NetnsPath): Promise<Link[]>;
  /** The unicast and unreachable routes of the main table. */
  routes(family: IpFamily, netns?: NetnsPath): Promise<Route[]>;
  /** The permanent neighbour entries. */
  neighbours(family: IpFamily, netns?: NetnsPath): Promise<Neighbour[]>;
  /** The forwarding table of a VXLAN link. */
  forwarding(link: string, netns?: NetnsPath): Promise<{ mac: string; remote: string }[]>;
  /** Ends what was kept open. */
  close(): Promise<void>;
}

export interface Link {
  index: number;
  name: string;
  /** `veth`, `bridge`, `vxlan`; '' for loopback and real devices. */
  kind: string;
  up: boolean;
  mtu: number;
  mac: string;
  master: string | undefined;
  alias: string | undefined;
  group: string;
  /** With prefix: `172.30.0.1/24`. */
  addresses: string[];
}

export type IpRouteFailure = 'exists' | 'not-found' | 'other';

/** iproute2 refused a change, or could not be run. */
export class IpRouteError extends Error {
  readonly code: IpRouteFailure;
  readonly change: NetworkChange | undefined;

  constructor(reason: string, change: NetworkChange | undefined, command: string, options?: ErrorOptions) {
    super(`ip ${command}: ${reason}`, options);
    this.name = 'IpRouteError';
    this.code = failureOf(reason);
    this.change = change;
  }
}

function failureOf(reason: string): IpRouteFailure {
  if (/File exists|already assigned/i.test(reason)) return 'exists';
  const missing =
    /Cannot find device|No such (process|device|file)|does not exist|Address not found|Cannot assign requested address/i;
  return missing.test(reason) ? 'not-found' : 'other';
}
