import type { Service } from '../api/generated/types.ts';
import type { Clock } from '../base/clock.ts';
import type { DecisionLog } from '../base/decisions.ts';
import type { Logger } from '../base/log.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Cri } from '../cri/cri.ts';
import type { AcceptQueues } from '../kernel/accept-queues.ts';
import type { Cgroups } from '../kernel/cgroup/cgroups.ts';
import type { EnvironmentSources } from './container/environment.ts';
import type { ImagePuller } from './container/image-puller.ts';
import type { LifecycleHooks } from './container/lifecycle-hooks.ts';
import type { NodeApi } from './node-api.ts';
import type { ClusterDns, DnsConfig } from './pod/dns-config.ts';
import type { NarrowLane } from './pod/narrow-lane.ts';
import type { PodPaths } from './pod/pod-paths.ts';
import type { RestartBackoff } from './pod/restart-backoff.ts';
import type { RuntimeCache } from './pod/runtime-cache.ts';
import type { StatusWriter } from './pod/status-writer.ts';
import type { Prober } from './probe/prober.ts';
import type { TrafficRelease } from './traffic/traffic-release.ts';
import type { Mounts } from './volume/mounts.ts';
import type { PodVolumes } from './volume/pod-volumes.ts';
import type { ServiceAccountTokens } from './volume/service-account-tokens.ts';

/** What does not change while the agent runs. */
export interface NodeFacts {
  nodeName: string;
  /** Addresses of the node, the one of the main family first. */
  hostIPs: readonly string[];
  allocatable: Readonly<Record<string, string>>;
  memoryBytes: number;
  cgroupVersion: 1 | 2;
  /** The node's place in the cgroup hierarchies: `/causeway/demo/causeway-1`. */
  cgroupRoot: string;
  /** Of all that is of the node, pods and what looks after them. */
  nodeCgroup: string;
  seccompDir: string;
  clusterDns: ClusterDns;
  /** The node's own resolver, for pods with dnsPolicy Default. */
  hostDns: DnsConfig;
  /** The node's /etc/hosts, for pods on its network. */
  nodeHosts: string;
}

/** What the parts that run a pod share. */
export interface PodContext {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  recorder: EventRecorder;
  cri: Cri;
  api: NodeApi;
  cgroups: Cgroups;
  facts: NodeFacts;
  paths: PodPaths;
  mounts: Mounts;
  cache: RuntimeCache;
  images: ImagePuller;
  volumes: PodVolumes;
  tokens: ServiceAccountTokens;
  sources: EnvironmentSources;
  hooks: LifecycleHooks;
  prober: Prober;
  writer: StatusWriter;
  backoff: RestartBackoff;
  /** Takes the sandboxes of ended pods down, a few at a time, after containers that start or stop. */
  teardowns: NarrowLane;
  traffic: TrafficRelease;
  acceptQueues: AcceptQueues;
  /** All Services of the cluster, once they are known. */
  services(): Promise<readonly Service[]>;
  /** Has the pod looked at again, now or after `ms`. */
  requeue(uid: string, ms?: number): void;
}
