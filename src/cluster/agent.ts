import type { EndpointSlice, Lease, Namespace, Node, Service } from '../api/generated/types.ts';
import { builtinByResource, type ResourceInfo } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import { type Component, ComponentGroup } from '../base/component.ts';
import type { DecisionLog } from '../base/decisions.ts';
import { addressBits, familyOf } from '../base/ip-address.ts';
import type { Logger } from '../base/log.ts';
import { ApiEventRecorder } from '../client/api-event-recorder.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import type { Transport } from '../client/transport.ts';
import type { Cri } from '../cri/cri.ts';
import { BalancerAnnouncer } from '../dataplane/lb/balancer-announcer.ts';
import { leaseResource, speakerLabel, speakerNamespace } from '../dataplane/lb/speaker-lease.ts';
import { PodNetwork } from '../dataplane/podnet/pod-network.ts';
import { ServiceProxy } from '../dataplane/proxy/service-proxy.ts';
import type { StaleFlow } from '../dataplane/proxy/stale-flows.ts';
import { DnsServer } from '../dns/dns-server.ts';
import type { UpstreamServer } from '../dns/exchange.ts';
import type { AcceptQueues } from '../kernel/accept-queues.ts';
import type { Cgroups } from '../kernel/cgroup/cgroups.ts';
import type { Commands } from '../kernel/command.ts';
import type { Conntrack } from '../kernel/conntrack.ts';
import { type IpRoute, IpRouteError } from '../kernel/ip/ip-route.ts';
import type { NetworkNamespaces } from '../kernel/network-namespace.ts';
import type { Nft } from '../kernel/nft/nft.ts';
import type { Sysctl } from '../kernel/sysctl.ts';
import { NodeAgent } from '../node/node-agent.ts';
import type { PeerRules } from '../node/traffic/peer-rules.ts';
import type { Mounts } from '../node/volume/mounts.ts';
import type { AgentConfig } from './config.ts';
import { Together } from './together.ts';

export interface AgentPorts {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  transport: Transport;
  cri: Cri;
  commands: Commands;
  ip: IpRoute;
  ipThrough: (commands: Commands) => IpRoute;
  nft: Nft;
  namespaces: NetworkNamespaces;
  sysctl: Sysctl;
  conntrack: Conntrack;
  mounts: Mounts;
  cgroups: Cgroups;
  peers: PeerRules;
  acceptQueues: AcceptQueues;
}

export interface AgentSecrets {
  /** PEM. */
  tls: { ca: string; cert: string; key: string };
  /** Servers for names outside the cluster. */
  dnsUpstreams: UpstreamServer[];
}

/** The agent process of a node: pod network, node agent, service rules, DNS, load-balancer addresses. */
export function assembleAgent(ports: AgentPorts, config: AgentConfig, secrets: AgentSecrets): Component {
  const { clock, log, transport } = ports;
  const { network } = config;
  const informers = new InformerFactory({ clock, log, transport });
  const recorder = new ApiEventRecorder(
    { clock, log, transport },
    { component: 'kubelet', host: config.node, leisure: eventLeisure },
  );
  const nodes = informers.informer<Node>(resource('', 'v1', 'nodes'));
  const services = informers.informer<Service>(resource('', 'v1', 'services'));
  const slices = informers.informer<EndpointSlice>(resource('discovery.k8s.io', 'v1', 'endpointslices'));

  const podNetwork = new PodNetwork(
    { ...ports, nodes },
    {
      nodeName: config.node,
      nodeAddresses: config.addresses,
      podSubnets: network.podSubnets,
      nodeSubnets: network.nodeSubnets,
      stateDir: config.cni.stateDir,
      socketPath: config.cni.socket,
      cniConfDir: config.cni.confDir,
      cniBinDir: config.cni.binDir,
    },
  );
  const proxy = new ServiceProxy(
    { ...ports, services, slices, nodes, forgetFlows: flows => forgetFlows(ports.conntrack, flows) },
    {
      nodeName: config.node,
      ipFamilies: network.ipFamilies,
      podSubnets: network.podSubnets,
      serviceSubnets: network.serviceSubnets,
    },
  );
  const { peers, acceptQueues } = ports;
  const nodeAgent = new NodeAgent(
    { ...ports, informers, recorder, traffic: { rules: proxy.progress, peers, acceptQueues } },
    {
      nodeName: config.node,
      addresses: config.addresses,
      rootDir: config.rootDir,
      podLogDir: config.podLogDir,
      clusterDns: network.clusterDns,
      clusterDomain: network.clusterDomain,
      tls: secrets.tls,
      cgroupRoot: config.cgroup,
      ...(config.nodeCgroup && { nodeCgroup: config.nodeCgroup }),
      resolvConf: config.resolvConf,
    },
  );
  const announcer = new BalancerAnnouncer(
    {
      ...ports,
      services,
      slices,
      nodes,
      leases: informers.informer<Lease>(leaseResource, {
        namespace: speakerNamespace,
        labelSelector: speakerLabel,
      }),
    },
    { nodeName: config.node, link: nodeLink, others: [...network.clusterDns, ...network.podSubnets] },
  );
  const dns = new DnsServer(
    {
      clock,
      log,
      services,
      endpointSlices: slices,
      namespaces: informers.informer<Namespace>(resource('', 'v1', 'namespaces')),
    },
    {
      domain: network.clusterDomain,
      // The nodes' own addresses are the Service's endpoints.
      listen: [...network.clusterDns, ...config.addresses].map(address => ({ address, port: 53 })),
      metrics: [...network.clusterDns, ...config.addresses].map(address => ({ address, port: 9153 })),
      serverAddresses: network.clusterDns,
      ...(secrets.dnsUpstreams.length > 0 && {
        forward: { upstreams: secrets.dnsUpstreams },
      }),
    },
  );
  return new ComponentGroup('agent', [
    informers,
    recorder,
    dnsAddresses(ports.ip, network.clusterDns),
    podNetwork,
    new Together('node', [nodeAgent, proxy, announcer, dns]),
  ]);
}

/** A pod is Ready after about as long. */
const eventLeisure = 200;

/** A machine's link on the node network. */
const nodeLink = 'eth0';

function resource(group: string, version: string, plural: string): ResourceInfo {
  return builtinByResource({ group, version, resource: plural })!;
}

/** Puts the addresses of the DNS Service on the node, so that it answers on them itself. */
function dnsAddresses(ip: IpRoute, addresses: readonly string[]): Component {
  return {
    name: 'dns-addresses',
    async start() {
      for (const text of addresses) {
        const address = `${text}/${addressBits(familyOf(text)!)}`;
        await ip
          .apply([{ op: 'address.add', link: 'lo', address, noDad: text.includes(':') }])
          .catch(error => {
            if (!(error instanceof IpRouteError && error.code === 'exists')) throw error;
          });
      }
    },
    // They stay, as rules and links do: an agent that comes back answers on them at once.
    async stop() {},
  };
}

async function forgetFlows(conntrack: Conntrack, flows: readonly StaleFlow[]): Promise<void> {
  for (const { protocol, address, port, endpoint } of flows) {
    await conntrack.delete({
      protocol,
      destinationPort: port,
      ...(address && { destination: address }),
      ...(endpoint && { answeredBy: endpoint }),
    });
  }
}
