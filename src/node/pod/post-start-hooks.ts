import type { PodSandboxStatus } from '../../cri/cri.ts';
import { rpcMessage } from '../../cri/cri.ts';
import type { PodContext } from '../node-facts.ts';
import type { ContainerStopper } from './container-stopper.ts';
import { type ContainerSpec, containerFieldPath, type NodePod } from './pod-identity.ts';
import { sandboxAddresses } from './pod-runtime.ts';

/** The postStart hooks of a pod's containers. One that fails ends its container. */
export class PostStartHooks {
  readonly #context: PodContext;
  readonly #stopper: ContainerStopper;
  readonly #running = new Set<string>();

  constructor(context: PodContext, stopper: ContainerStopper) {
    this.#context = context;
    this.#stopper = stopper;
  }

  isRunning(containerId: string): boolean {
    return this.#running.has(containerId);
  }

  /** Begins the hook of a container that was started; false where it has none. */
  begin(pod: NodePod, container: ContainerSpec, containerId: string, sandbox: PodSandboxStatus): boolean {
    if (!container.spec.lifecycle?.postStart) return false;
    this.#running.add(containerId);
    void this.#run(pod, container, containerId, sandbox);
    return true;
  }

  async #run(
    pod: NodePod,
    container: ContainerSpec,
    containerId: string,
    sandbox: PodSandboxStatus,
  ): Promise<void> {
    const { hooks, facts, requeue } = this.#context;
    const podIP = sandboxAddresses(sandbox)[0] ?? facts.hostIPs[0] ?? '';
    const target = { containerId, container: container.spec, podIP };
    try {
      await hooks.run(container.spec.lifecycle!.postStart!, target, new AbortController().signal);
    } catch (error) {
      this.#failed(pod, container, containerId, error);
    } finally {
      this.#running.delete(containerId);
      requeue(pod.metadata.uid);
    }
  }

  #failed(pod: NodePod, container: ContainerSpec, containerId: string, error: unknown): void {
    const { recorder, cache } = this.#context;
    const fieldPath = containerFieldPath(container);
    const message = `PostStartHook failed: ${rpcMessage(error)}`;
    recorder.event(pod, 'Warning', 'FailedPostStartHook', message, { fieldPath });
    const record = cache.get(pod.metadata.uid).containers.find(({ status }) => status.id === containerId);
    if (!record) return;
    const gracePeriod = pod.spec.terminationGracePeriodSeconds ?? 30;
    this.#stopper.stop(pod, record, container, {
      gracePeriod,
      message: 'FailedPostStartHook',
      reason: 'postStart',
    });
  }
}
