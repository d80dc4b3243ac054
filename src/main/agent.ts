import { readFileSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { HttpTransport } from '../client/http-transport.ts';
import { assembleAgent } from '../cluster/agent.ts';
import type { AgentConfig } from '../cluster/config.ts';
import { GrpcCri } from '../cri/grpc-cri.ts';
import { parseResolvConf } from '../dns/resolv-conf.ts';
import { LinuxAcceptQueues } from '../kernel/accept-queues.ts';
import { LinuxCgroups } from '../kernel/cgroup/linux-cgroups.ts';
import { SystemCommands } from '../kernel/command.ts';
import { LinuxConntrack } from '../kernel/conntrack.ts';
import { LinuxIpRoute } from '../kernel/ip/linux-ip-route.ts';
import { LinuxNetworkNamespaces } from '../kernel/network-namespace.ts';
import { LinuxNft } from '../kernel/nft/linux-nft.ts';
import { LinuxSysctl } from '../kernel/sysctl.ts';
import { TlsPeerRules } from '../node/traffic/tls-peer-rules.ts';
import { LinuxMounts } from '../node/volume/mounts.ts';
import { type ProcessPorts, runProcess } from './process-entry.ts';

await runProcess<AgentConfig>(config => config.node, assemble);

function assemble(config: AgentConfig, { log, decisions }: ProcessPorts) {
  const clock = systemClock;
  const ca = readFileSync(config.authority, 'utf8');
  const client = readPair(config.client);
  const commands = new SystemCommands({ clock });
  return assembleAgent(
    {
      clock,
      log,
      decisions,
      transport: new HttpTransport({ clock, log }, { server: config.server, ca, ...client }),
      cri: new GrpcCri({ socket: config.containerd.socket }),
      commands,
      ip: new LinuxIpRoute({ commands }, { keepOpen: true }),
      ipThrough: through => new LinuxIpRoute({ commands: through }),
      nft: new LinuxNft({ commands }),
      namespaces: new LinuxNetworkNamespaces({ commands }),
      sysctl: new LinuxSysctl(),
      conntrack: new LinuxConntrack({ commands }),
      mounts: new LinuxMounts({ commands }),
      cgroups: new LinuxCgroups({ clock }),
      peers: new TlsPeerRules({ ca, ...client }),
      acceptQueues: new LinuxAcceptQueues(),
    },
    config,
    {
      tls: { ca, ...readPair(config.serving) },
      dnsUpstreams: parseResolvConf(readFileSync(config.resolvConf, 'utf8')).upstreams,
    },
  );
}

function readPair({ cert, key }: AgentConfig['client']): { cert: string; key: string } {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}
