import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Node, PersistentVolume, Pod, Service } from '../api/generated/types.ts';
import type { KubeObject } from '../api/objects.ts';
import type { ResourceInfo } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import type { Component } from '../base/component.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import type { WorkQueue } from '../base/work-queue.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Informer } from '../client/informer.ts';
import type { Transport } from '../client/transport.ts';
import type { Cri } from '../cri/cri.ts';
import type { AcceptQueues } from '../kernel/accept-queues.ts';
import type { Cgroups } from '../kernel/cgroup/cgroups.ts';
import { ConfigObjects } from './config-objects.ts';
import { ImageCollector } from './container/image-collector.ts';
import { ImagePuller } from './container/image-puller.ts';
import { LifecycleHooks } from './container/lifecycle-hooks.ts';
import { Evictions } from './evictions.ts';
import { Housekeeping } from './housekeeping.ts';
import { NodeApi, nodeResource, podResource, serviceResource, volumeResource } from './node-api.ts';
import type { NodeFacts, PodContext } from './node-facts.ts';
import { parseResolvConf } from './pod/dns-config.ts';
import { NarrowLane } from './pod/narrow-lane.ts';
import { PodPaths } from './pod/pod-paths.ts';
import { PodWorkers } from './pod/pod-workers.ts';
import { RestartBackoff } from './pod/restart-backoff.ts';
import { RuntimeCache } from './pod/runtime-cache.ts';
import { StatusWriter } from './pod/status-writer.ts';
import { NetworkRequests } from './probe/network-request.ts';
import { ProbeRunner } from './probe/probe-runner.ts';
import { Prober } from './probe/prober.ts';
import type { MachineInfo } from './registration/machine-info.ts';
import { readMachineInfo } from './registration/machine-info.ts';
import { NodeLease } from './registration/node-lease.ts';
import { kubeletPort, type NodeIdentity, nodeCapacity } from './registration/node-object.ts';
import { NodeRegistrar } from './registration/node-registrar.ts';
import { KubeletServer } from './server/kubelet-server.ts';
import type { PeerRules } from './traffic/peer-rules.ts';
import { TrafficRelease } from './traffic/traffic-release.ts';
import type { TrafficRules } from './traffic/traffic-rules.ts';
import { ClaimVolumes } from './volume/claim-volumes.ts';
import { ExclusiveVolumes } from './volume/exclusive-volumes.ts';
import { ImageVolumes } from './volume/image-volumes.ts';
import type { Mounts } from './volume/mounts.ts';
import { NodeFolders } from './volume/node-folders.ts';
import { PodVolumes } from './volume/pod-volumes.ts';
import { ServiceAccountTokens } from './volume/service-account-tokens.ts';
import './decisions.ts';

export interface NodeAgentDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  transport: Transport;
  /** Started and stopped by whoever made it. */
  informers: InformerSource;
  recorder: EventRecorder;
  cri: Cri;
  mounts: Mounts;
  cgroups: Cgroups;
  /**
   * Where a service proxy runs beside the agent: its rules, how to ask for those of other nodes, and what the pods
   * they send to have not accepted yet.
   */
  traffic?: { rules: TrafficRules; peers: PeerRules; acceptQueues: AcceptQueues };
  /** Told of the node's pod subnets when they are known, again with each look. */
  onPodCIDRs?: (podCIDRs: string[]) => void;
  /** Another source than the machine itself, for tests. */
  machine?: MachineInfo;
}

/** `InformerFactory`, or what stands in for it. */
export interface InformerSource {
  informer<T extends KubeObject>(
    resource: ResourceInfo,
    selection?: { namespace?: string; labelSelector?: string; fieldSelector?: string },
  ): Informer<T>;
}

export interface NodeAgentOptions {
  nodeName: string;
  /** The node's addresses, the main family's first. */
  addresses: readonly string[];
  /** `<data>/nodes/<node>`: pods and their volumes lie below. */
  rootDir: string;
  podLogDir: string;
  /** Holds secrets: becomes a tmpfs. `<rootDir>/secrets` where not given. */
  secretDir?: string;
  clusterDns: readonly string[];
  clusterDomain: string;
  /** PEM. The kubelet API's server certificate, and the CA of the clients it takes. */
  tls: { ca: string; cert: string; key: string };
  /** `/causeway/<cluster>/<node>`. */
  cgroupRoot: string;
  /** Where all of the node's processes are; `cgroupRoot` where not given. */
  nodeCgroup?: string;
  labels?: Readonly<Record<string, string>>;
  taints?: NonNullable<Node['spec']>['taints'];
  maxPods?: number;
  /** Whether the node is Ready only with a pod subnet; true where not given. */
  needsPodCIDR?: boolean;
  resolvConf?: string;
  /** Where the kubelet API listens; the first address, port 10250 where not given. `port` 0: any free one. */
  listen?: { host: string; port: number };
}

