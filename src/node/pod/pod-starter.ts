import { formatDuration } from '../../api/time.ts';
import { Backoff } from '../../base/backoff.ts';
import { decisionObject } from '../../base/decisions.ts';
import type { PodSandboxStatus } from '../../cri/cri.ts';
import type { ImageState } from '../container/image-puller.ts';
import { registryCredentials } from '../container/registry-credentials.ts';
import type { PodContext } from '../node-facts.ts';
import { type MountedVolume, VolumeError } from '../volume/pod-volumes.ts';
import type { ContainerResizer } from './container-resizer.ts';
import { ContainerStarter, StartError } from './container-starter.ts';
import type { WaitingReason } from './container-status.ts';
import type { ContainerStopper } from './container-stopper.ts';
import { MountedVolumes } from './mounted-volumes.ts';
import {
  type ContainerSpec,
  containerFieldPath,
  containersOf,
  formatPod,
  type NodePod,
} from './pod-identity.ts';
import type { PlannedStart, PodPlan } from './pod-plan.ts';
import { containerName, isRunning, type RuntimeContainer, readySandbox } from './pod-runtime.ts';
import { PostStartHooks } from './post-start-hooks.ts';
import type { PlannedReset } from './restart-rules.ts';
import { SandboxError, type SandboxStarter } from './sandbox-starter.ts';

const retryDelay = 5_000;
const failureShown = 3_000;

/** Brings one pod up: carries out what a plan wants started, and knows why what does not start waits. */
export class PodStarter {
  /** By container name. */
  readonly waiting = new Map<string, WaitingReason>();
  readonly hooks: PostStartHooks;
  readonly #context: PodContext;
  readonly #volumes: MountedVolumes;
  readonly #sandboxes: SandboxStarter;
  readonly #resizer: ContainerResizer;
  readonly #starter: ContainerStarter;
  readonly #retry = new Backoff<string>({ initial: 1000, max: 30_000 });

  constructor(
    context: PodContext,
    deps: { stopper: ContainerStopper; sandboxes: SandboxStarter; resizer: ContainerResizer },
  ) {
    this.#context = context;
    this.hooks = new PostStartHooks(context, deps.stopper);
    this.#volumes = new MountedVolumes(context);
    this.#sandboxes = deps.sandboxes;
    this.#resizer = deps.resizer;
    this.#starter = new ContainerStarter(context);
  }

  /** What changed in the API is written into the volumes of a pod that runs. */
  refreshVolumes(pod: NodePod): Promise<void> {
    return this.#volumes.refresh(pod);
  }

