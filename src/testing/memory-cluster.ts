import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointSlice, Node, Service } from '../api/generated/types.ts';
import { builtinByResource, type ResourceInfo } from '../api/resources.ts';
import { ComponentGroup } from '../base/component.ts';
import { DecisionLog } from '../base/decisions.ts';
import { FakeClock } from '../base/fake-clock.ts';
import { silentLogger } from '../base/log.ts';
import { ApiEventRecorder } from '../client/api-event-recorder.ts';
import { InformerFactory } from '../client/informer-factory.ts';
import type { Transport } from '../client/transport.ts';
import type { ClusterNetwork } from '../cluster/config.ts';
import { assembleServer, type Server, type ServerPorts } from '../cluster/server.ts';
import { FakeCri } from '../cri/fake-cri.ts';
import { ServiceProxy } from '../dataplane/proxy/service-proxy.ts';
import { FakeAcceptQueues } from '../kernel/accept-queues.ts';
import { FakeCgroups } from '../kernel/cgroup/fake-cgroups.ts';
import { FakeNft } from '../kernel/nft/fake-nft.ts';
import { FakeSysctl } from '../kernel/sysctl.ts';
import { NodeAgent } from '../node/node-agent.ts';
import { FakePeerRules } from '../node/traffic/fake-peer-rules.ts';
import { FakeMounts } from '../node/volume/mounts.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { testMachine, testTls } from './node-fixture.ts';

const network: ClusterNetwork = {
  ipFamilies: ['IPv4'],
  nodeSubnets: ['172.30.0.0/24'],
  podSubnets: ['10.244.0.0/16'],
  serviceSubnets: ['10.96.0.0/16'],
  gateways: ['172.30.0.1'],
  clusterDns: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
  nodeMaskSizes: [24],
  mtu: 1500,
};

/** A node of the memory cluster: the real agent parts on a fake runtime and a fake kernel. */
export interface MemoryNode {
  name: string;
  cri: FakeCri;
  nft: FakeNft;
}

/**
 * A whole cluster in this process: the real API server, controllers, scheduler, node agents and service
 * proxies, on a memory store, a fake runtime, a fake kernel and a fake clock. All of them share one log of
 * decisions, so that their order can be read.
 */
export class MemoryCluster {
  readonly clock = new FakeClock();
  readonly decisions = new DecisionLog(this.clock, 'memory');
  readonly nodes: MemoryNode[] = [];
  readonly server: Server;
  readonly #folder = mkdtempSync(join(tmpdir(), 'causeway-memory-'));
  readonly #agents: ComponentGroup[] = [];
  readonly #stopping = new AbortController();
  /** How the agents ask each other. */
  readonly #peers = new FakePeerRules();

  /**
   * @param ports.authority signs what is approved of CertificateSigningRequests
   * @param ports.nodeMetrics tells what nodes and pods use: the fake runtime does not
   */
  constructor(ports: Pick<ServerPorts, 'authority' | 'nodeMetrics'> = {}) {
    const { clock, decisions } = this;
    const store = new MemoryStore({ clock, log: silentLogger });
    this.server = assembleServer(
      { clock, log: silentLogger, decisions, store, ...ports },
      { api: {}, network, rootCa: 'CA', loadBalancerPools: ['172.30.0.200-172.30.0.210'] },
    );
  }

  /** Access as administrator. */
  get transport(): Transport {
    return this.server.api.transport({ name: 'admin', groups: ['system:masters', 'system:authenticated'] });
  }

  /** Starts the server and nodes of these names; each has the images. */
  async start(nodes: string[], images: string[]): Promise<void> {
    await this.#during(this.server.start(this.#stopping.signal));
    for (const name of nodes) await this.#during(this.#startNode(name, images));
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the memory cluster is stopped'));
    for (const agent of this.#agents) await this.#during(agent.stop());
    await this.#during(this.server.stop());
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Moves time until `condition` holds. @throws Error when it does not within `limit` milliseconds. */
  async until(what: string, condition: () => boolean | Promise<boolean>, limit = 30_000): Promise<void> {
    const end = this.clock.now() + limit;
    while (!(await condition())) {
      if (this.clock.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
      await this.#turn();
    }
  }

  async #startNode(name: string, images: string[]): Promise<void> {
    const { clock, decisions } = this;
    const log = silentLogger;
    const transport = this.server.api.transport({
      name: `system:node:${name}`,
      groups: ['system:nodes', 'system:authenticated'],
    });
    const cri = new FakeCri(clock, `10.244.${this.nodes.length}`);
    for (const image of images) cri.addImage(image);
    const nft = new FakeNft();
    const informers = new InformerFactory({ clock, log, transport });
    const recorder = new ApiEventRecorder({ clock, log, transport }, { component: 'kubelet', host: name });
    const shared = { clock, log, decisions, transport, informers, recorder };
    const rootDir = join(this.#folder, name);
    const proxy = new ServiceProxy(
      {
        ...shared,
        nft,
        sysctl: new FakeSysctl(),
        services: informers.informer<Service>(resource('', 'v1', 'services')),
        slices: informers.informer<EndpointSlice>(resource('discovery.k8s.io', 'v1', 'endpointslices')),
        nodes: informers.informer<Node>(resource('', 'v1', 'nodes')),
        forgetFlows: async () => {},
      },
      {
        nodeName: name,
        ipFamilies: network.ipFamilies,
        podSubnets: network.podSubnets,
        serviceSubnets: network.serviceSubnets,
      },
    );
    this.#peers.rules.set(name, proxy.progress);
    const agent = new NodeAgent(
      {
        ...shared,
        cri,
        mounts: new FakeMounts(),
        cgroups: new FakeCgroups(),
        machine: testMachine,
        traffic: { rules: proxy.progress, peers: this.#peers, acceptQueues: new FakeAcceptQueues() },
      },
      {
        nodeName: name,
        addresses: [`172.30.0.${this.nodes.length + 2}`],
        rootDir,
        podLogDir: join(rootDir, 'log'),
        clusterDns: network.clusterDns,
        clusterDomain: network.clusterDomain,
        tls: await testTls(),
        cgroupRoot: `/causeway/memory/${name}`,
        listen: { host: '127.0.0.1', port: 0 },
      },
    );
    const group = new ComponentGroup(name, [informers, agent, proxy]);
    this.nodes.push({ name, cri, nft });
    this.#agents.push(group);
    await group.start(this.#stopping.signal);
  }

  /** Waits for `work`, which waits for time to pass. */
  async #during<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.finally(() => {
      done = true;
    });
    settled.catch(() => {});
    while (!done) await this.#turn();
    return settled;
  }

  /** A little of the fake time, and a turn of the real event loop: files and TLS keys are real. */
  async #turn(): Promise<void> {
    await this.clock.advance(20);
    await new Promise(resolve => setImmediate(resolve));
  }
}

function resource(group: string, version: string, plural: string): ResourceInfo {
  return builtinByResource({ group, version, resource: plural })!;
}
