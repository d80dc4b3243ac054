import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decisionObject } from '../../base/decisions.ts';
import type { Image, PodSandboxConfig, PodSandboxStatus } from '../../cri/cri.ts';
import { containerConfig } from '../container/container-config.ts';
import { ContainerConfigError, containerEnvironment } from '../container/environment.ts';
import { serviceEnvironment } from '../container/service-environment.ts';
import type { PodContext } from '../node-facts.ts';
import { containerMounts } from '../volume/container-mounts.ts';
import type { MountedVolume } from '../volume/pod-volumes.ts';
import type { WaitingReason } from './container-status.ts';
import { containerFieldPath, isHostNetwork, type NodePod } from './pod-identity.ts';
import type { PlannedStart } from './pod-plan.ts';
import { newestContainer, sandboxAddresses } from './pod-runtime.ts';

export interface StartFacts {
  sandbox: PodSandboxStatus;
  sandboxConfig: PodSandboxConfig;
  volumes: ReadonlyMap<string, MountedVolume>;
  image: Image;
  imageName: string;
}

/** A container could not be started; `waiting` goes into its status. */
export class StartError extends Error {
  readonly waiting: WaitingReason;
  constructor(waiting: WaitingReason, options?: ErrorOptions) {
    super(waiting.message, options);
    this.waiting = waiting;
  }
}

/** Creates and starts one container of a pod. */
export class ContainerStarter {
  readonly #context: PodContext;

  constructor(context: PodContext) {
    this.#context = context;
  }

  /** Resolves with its id. @throws StartError */
  async start(pod: NodePod, start: PlannedStart, facts: StartFacts): Promise<string> {
    const { cri, cache, clock, decisions } = this.#context;
    const { uid } = pod.metadata;
    const { name } = start.container.spec;
    const began = clock.monotonic();
    const restartCount = start.restartCount ?? (await this.#countSoFar(pod, name));
    const config = await this.#step(pod, start, 'CreateContainerConfigError', () =>
      this.#config(pod, start, restartCount, facts),
    );
    const id = await this.#step(pod, start, 'CreateContainerError', () =>
      cri.createContainer(facts.sandbox.id, config, facts.sandboxConfig),
    );
    decisions.record('container.created', decisionObject(pod), {
      container: name,
      id,
      attempt: restartCount,
    });
    this.#event(pod, start, 'Normal', 'Created', 'Container created');
    await this.#step(pod, start, 'RunContainerError', async () => {
      try {
        await cri.startContainer(id);
      } finally {
        await cache.noteContainer(uid, facts.sandbox.id, id);
      }
    });
    const ms = Math.round(clock.monotonic() - began);
    decisions.record('container.started', decisionObject(pod), { container: name, id, ms });
    this.#event(pod, start, 'Normal', 'Started', 'Container started');
    return id;
  }

  async #config(pod: NodePod, { container }: PlannedStart, restartCount: number, facts: StartFacts) {
    const { paths, mounts, facts: node, cache } = this.#context;
    const environment = await this.#environment(pod, container.spec, facts.sandbox);
    const mountFacts = { volumes: facts.volumes, environment, restartCount, paths, mounts };
    const logPath = paths.containerLog(container.spec.name, restartCount);
    await mkdir(join(paths.logs(pod), container.spec.name), { recursive: true, mode: 0o755 });
    const target = container.targetName && newestContainer(cache.get(pod.metadata.uid), container.targetName);
    return containerConfig(pod, container, {
      restartCount,
      imageRef: facts.image.id,
      image: facts.image,
      environment,
      mounts: await containerMounts(pod, container.spec, mountFacts),
      logPath,
      seccompDir: node.seccompDir,
      ...(target && { targetId: target.status.id }),
      machine: node,
    });
  }

  async #environment(
    pod: NodePod,
    container: NodePod['spec']['containers'][number],
    sandbox: PodSandboxStatus,
  ): Promise<Map<string, string>> {
    const { facts, sources, services, recorder } = this.#context;
    const links = pod.spec.enableServiceLinks ?? true;
    const found = serviceEnvironment(await services(), pod.metadata.namespace ?? '', links);
    if (found.omitted > 0) {
      const message = `${found.omitted} Services have no environment variables in container ${container.name}: all of them do not fit; set enableServiceLinks to false to have none`;
      recorder.event(pod, 'Warning', 'ServiceLinksTruncated', message);
    }
    const podIPs = isHostNetwork(pod) ? facts.hostIPs : sandboxAddresses(sandbox);
    return containerEnvironment(pod, container, found.variables, { ...facts, podIPs }, sources);
  }

  /** Where the runtime has forgotten earlier containers: by their log files, and by what was reported of them. */
  async #countSoFar(pod: NodePod, container: string): Promise<number> {
    const files = await readdir(join(this.#context.paths.logs(pod), container)).catch(() => []);
    const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
    const told = [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container);
    const counts = [
      ...files.map(file => Number.parseInt(file, 10)).filter(Number.isInteger),
      ...(told?.containerID || told?.lastState?.terminated ? [told.restartCount ?? 0] : []),
    ];
    return counts.length > 0 ? Math.max(...counts) + 1 : 0;
  }

  async #step<T>(pod: NodePod, start: PlannedStart, reason: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (cause) {
      // Of the runtime's error its description only, as the kubelet does here (not where it pulls images).
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const message = error instanceof ContainerConfigError ? withCause(error) : error.message;
      this.#event(pod, start, 'Warning', 'Failed', `Error: ${message}`);
      throw new StartError({ reason, message }, { cause });
    }
  }

  #event(
    pod: NodePod,
    { container }: PlannedStart,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    this.#context.recorder.event(pod, type, reason, message, { fieldPath: containerFieldPath(container) });
  }
}

function withCause(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : '';
  return cause && !error.message.includes(cause) ? `${error.message}: ${cause}` : error.message;
}
