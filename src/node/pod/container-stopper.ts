import type { Container } from '../../api/generated/types.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { isNotFound, rpcMessage } from '../../cri/cri.ts';
import type { PodContext } from '../node-facts.ts';
import { type ContainerSpec, containerFieldPath, type NodePod } from './pod-identity.ts';
import { containerName, type RuntimeContainer, sandboxAddresses } from './pod-runtime.ts';
import { whenAccepted } from './unaccepted-connections.ts';

export interface StopRequest {
  /** Seconds from now. */
  gracePeriod: number;
  /** The text of the Killing event. */
  message: string;
  reason: string;
}

interface Stop {
  /** By the monotonic clock. */
  deadline: number;
  hook: AbortController;
}

/** What is left for SIGTERM when a preStop hook used up the time. */
const minimumGrace = 2;
/**
 * Milliseconds a stop waits for Services at most: endpoints that nobody takes out, agents that do not answer, servers
 * that do not accept.
 */
const releasePatience = 2_000;

/**
 * Ends containers gracefully, in the background: preStop hook, stop signal, SIGKILL after the grace period.
 * Asking again with a shorter grace period shortens it.
 */
export class ContainerStopper {
  readonly #context: PodContext;
  readonly #stops = new Map<string, Stop>();

  constructor(context: PodContext) {
    this.#context = context;
  }

  isStopping(containerId: string): boolean {
    return this.#stops.has(containerId);
  }

  stop(
    pod: NodePod,
    container: RuntimeContainer,
    spec: ContainerSpec | undefined,
    request: StopRequest,
  ): void {
    const { clock } = this.#context;
    const { id } = container.status;
    const deadline = clock.monotonic() + request.gracePeriod * 1000;
    const running = this.#stops.get(id);
    if (!running) {
      const stop = { deadline, hook: new AbortController() };
      this.#stops.set(id, stop);
      this.#announce(pod, container, spec, request);
      void this.#run(pod, container, spec, stop, request);
    } else if (deadline < running.deadline - 500) {
      running.deadline = deadline;
      running.hook.abort(new Error('the grace period was shortened'));
      // The runtime takes a second, shorter stop beside the first.
      void this.#context.cri.stopContainer(id, Math.max(request.gracePeriod, 0)).catch(() => {});
    }
  }

  #announce(
    pod: NodePod,
    container: RuntimeContainer,
    spec: ContainerSpec | undefined,
    request: StopRequest,
  ): void {
    const { recorder, decisions } = this.#context;
    const fieldPath = spec && containerFieldPath(spec);
    recorder.event(pod, 'Normal', 'Killing', request.message, { fieldPath });
    decisions.record('container.killed', decisionObject(pod), {
      container: containerName(container),
      id: container.status.id,
      gracePeriod: request.gracePeriod,
      reason: request.reason,
    });
  }

  async #run(
    pod: NodePod,
    container: RuntimeContainer,
    spec: ContainerSpec | undefined,
    stop: Stop,
    { gracePeriod }: StopRequest,
  ): Promise<void> {
    const { cri, cache, clock, log, requeue, teardowns } = this.#context;
    const { uid } = pod.metadata;
    const { id } = container.status;
    try {
      const preStop = spec?.spec.lifecycle?.preStop;
      if (preStop && gracePeriod > 0) await this.#preStop(pod, container, spec, stop, gracePeriod);
      if (pod.metadata.deletionTimestamp && gracePeriod > minimumGrace)
        await this.#leaveServices(pod, container, stop);
      const left = Math.ceil((stop.deadline - clock.monotonic()) / 1000);
      const stopped = () =>
        cache.whileStopping(id, async () => {
          await cri.stopContainer(id, gracePeriod === 0 ? 0 : Math.max(left, minimumGrace));
          await cache.noteContainer(uid, container.sandboxId, id);
        });
      await teardowns.before(stopped);
    } catch (error) {
      if (!isNotFound(error)) {
        log.warn('a container does not stop', {
          container: containerName(container),
          error: errorChain(error),
        });
        await cache.refresh(uid).catch(() => {});
      }
    } finally {
      this.#stops.delete(id);
      requeue(uid);
    }
  }

  /**
   * A deleted pod leaves its Services' endpoints at once, but a server that ends at its stop signal would
   * still refuse connections of the moment until the rules have changed. So the signal waits for the rules of
   * all nodes, and for the pod to accept what they sent before. Upstream leaves that to a preStop hook. A pod that
   * no Service selects waits for nothing.
   */
  async #leaveServices(pod: NodePod, container: RuntimeContainer, stop: Stop): Promise<void> {
    const { clock, traffic, cache, decisions } = this.#context;
    const sandbox = cache.get(pod.metadata.uid).sandboxes.find(({ id }) => id === container.sandboxId);
    const began = clock.monotonic();
    const patience = new AbortController();
    const cancel = clock.after(releasePatience, () => patience.abort());
    const signal = AbortSignal.any([patience.signal, stop.hook.signal]);
    const released = await traffic.whenReleased(sandboxAddresses(sandbox), signal);
    if (released) {
      const ms = Math.round(clock.monotonic() - began);
      decisions.record('traffic.released', decisionObject(pod), { container: containerName(container), ms });
      await whenAccepted(this.#context, pod, container, signal);
    }
    cancel();
  }

  async #preStop(
    pod: NodePod,
    container: RuntimeContainer,
    spec: ContainerSpec,
    stop: Stop,
    gracePeriod: number,
  ): Promise<void> {
    const { hooks, recorder, clock, cache, facts } = this.#context;
    const cancel = clock.after(gracePeriod * 1000, () =>
      stop.hook.abort(new Error('the grace period is over')),
    );
    const sandbox = cache.get(pod.metadata.uid).sandboxes.find(({ id }) => id === container.sandboxId);
    const podIP = sandboxAddresses(sandbox)[0] ?? facts.hostIPs[0] ?? '';
    const target = { containerId: container.status.id, container: spec.spec as Container, podIP };
    try {
      await hooks.run(spec.spec.lifecycle!.preStop!, target, stop.hook.signal);
    } catch (error) {
      if (stop.hook.signal.aborted) return;
      const message = `PreStopHook failed: ${rpcMessage(error)}`;
      recorder.event(pod, 'Warning', 'FailedPreStopHook', message, { fieldPath: containerFieldPath(spec) });
    } finally {
      cancel();
    }
  }
}
