import { isDeepStrictEqual } from 'node:util';
import type { Node, NodeStatus, ObjectMeta } from '../../api/generated/types.ts';
import { ApiError } from '../../api/status.ts';
import { nodeFolders } from '../../api/storage/claims.ts';
import { formatTime } from '../../api/time.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { type DecisionLog, decisionObject } from '../../base/decisions.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Cri, Image, RuntimeCondition, RuntimeVersion } from '../../cri/cri.ts';
import type { NodeApi } from '../node-api.ts';
import type { MachineInfo } from './machine-info.ts';
import { type NodeIdentity, nodeLabels, nodeStatus } from './node-object.ts';

export interface RegistrarDeps {
  api: NodeApi;
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  recorder: EventRecorder;
  cri: Cri;
  /** Called with the pod subnets, each time they are seen; resolves when the pod network stands on them. */
  onPodCIDRs?: (podCIDRs: string[]) => void;
}

export interface RegistrarOptions {
  identity: NodeIdentity;
  machine: MachineInfo;
  /** False where the pod network needs no subnet from the API. */
  needsPodCIDR: boolean;
}

/** As often as kubelet looks; it writes only what changed, and everything every 5 minutes. */
export const checkInterval = 10_000;
const eagerInterval = 200;
export const reportInterval = 300_000;

/** Puts the node into the API and keeps its status true. Ready as soon as runtime and network are. */
export class NodeRegistrar {
  readonly #deps: RegistrarDeps;
  readonly #options: RegistrarOptions;
  #node: Node | undefined;
  #reported = Number.NEGATIVE_INFINITY;
  #ready = false;
  #cancel: Cancel = () => {};
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: RegistrarDeps, options: RegistrarOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** The node as the API last answered it; before that, as it describes itself. */
  get node(): Node {
    return this.#node ?? this.#initial();
  }

  /** The node as the API has it now, as far as the API answers. */
  async fresh(): Promise<Node> {
    try {
      return await this.#deps.api.nodes.get('', this.#options.identity.name);
    } catch (error) {
      this.#deps.log.warn('the node is not read again', { error: errorChain(error) });
      return this.node;
    }
  }

  get uid(): string | undefined {
    return this.#node?.metadata?.uid;
  }

  start(): void {
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#running;
  }

