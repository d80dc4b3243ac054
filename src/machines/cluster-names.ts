import { createHash } from 'node:crypto';
import type { Place } from './machines.ts';

/** The bridge of a cluster's node network, within the kernel's 15 characters. */
export function bridgeName(cluster: string): string {
  return `cw-${digest(cluster).slice(0, 8)}`;
}

/** The host side's end of a machine's cable. */
export function machineLink(cluster: string, machine: string): string {
  return `cwm-${digest(`${cluster}/${machine}`).slice(0, 10)}`;
}

/**
 * The MAC address of the bridge. Without one of its own a bridge takes a port's and changes it as machines come
 * and go, whereupon their neighbour entries for the gateway are wrong for a minute.
 */
export function bridgeMac(bridge: string): string {
  return macFrom(`bridge ${bridge}`);
}

/** The MAC address of a machine: the same each time it is made, so that its neighbours find it again at once. */
export function machineMac(cluster: string, machine: string): string {
  return macFrom(`machine ${cluster}/${machine}`);
}

/** Unicast, locally administered. */
function macFrom(text: string): string {
  return `02:${digest(text).slice(0, 10).match(/../g)!.join(':')}`;
}

/** The nftables table (family inet) of a cluster on a host side that is the machine itself. */
export function hostTable(cluster: string): string {
  return `causeway-${cluster}`;
}

/** Everything of a cluster is below this control group. */
export function clusterCgroup(cluster: string): string {
  return `causeway/${cluster}`;
}

export function placeCgroup(cluster: string, place: Place): string {
  const below = 'host' in place ? 'host' : `nodes/${place.machine}`;
  return `${clusterCgroup(cluster)}/${below}`;
}

/** The group of one supervised process. Processes are in leaves only, as version 2 wants it. */
export function processCgroup(cluster: string, place: Place, name: string): string {
  return `${placeCgroup(cluster, place)}/system/${name}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