const noRules: TrafficRules = { whenReleased: async () => undefined, whenWritten: async () => true };
const noPeers: PeerRules = { whenWritten: async () => true };
const noQueues: AcceptQueues = { waiting: async () => 0 };

/** Two at a time leave the processors to what else the node does. */
const teardownLane = { width: 2, patience: 5_000, courtesy: 2_000 };

/** The node agent: what a kubelet does. Registers the node, runs its pods, serves the kubelet API. */
export class NodeAgent implements Component {
  readonly name = 'node-agent';
  readonly #deps: NodeAgentDeps;
  readonly #options: NodeAgentOptions;
  readonly #stopping = new AbortController();
  #parts: Parts | undefined;

  constructor(deps: NodeAgentDeps, options: NodeAgentOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** The port the kubelet API listens on, once started. */
  get port(): number {
    return this.#parts?.server.port ?? 0;
  }

  /** Resolves when the node serves and looks after its pods; whether it is Ready shows in the API. */
  async start(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#stopping.abort(signal.reason), { once: true });
    const parts = await assembleParts(this.#deps, this.#options, this.#stopping.signal);
    this.#parts = parts;
    await parts.server.start();
    parts.registrar.start();
    parts.lease.start();
    await parts.context.cache.start();
    void this.#beginWork(parts).catch(error => {
      if (!this.#stopping.signal.aborted) this.#deps.log.error('the pods are not looked after', { error });
    });
  }

  /** Ends the agent; containers keep running, a later agent takes over. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the node agent is stopped'));
    const parts = this.#parts;
    if (!parts) return;
    await parts.server.stop();
    parts.housekeeping.stop();
    parts.evictions.stop();
    await parts.collector.stop();
    await parts.folders.stop();
    parts.context.images.stop();
    parts.context.prober.stopAll();
    await Promise.all([parts.registrar.stop(), parts.lease.stop(), parts.context.cache.stop()]);
    parts.context.writer.stop();
    await parts.workers.stop();
  }

  /** Pods are touched only once it is known which there are. */
  async #beginWork(parts: Parts): Promise<void> {
    await parts.pods.whenSynced(this.#stopping.signal);
    parts.workers.start();
    parts.housekeeping.start();
    parts.evictions.start();
    parts.collector.start();
    parts.folders.start(this.#stopping.signal);
  }
}

interface Parts {
  context: PodContext;
  pods: Informer<Pod>;
  workers: PodWorkers;
  registrar: NodeRegistrar;
  lease: NodeLease;
  server: KubeletServer;
  housekeeping: Housekeeping;
  evictions: Evictions;
  folders: NodeFolders;
  collector: ImageCollector;
}

async function assembleParts(
  deps: NodeAgentDeps,
  options: NodeAgentOptions,
  signal: AbortSignal,
): Promise<Parts> {
  const { clock, log, informers } = deps;
  const api = new NodeApi(deps.transport);
  const paths = podPaths(options);
  await mkdir(paths.podsDir, { recursive: true, mode: 0o750 });
  await mkdir(paths.podLogsDir, { recursive: true, mode: 0o755 });
  const machine = deps.machine ?? (await readMachineInfo(options.rootDir));
  const identity = nodeIdentity(options);
  const facts = await nodeFacts(options, identity, machine);
  const pods = informers.informer<Pod>(podResource, { fieldSelector: `spec.nodeName=${options.nodeName}` });
  const services = informers.informer<Service>(serviceResource);
  const queue = PodWorkers.queue({ clock, log });
  const folders = new NodeFolders(
    { ...deps, volumes: informers.informer<PersistentVolume>(volumeResource) },
    { dir: paths.persistentDir },
  );
  const { rules, peers } = deps.traffic ?? { rules: noRules, peers: noPeers };
  const nodes = informers.informer<Node>(nodeResource);
  const traffic = new TrafficRelease(
    { clock, log, rules, peers, nodes },
    { nodeName: options.nodeName, stopping: signal },
  );
  const context = podContext(deps, {
    ...{ api, facts, paths, queue, folders, traffic },
    activePods: () => workers.active(),
    services: async () => {
      await services.whenSynced(signal);
      return services.list();
    },
  });
  const registrar = new NodeRegistrar(
    { ...deps, api },
    { identity, machine, needsPodCIDR: options.needsPodCIDR ?? true },
  );
  const capacity = nodeCapacity(identity, machine);
  const own = ({ metadata, status }: Node) => ({ metadata, status: { ...status, ...capacity } });
  const workers = new PodWorkers({
    context,
    pods,
    queue,
    node: () => own(registrar.node),
    freshNode: async () => own(await registrar.fresh()),
  });
  const lease = new NodeLease({ api, clock, log, nodeUid: () => registrar.uid }, options);
  const listen = options.listen ?? { host: options.addresses[0]!, port: kubeletPort };
  const server = new KubeletServer(
    { context, workers, rules, node: () => registrar.node },
    { tls: options.tls, listen },
  );
  const housekeeping = new Housekeeping({ context, workers, registrar });
  const evictions = new Evictions({ context, workers });
  const collector = new ImageCollector({
    ...deps,
    pods: () => workers.active(),
    node: () => registrar.reference(),
  });
  return { context, pods, workers, registrar, lease, server, housekeeping, evictions, folders, collector };
}

interface ContextParts {
  api: NodeApi;
  facts: NodeFacts;
  paths: PodPaths;
  queue: WorkQueue<string>;
  folders: NodeFolders;
  traffic: TrafficRelease;
  activePods: () => readonly Pod[];
  services: () => Promise<readonly Service[]>;
}

function podContext(deps: NodeAgentDeps, parts: ContextParts): PodContext {
  const { api, facts, paths, queue, folders, traffic, services } = parts;
  const { clock, log, decisions, recorder, cri, mounts, cgroups } = deps;
  const requeue = (uid: string, ms = 0) => (ms > 0 ? queue.addAfter(uid, ms) : queue.add(uid));
  const tokens = new ServiceAccountTokens({ api, clock });
  const objects = new ConfigObjects({ api, clock });
  const requests = new NetworkRequests({ clock });
  const runner = new ProbeRunner({ cri, clock, requests });
  const sources = {
    configMap: (namespace: string, name: string) => objects.configMap(namespace, name),
    secret: (namespace: string, name: string) => objects.secret(namespace, name),
  };
  const cache = new RuntimeCache({ cri, clock, log, onChange: requeue });
  const hasContainers = (uid: string) => cache.get(uid).containers.length > 0;
  const exclusive = new ExclusiveVolumes({ pods: parts.activePods, hasContainers });
  return {
    ...{
      clock,
      log,
      decisions,
      recorder,
      cri,
      cache,
      api,
      cgroups,
      facts,
      paths,
      mounts,
      tokens,
      sources,
      services,
      requeue,
      traffic,
    },
    acceptQueues: deps.traffic?.acceptQueues ?? noQueues,
    images: new ImagePuller({ cri, clock, decisions }),
    volumes: new PodVolumes({
      ...{ paths, mounts, decisions, sources: { ...sources, tokens } },
      claims: new ClaimVolumes({ api, folders, exclusive }),
      images: new ImageVolumes({ cri, mounts, paths }),
    }),
    hooks: new LifecycleHooks({ cri, clock, requests }),
    prober: new Prober({ clock, decisions, recorder, runner, onChange: requeue }),
    writer: new StatusWriter({ api, clock, log, decisions }),
    backoff: new RestartBackoff(clock),
    teardowns: new NarrowLane({ clock }, teardownLane),
  };
}

function podPaths({ rootDir, podLogDir, secretDir }: NodeAgentOptions): PodPaths {
  return new PodPaths({ rootDir, podLogDir, secretDir: secretDir ?? join(rootDir, 'secrets') });
}

function nodeIdentity(options: NodeAgentOptions): NodeIdentity {
  const addresses = options.addresses.map(address => ({ type: 'InternalIP', address }));
  return {
    name: options.nodeName,
    addresses: [...addresses, { type: 'Hostname', address: options.nodeName }],
    labels: options.labels ?? {},
    taints: options.taints,
    maxPods: options.maxPods ?? 110,
    volumeDir: podPaths(options).persistentDir,
  };
}

async function nodeFacts(
  options: NodeAgentOptions,
  identity: NodeIdentity,
  machine: MachineInfo,
): Promise<NodeFacts> {
  const text = (path: string) => readFile(path, 'utf8').catch(() => '');
  return {
    nodeName: options.nodeName,
    hostIPs: options.addresses,
    allocatable: nodeCapacity(identity, machine).allocatable,
    memoryBytes: machine.memoryBytes,
    cgroupVersion: machine.cgroupVersion,
    cgroupRoot: options.cgroupRoot,
    nodeCgroup: options.nodeCgroup ?? options.cgroupRoot,
    seccompDir: join(options.rootDir, 'seccomp'),
    clusterDns: { servers: options.clusterDns, domain: options.clusterDomain },
    hostDns: parseResolvConf(await text(options.resolvConf ?? '/etc/resolv.conf')),
    nodeHosts: await text('/etc/hosts'),
  };
}
