import type {
  ContainerImage,
  Node,
  NodeAddress,
  NodeCondition,
  NodeStatus,
} from '../../api/generated/types.ts';
import { isExtendedResource } from '../../api/kinds/resource-names.ts';
import type { Image, RuntimeCondition, RuntimeVersion } from '../../cri/cri.ts';
import type { MachineInfo } from './machine-info.ts';

export const kubeletVersion = 'v1.36.0+causeway';
export const kubeletPort = 10250;

export interface NodeIdentity {
  name: string;
  addresses: readonly NodeAddress[];
  labels: Readonly<Record<string, string>>;
  taints: NonNullable<Node['spec']>['taints'];
  maxPods: number;
  /** Where its persistent volumes lie. */
  volumeDir: string;
}

/** What the node can see of itself at one moment. */
export interface NodeObservation {
  now: string;
  machine: MachineInfo;
  runtime: RuntimeVersion | undefined;
  runtimeConditions: readonly RuntimeCondition[];
  /** Why the runtime does not answer. */
  runtimeError?: string;
  images: readonly Image[];
  /** The node has a pod subnet, or its network needs none. */
  hasPodNetwork: boolean;
}

export function nodeLabels(identity: NodeIdentity, machine: MachineInfo): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': identity.name,
    'kubernetes.io/os': 'linux',
    ...identity.labels,
  };
}

/**
 * Each node promises the whole machine, as those of kind do: requests written for real nodes then fit on a
 * laptop, and one node may use what the others leave. Allocatable leaves a little for the node itself.
 */
export function nodeCapacity(
  identity: Pick<NodeIdentity, 'maxPods'>,
  machine: MachineInfo,
): { capacity: Record<string, string>; allocatable: Record<string, string> } {
  const cpu = String(machine.cpus);
  const memory = Math.floor(machine.memoryBytes / 1024);
  const storage = Math.floor(machine.storageBytes / 1024);
  const common = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: String(identity.maxPods) };
  // As kubelet does: 100 MiB of memory and a tenth of the storage are kept back for eviction.
  const reserved = Math.min(100 * 1024, Math.floor(memory / 10));
  return {
    capacity: { cpu, memory: `${memory}Ki`, 'ephemeral-storage': `${storage}Ki`, ...common },
    allocatable: {
      cpu,
      memory: `${memory - reserved}Ki`,
      'ephemeral-storage': String(Math.floor(storage * 1024 * 0.9)),
      ...common,
    },
  };
}

/**
 * The node's status; times of conditions that did not change come from `old`, and so do extended resources: others
 * say in `capacity` how many there are, and all of them may be used (kubelet's `MachineInfo` setter).
 */
export function nodeStatus(
  identity: NodeIdentity,
  observed: NodeObservation,
  old: NodeStatus | undefined,
): NodeStatus {
  const { machine, runtime } = observed;
  const { capacity, allocatable } = nodeCapacity(identity, machine);
  const extended = extendedResources(old?.capacity);
  return {
    addresses: [...identity.addresses],
    capacity: { ...capacity, ...extended },
    allocatable: { ...allocatable, ...extended },
    conditions: nodeConditions(observed, old?.conditions ?? []),
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    images: imageList(observed.images),
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: runtime ? `${runtime.runtimeName}://${runtime.runtimeVersion}` : '',
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion,
      machineID: machine.machineId,
      operatingSystem: 'linux',
      osImage: machine.osImage,
      systemUUID: machine.systemUuid,
    },
    runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: false, userNamespaces: false } }],
  };
}

function extendedResources(quantities: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(quantities).filter(([name]) => isExtendedResource(name)));
}

function nodeConditions(observed: NodeObservation, old: readonly NodeCondition[]): NodeCondition[] {
  const conditions: Omit<NodeCondition, 'lastHeartbeatTime' | 'lastTransitionTime'>[] = [
    {
      type: 'MemoryPressure',
      status: 'False',
      reason: 'KubeletHasSufficientMemory',
      message: 'kubelet has sufficient memory available',
    },
    {
      type: 'DiskPressure',
      status: 'False',
      reason: 'KubeletHasNoDiskPressure',
      message: 'kubelet has no disk pressure',
    },
    {
      type: 'PIDPressure',
      status: 'False',
      reason: 'KubeletHasSufficientPID',
      message: 'kubelet has sufficient PID available',
    },
    readyCondition(observed),
  ];
  return conditions.map(condition => {
    const before = old.find(({ type }) => type === condition.type);
    const same = before?.status === condition.status;
    const lastTransitionTime = same ? (before.lastTransitionTime ?? observed.now) : observed.now;
    return { ...condition, lastHeartbeatTime: observed.now, lastTransitionTime };
  });
}

function readyCondition(observed: NodeObservation): NodeCondition {
  const problems = readinessProblems(observed);
  if (problems.length === 0) {
    return {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      message: 'kubelet is posting ready status',
    };
  }
  return { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: problems.join(', ') };
}

function readinessProblems({ runtimeConditions, runtimeError, hasPodNetwork }: NodeObservation): string[] {
  if (runtimeError !== undefined) return [`container runtime is down: ${runtimeError}`];
  const problems: string[] = [];
  const find = (wanted: string) => runtimeConditions.find(({ type }) => type === wanted);
  const runtime = find('RuntimeReady');
  if (!runtime?.status) {
    problems.push(
      `container runtime not ready: RuntimeReady=false reason:${runtime?.reason} message:${runtime?.message}`,
    );
  }
  const network = find('NetworkReady');
  if (!network?.status) {
    const why = `reason:${network?.reason ?? ''} message:${network?.message ?? ''}`;
    problems.push(`container runtime network not ready: NetworkReady=false ${why}`);
  } else if (!hasPodNetwork) {
    problems.push(
      'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:the node has no podCIDR yet',
    );
  }
  return problems;
}

/** The 50 biggest, as kubelet reports them. */
function imageList(images: readonly Image[]): ContainerImage[] {
  return [...images]
    .sort((a, b) => b.size - a.size)
    .slice(0, 50)
    .map(({ repoDigests, repoTags, size }) => ({
      names: [...repoDigests, ...repoTags].slice(0, 5),
      sizeBytes: size,
    }));
}
