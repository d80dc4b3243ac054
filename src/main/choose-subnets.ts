import { systemClock } from '../base/clock.ts';
import type { IpFamily } from '../base/ip-address.ts';
import { SystemCommands } from '../kernel/command.ts';
import { LinuxIpRoute } from '../kernel/ip/linux-ip-route.ts';
import { chooseSubnets, SubnetConflict, type SubnetRequest, type Subnets } from '../machines/subnets.ts';
import { ClusterPaths, listClusters, readCluster } from './cluster-config.ts';
import { UsageFailure } from './failure.ts';

/**
 * Subnets for a new cluster that overlap neither the machine's routes nor another cluster; the wished-for
 * ones where given. An isolated cluster meets neither.
 * @throws UsageFailure when a wished-for subnet is taken.
 */
export async function freeSubnets(
  dataDir: string,
  isolated: boolean,
  request: SubnetRequest,
): Promise<Subnets> {
  const taken = isolated ? [] : await routedSubnets(request.families);
  for (const name of listClusters(dataDir)) {
    const other = readCluster(new ClusterPaths(dataDir, name));
    if (!other || other.isolated || isolated) continue;
    taken.push(...other.nodeSubnets, ...other.podSubnets, ...other.serviceSubnets);
  }
  try {
    return chooseSubnets(request, taken);
  } catch (error) {
    if (error instanceof SubnetConflict) throw new UsageFailure(error.message);
    throw error;
  }
}

async function routedSubnets(families: readonly IpFamily[]): Promise<string[]> {
  const ip = new LinuxIpRoute({ commands: new SystemCommands({ clock: systemClock }) });
  const routes = await Promise.all(families.map(family => ip.routes(family)));
  return routes.flat().map(route => route.destination);
}