  /** Looks again at once: something about the node has changed. */
  poke(): void {
    if (this.#stopped) return;
    this.#cancel();
    this.#running = this.#running.then(() => this.#tick());
  }

  #tick(): void {
    this.#cancel();
    if (this.#stopped) return;
    this.#running = this.#sync()
      .catch(error => this.#deps.log.warn('the node status is not reported', { error: errorChain(error) }))
      .then(() => {
        if (this.#stopped) return;
        const wait = this.#ready ? checkInterval : eagerInterval;
        this.#cancel = this.#deps.clock.after(wait, () => this.#tick());
      });
  }

  async #sync(): Promise<void> {
    if (!this.#node) await this.#register();
    else await this.#reload();
    const current = this.#node!;
    const status = nodeStatus(this.#options.identity, await this.#observe(current), current.status);
    const { clock } = this.#deps;
    const due = clock.monotonic() - this.#reported >= reportInterval;
    if (!due && sameStatus(current.status, status)) return;
    const name = this.#options.identity.name;
    const options = { type: 'strategic-merge', subresource: 'status' } as const;
    const patch = { status: statusPatch(current.status, status) };
    this.#node = await this.#deps.api.nodes.patch('', name, patch, options);
    this.#reported = clock.monotonic();
    this.#noteConditions(current.status, status);
  }

  /** Creates the node, or takes over the one of that name: labels and annotations it needs are put back. */
  async #register(): Promise<void> {
    const { api, decisions, recorder } = this.#deps;
    const wanted = this.#initial();
    const { name } = this.#options.identity;
    try {
      this.#node = await api.nodes.create(wanted);
      recorder.event(this.reference(), 'Normal', 'RegisteredNode', `Node ${name} registered`);
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
      this.#node = await api.nodes.get('', name);
      const present: ObjectMeta = this.#node.metadata ?? {};
      const labels = missingPairs(wanted.metadata?.labels, present.labels);
      const annotations = missingPairs(wanted.metadata?.annotations, present.annotations);
      if (Object.keys(labels).length + Object.keys(annotations).length > 0) {
        const patch = { metadata: { labels, annotations } };
        this.#node = await api.nodes.patch('', name, patch, { type: 'strategic-merge' });
      }
    }
    recorder.event(this.reference(), 'Normal', 'Starting', 'Starting kubelet.');
    decisions.record('node.registered', decisionObject(this.reference()), {
      podCIDRs: this.#node.spec?.podCIDRs ?? [],
    });
  }

  /** Others write to it too: its pod subnet, and conditions as unknown when it was not heard of for a while. */
  async #reload(): Promise<void> {
    this.#node = await this.#deps.api.nodes.get('', this.#options.identity.name);
  }

  async #observe(node: Node) {
    const { cri, clock, onPodCIDRs } = this.#deps;
    const podCIDRs = node.spec?.podCIDRs ?? [];
    if (podCIDRs.length > 0) onPodCIDRs?.(podCIDRs);
    let runtime: RuntimeVersion | undefined;
    let runtimeConditions: RuntimeCondition[] = [];
    let images: Image[] = [];
    let runtimeError: string | undefined;
    try {
      [runtime, runtimeConditions, images] = await Promise.all([
        cri.version(),
        cri.status(),
        cri.listImages(),
      ]);
    } catch (error) {
      runtimeError = errorChain(error);
    }
    const hasPodNetwork = !this.#options.needsPodCIDR || podCIDRs.length > 0;
    const now = formatTime(clock.now());
    const { machine } = this.#options;
    return { now, machine, runtime, runtimeConditions, runtimeError, images, hasPodNetwork };
  }

  #initial(): Node {
    const { identity, machine } = this.#options;
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: identity.name,
        labels: nodeLabels(identity, machine),
        annotations: {
          'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
          [nodeFolders.annotation]: identity.volumeDir,
        },
      },
      spec: { ...(identity.taints && { taints: identity.taints }) },
    };
  }

  #noteConditions(before: NodeStatus | undefined, now: NodeStatus): void {
    const { decisions, recorder } = this.#deps;
    for (const { type, status, reason = '' } of now.conditions ?? []) {
      const old = before?.conditions?.find(condition => condition.type === type);
      if (type === 'Ready') this.#ready = status === 'True';
      if (old?.status === status) continue;
      decisions.record('node.condition', decisionObject(this.reference()), { type, status, reason });
      const name = this.#options.identity.name;
      const eventReason = type === 'Ready' ? (status === 'True' ? 'NodeReady' : 'NodeNotReady') : reason;
      if (type !== 'Ready' || status === 'True' || old) {
        recorder.event(this.reference(), 'Normal', eventReason, `Node ${name} status is now: ${eventReason}`);
      }
    }
  }

  /** The node as events about it name it; by its name in place of a uid before it has one, as kubelet's do. */
  reference(): Node {
    const { name } = this.#options.identity;
    return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: this.#node?.metadata?.uid ?? name } };
  }
}

function missingPairs(
  wanted: Readonly<Record<string, string>> = {},
  present: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => present[key] !== value));
}

/** Heartbeat times alone are no change. */
function sameStatus(a: NodeStatus | undefined, b: NodeStatus): boolean {
  const bare = (status: NodeStatus | undefined) => {
    const { addresses, capacity, allocatable, conditions, images, nodeInfo, daemonEndpoints } = status ?? {};
    const steady = conditions?.map(({ type, status, reason, message }) => ({
      type,
      status,
      reason,
      message,
    }));
    const own = steady?.filter(({ type }) => (b.conditions ?? []).some(condition => condition.type === type));
    const text = { addresses, capacity, allocatable, conditions: own, images, nodeInfo, daemonEndpoints };
    return JSON.parse(JSON.stringify(text));
  };
  return isDeepStrictEqual(bare(a), bare(b));
}

/**
 * Addresses are merged by type, of which a dual-stack node has two alike: they are replaced as a whole. What may no
 * longer be allocated is taken out by name.
 */
function statusPatch(before: NodeStatus | undefined, now: NodeStatus): object {
  const gone = Object.keys(before?.allocatable ?? {}).filter(name => now.allocatable?.[name] === undefined);
  const allocatable = { ...now.allocatable, ...Object.fromEntries(gone.map(name => [name, null])) };
  if (!before?.addresses?.length) return { ...now, allocatable };
  return { ...now, allocatable, addresses: [{ $patch: 'replace' }, ...(now.addresses ?? [])] };
}