  /** Sandbox, volumes and images at the same time; then the containers in their order. */
  async bringUp(pod: NodePod, plan: PodPlan, due: PlannedStart[], publish: () => void): Promise<void> {
    const { requeue, recorder } = this.#context;
    try {
      // First what takes longest.
      const sandboxMade = this.#sandbox(pod, plan);
      sandboxMade.catch(() => {});
      const missing = await this.#missingVolumeImage(pod);
      if (missing) {
        await sandboxMade;
        for (const { container } of due) this.#noteImage(pod, container.spec.name, missing);
        publish();
        return;
      }
      const images = Promise.all(due.map(start => this.#image(pod, start)));
      const volumes = this.#volumes.mount(pod);
      // Whichever fails first: none of the others may end as an unhandled rejection.
      for (const promise of [images, volumes]) (promise as Promise<unknown>).catch(() => {});
      const sandbox = await sandboxMade;
      await Promise.all([this.#sandboxes.writeHosts(pod, sandbox), volumes]);
      // Where nothing starts yet, the address is news; else it goes with the news of the containers.
      if ((await images).every(({ state }) => state !== 'present')) publish();
      await this.#startAll(pod, publish, due, sandbox, await volumes, await images);
      this.#retry.forget('sandbox');
    } catch (error) {
      if (error instanceof VolumeError) recorder.event(pod, 'Warning', 'FailedMount', error.message);
      else if (!(error instanceof SandboxError)) throw error;
      requeue(pod.metadata.uid, this.#retry.next('sandbox'));
    }
  }

  async #sandbox(pod: NodePod, plan: PodPlan): Promise<PodSandboxStatus> {
    const { cache, recorder } = this.#context;
    const present = readySandbox(cache.get(pod.metadata.uid));
    if (plan.sandbox === 'keep' && present) return present;
    if (plan.sandbox === 'replace') {
      recorder.event(
        pod,
        'Normal',
        'SandboxChanged',
        'Pod sandbox changed, it will be killed and re-created.',
      );
      await this.#sandboxes.stopAll(pod, { evenNotReady: true });
      await cache.refresh(pod.metadata.uid);
    }
    return this.#sandboxes.start(pod, plan.attempt);
  }

  async #startAll(
    pod: NodePod,
    publish: () => void,
    due: PlannedStart[],
    sandbox: PodSandboxStatus,
    volumes: ReadonlyMap<string, MountedVolume>,
    images: ImageState[],
  ): Promise<void> {
    const sandboxConfig = this.#sandboxes.config(pod, sandbox.metadata?.attempt ?? 0);
    for (const [index, start] of due.entries()) {
      const { spec } = start.container;
      const image = images[index]!;
      if (image.state !== 'present') {
        this.#noteImage(pod, spec.name, image);
        continue;
      }
      const facts = { sandbox, sandboxConfig, volumes, image: image.image, imageName: spec.image ?? '' };
      try {
        const id = await this.#starter.start(pod, start, facts);
        this.waiting.delete(spec.name);
        this.#resizer.started(pod, id, spec.name);
        this.#requeueIfEnded(pod, id);
        if (start.replaces) this.#context.backoff.restarted(backoffKey(pod, spec.name));
        // Nothing else starts until the hook has ended.
        if (this.hooks.begin(pod, start.container, id, sandbox)) return;
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        this.waiting.set(spec.name, error.waiting);
        this.#context.backoff.restarted(backoffKey(pod, spec.name));
        this.#context.requeue(pod.metadata.uid, retryDelay);
      }
      publish();
    }
  }

  /** One that has ended by the time its start is noted raises no further event. */
  #requeueIfEnded(pod: NodePod, containerId: string): void {
    const { cache, requeue } = this.#context;
    const record = cache.get(pod.metadata.uid).containers.find(({ status }) => status.id === containerId);
    if (record && !isRunning(record)) requeue(pod.metadata.uid);
  }

  /** The starts that need not wait for their back-off. */
  due(pod: NodePod, plan: PodPlan): PlannedStart[] {
    return plan.start.filter(
      ({ container, replaces }) =>
        replaces?.status.state !== 'CONTAINER_EXITED' || !this.#isHeldBack(pod, container, replaces),
    );
  }

  /** Whether all containers may be restarted now that one has ended, or its back-off holds them. */
  mayReset(pod: NodePod, { source }: PlannedReset): boolean {
    const name = containerName(source);
    const container = containersOf(pod).find(({ spec }) => spec.name === name)!;
    return !this.#isHeldBack(pod, container, source);
  }

  /** They are gone. */
  noteReset(pod: NodePod, { source }: PlannedReset): void {
    this.waiting.clear();
    this.#context.backoff.restarted(backoffKey(pod, containerName(source)));
  }

  #isHeldBack(pod: NodePod, container: ContainerSpec, ended: RuntimeContainer): boolean {
    const { backoff, recorder, decisions, requeue } = this.#context;
    const { name } = container.spec;
    const wait = backoff.remaining(backoffKey(pod, name), ended.status.finishedAt / 1e6);
    if (!wait) return false;
    const words = `restarting failed container ${name} in pod ${formatPod(pod)}`;
    recorder.event(pod, 'Warning', 'BackOff', `Back-off ${words}`, {
      fieldPath: containerFieldPath(container),
    });
    const message = `back-off ${formatDuration(wait.delay)} restarting failed container=${name} pod=${formatPod(pod)}`;
    if (this.waiting.get(name)?.reason !== 'CrashLoopBackOff') {
      decisions.record('container.backoff', decisionObject(pod), { container: name, ms: wait.delay });
    }
    this.waiting.set(name, { reason: 'CrashLoopBackOff', message });
    requeue(pod.metadata.uid, wait.left);
    return true;
  }

  /** The first image of a volume that is not on the node; none once the volumes are made. */
  async #missingVolumeImage(pod: NodePod): Promise<ImageState | undefined> {
    if (this.#volumes.made) return undefined;
    const images = (pod.spec.volumes ?? []).flatMap(({ image }) => image ?? []);
    const states = await Promise.all(
      images.map(({ reference = '', pullPolicy = '' }) => this.#ensure(pod, reference, pullPolicy)),
    );
    return states.find(({ state }) => state !== 'present');
  }

  #image(pod: NodePod, { container }: PlannedStart): Promise<ImageState> {
    const { image = '', imagePullPolicy = '' } = container.spec;
    return this.#ensure(pod, image, imagePullPolicy, containerFieldPath(container));
  }

  #ensure(pod: NodePod, image: string, imagePullPolicy: string, fieldPath?: string): Promise<ImageState> {
    const { images, requeue, recorder, sources } = this.#context;
    const events = {
      event: (type: 'Normal' | 'Warning', reason: string, message: string) =>
        recorder.event(pod, type, reason, message, fieldPath === undefined ? {} : { fieldPath }),
    };
    const credentials = () => registryCredentials(pod, image, sources);
    return images.ensure(pod, image, imagePullPolicy, credentials, events, () => requeue(pod.metadata.uid));
  }

  #noteImage(pod: NodePod, name: string, image: ImageState): void {
    const { requeue, recorder } = this.#context;
    if (image.state === 'pulling') {
      this.waiting.delete(name);
    } else if (image.state === 'failed') {
      const container = containersOf(pod).find(({ spec }) => spec.name === name)!;
      const fieldPath = containerFieldPath(container);
      recorder.event(pod, 'Warning', 'Failed', `Error: ${image.reason}`, { fieldPath });
      this.waiting.set(name, { reason: image.reason, message: image.message });
      // Soon again, to say that it waits; the pull itself keeps to its pause.
      const wait = image.reason === 'ErrImagePull' ? failureShown : (image.retryAfter ?? 2 * retryDelay);
      requeue(pod.metadata.uid, wait);
    }
  }
}

function backoffKey(pod: NodePod, container: string): string {
  return `${pod.metadata.uid}/${container}`;
}
