import { systemClock } from '../base/clock.ts';
import { createLogger, type Logger } from '../base/log.ts';
import { LinuxCgroups } from '../kernel/cgroup/linux-cgroups.ts';
import { SystemCommands } from '../kernel/command.ts';
import { LinuxIpRoute } from '../kernel/ip/linux-ip-route.ts';
import { LinuxNetworkNamespaces } from '../kernel/network-namespace.ts';
import { LinuxMachines } from '../machines/linux-machines.ts';
import type { ClusterContext } from './commands/context.ts';

/** The machines of a cluster, on this Linux. */
export function linuxMachines({ paths, config }: ClusterContext, log: Logger = commandLog()): LinuxMachines {
  const commands = new SystemCommands({ clock: systemClock });
  return new LinuxMachines(
    {
      clock: systemClock,
      log,
      commands,
      ip: new LinuxIpRoute({ commands }),
      namespaces: new LinuxNetworkNamespaces({ commands }),
      cgroups: new LinuxCgroups({ clock: systemClock }),
    },
    {
      cluster: config.name,
      runDir: paths.run,
      isolated: config.isolated,
      bridge: config.bridge,
      subnets: config.nodeSubnets,
      gateways: config.gateways,
      mtu: config.mtu,
    },
  );
}

/** What a command line run logs: warnings, and all of it when CAUSEWAY_DEBUG is set. */
export function commandLog(): Logger {
  const level = process.env.CAUSEWAY_DEBUG ? 'debug' : 'warn';
  return createLogger(systemClock, { component: 'causeway', level });
}
