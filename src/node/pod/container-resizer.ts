import type { Pod, PodCondition } from '../../api/generated/types.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { rpcMessage } from '../../cri/cri.ts';
import { containerResources } from '../container/container-resources.ts';
import type { PodContext } from '../node-facts.ts';
import type { Rejection } from './admission.ts';
import { podCgroupLimits, podCgroupPath } from './pod-cgroup.ts';
import { containersOf, formatPod, type NodePod } from './pod-identity.ts';
import { containerName, isRunning, type PodRuntime } from './pod-runtime.ts';
import { type ContainerResources, type PlannedResize, planResize } from './resize-plan.ts';

type ResizeCondition = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Milliseconds; others may end meanwhile and leave room, or the container may need less. */
const retryDelay = 5_000;

/** Gives the running containers of one pod the resources its spec asks for by now (`pods/resize`). */
export class ContainerResizer {
  readonly #context: PodContext;
  readonly #room: (pod: Pod) => Rejection | undefined;
  /** By container id, what it runs with. */
  readonly #actual = new Map<string, ContainerResources>();
  #conditions: ResizeCondition[] = [];
  /** Whether the limits of the pod as a whole have to be written (again). */
  #unlimited = false;

  /** @param deps.room why the node could not take the pod as it is; undefined where it can. */
  constructor(context: PodContext, deps: { room: (pod: Pod) => Rejection | undefined }) {
    this.#context = context;
    this.#room = deps.room;
  }

  /** `PodResizePending` and `PodResizeInProgress`, while they hold. */
  get conditions(): readonly ResizeCondition[] {
    return this.#conditions;
  }

  actual(containerId: string): ContainerResources | undefined {
    return this.#actual.get(containerId);
  }

  /** A container was started with what the pod asked for then. */
  started(pod: NodePod, containerId: string, name: string): void {
    const { resources = {} } = containersOf(pod).find(({ spec }) => spec.name === name)?.spec ?? {};
    this.#actual.set(containerId, resources);
  }

  /** What an earlier agent reported of containers that still run. */
  adopt(pod: NodePod, runtime: PodRuntime): void {
    // It may have been amid a resize.
    this.#unlimited = runtime.sandboxes.length > 0;
    const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
    for (const { containerID, resources } of [...initContainerStatuses, ...containerStatuses]) {
      const id = containerID?.replace('containerd://', '');
      const running = runtime.containers.some(found => found.status.id === id && isRunning(found));
      if (id && running && !this.#actual.has(id)) this.#actual.set(id, resources ?? {});
    }
  }

  /**
   * Changes what can be changed now. Resolves with those that have to be restarted for it; their new
   * containers get the new resources.
   */
  async sync(pod: NodePod, runtime: PodRuntime): Promise<PlannedResize[]> {
    const planned = planResize(pod, runtime, id => this.#actual.get(id));
    if (planned.length === 0) {
      this.#conditions = [];
      await this.#limitPod(pod);
      return [];
    }
    const problem = this.#room(pod);
    if (problem) {
      this.#wait(pod, problem);
      return [];
    }
    const errors: string[] = [];
    await this.#liftPodLimits(pod);
    for (const resize of planned.filter(({ restart }) => !restart)) {
      await this.#update(pod, resize).catch(error => errors.push(rpcMessage(error)));
    }
    this.#conclude(pod, planned, errors);
    return planned.filter(({ restart }) => restart);
  }

  /** No container may have more than its pod: while they change, the pod has no limits. */
  async #liftPodLimits(pod: NodePod): Promise<void> {
    const { cgroups, facts, requeue } = this.#context;
    const limits = podCgroupLimits(pod);
    if (!limits || this.#unlimited) return;
    await cgroups.limit(podCgroupPath(pod, facts.cgroupRoot), { ...limits, cpuQuota: 0, memory: 0 });
    this.#unlimited = true;
    requeue(pod.metadata.uid);
  }

  async #limitPod(pod: NodePod): Promise<void> {
    const { cgroups, facts, log } = this.#context;
    const limits = this.#unlimited && podCgroupLimits(pod);
    if (!limits) return;
    this.#unlimited = false;
    await cgroups.limit(podCgroupPath(pod, facts.cgroupRoot), limits).catch(error => {
      // What is in use is above it: the containers' own limits hold.
      log.warn('a pod has no limits of its own', { pod: formatPod(pod), error: errorChain(error) });
    });
  }

  async #update(pod: NodePod, { container, spec }: PlannedResize): Promise<void> {
    const { cri, facts, decisions } = this.#context;
    const { id } = container.status;
    const { oomScoreAdj: _, ...resources } = containerResources(pod, spec.spec, facts);
    // What had a limit and is to have none is told so.
    const { cpuQuota = 0, memoryLimitInBytes = 0 } = resources;
    await cri.updateContainerResources(id, {
      ...resources,
      cpuQuota: cpuQuota || -1,
      memoryLimitInBytes: memoryLimitInBytes || -1,
    });
    this.#actual.set(id, spec.spec.resources ?? {});
    decisions.record('container.resized', decisionObject(pod), { container: containerName(container), id });
  }

  #wait(pod: NodePod, { reason, message }: Rejection): void {
    const type = 'PodResizePending';
    const short = message.replace(/^Pod was rejected: /, '');
    const isNew = !this.#conditions.some(condition => condition.message === short);
    this.#conditions = [{ type, status: 'True', reason, message: short }];
    if (isNew) {
      const words = `Pod resize ${reason}: ${short}`;
      this.#context.recorder.event(pod, 'Warning', `Resize${reason}`, words);
    }
    this.#context.requeue(pod.metadata.uid, retryDelay);
  }

  #conclude(pod: NodePod, planned: readonly PlannedResize[], errors: readonly string[]): void {
    const { recorder, requeue } = this.#context;
    if (errors.length > 0) {
      const message = errors.join('; ');
      this.#conditions = [{ type: 'PodResizeInProgress', status: 'True', reason: 'Error', message }];
      recorder.event(pod, 'Warning', 'ResizeError', `Pod resize error: ${message}`);
      requeue(pod.metadata.uid, retryDelay);
    } else if (planned.some(({ restart }) => restart)) {
      this.#conditions = [{ type: 'PodResizeInProgress', status: 'True' }];
    } else {
      this.#conditions = [];
      const containers = containersOf(pod).map(({ spec: { name, resources } }) => ({ name, resources }));
      const detail = JSON.stringify({ containers, generation: pod.metadata.generation });
      recorder.event(pod, 'Normal', 'ResizeCompleted', `Pod resize completed: ${detail}`);
    }
  }
}
