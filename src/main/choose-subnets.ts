import { systemClock } from '../base/clock.ts';
import { SystemCommands } from '../kernel/command.ts';
import { LinuxIpRoute } from '../kernel/ip/linux-ip-route.ts';
import { freeSubnets, type SubnetWish } from '../machines/subnets.ts';
import { ClusterPaths, listClusters, readCluster } from './cluster-config.ts';

export type { SubnetWish };

/** Subnets that overlap neither the machine's routes nor another cluster; the wished-for ones where given. */
export async function chooseSubnets(dataDir: string, wish: SubnetWish) {
  const ip = new LinuxIpRoute({ commands: new SystemCommands({ clock: systemClock }) });
  const taken: string[] = [];
  if (!wish.isolated) {
    for (const route of await ip.routes()) if (route.destination !== 'default') taken.push(route.destination);
    for (const name of listClusters(dataDir)) {
      const other = readCluster(new ClusterPaths(dataDir, name));
      if (!other || other.isolated) continue;
      taken.push(...other.nodeSubnets, ...other.podSubnets, ...other.serviceSubnets);
    }
  }
  return freeSubnets(wish, taken);
}
