import { formatTime, timeOf } from '../../api/time.ts';
import { Backoff } from '../../base/backoff.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import type { PodContext } from '../node-facts.ts';
import { hostPorts, type Rejection } from './admission.ts';
import { ContainerResizer } from './container-resizer.ts';
import { ContainerStopper } from './container-stopper.ts';
import { containersOf, formatPod, type NodePod } from './pod-identity.ts';
import { planPod } from './pod-plan.ts';
import { deleteFromApi, removeFromNode } from './pod-removal.ts';
import {
  containerName,
  isRunning,
  type PodRuntime,
  type RuntimeContainer,
  runningContainers,
} from './pod-runtime.ts';
import { PodStarter } from './pod-starter.ts';
import { podStatus } from './pod-status.ts';
import type { PlannedReset } from './restart-rules.ts';
import { SandboxStarter } from './sandbox-starter.ts';
import { terminationMessage } from './termination-message.ts';
import { killGrace, stopsDue } from './termination-plan.ts';

interface Termination {
  /** Seconds, from `since`. */
  gracePeriod: number;
  /** By the monotonic clock. */
  since: number;
}

/**
 * One pod on the node. `sync` compares what is wanted with what the runtime has, does what is missing and
 * reports; it is called again and again, never twice at a time, and keeps nothing that a later agent could
 * not find out anew.
 */
export class PodWorker {
  readonly uid: string;
  readonly #context: PodContext;
  readonly #stopper: ContainerStopper;
  readonly #sandboxes: SandboxStarter;
  readonly #starter: PodStarter;
  readonly #resizer: ContainerResizer;
  readonly #messages = new Map<string, string>();
  readonly #retry = new Backoff<string>({ initial: 1000, max: 30_000 });
  #pod: NodePod;
  /** Whether the API still has it. */
  #inApi = true;
  #startTime: string | undefined;
  #verdict: Rejection | undefined;
  #disruption: { type: string; status: string; reason: string; message: string }[] = [];
  #termination: Termination | undefined;
  #finished = false;
  /** All containers are being restarted. */
  #resetting = false;
  #adopted = false;
  #leaving: Promise<void> | undefined;
  #gone = false;

  /** @param deps.room why the node could not take the pod as it is now; undefined where it can. */
  constructor(context: PodContext, pod: NodePod, deps: { room: (pod: NodePod) => Rejection | undefined }) {
    this.#context = context;
    this.uid = pod.metadata.uid;
    this.#pod = pod;
    this.#stopper = new ContainerStopper(context);
    this.#sandboxes = new SandboxStarter(context);
    this.#resizer = new ContainerResizer(context, { room: asked => deps.room(asked as NodePod) });
    this.#starter = new PodStarter(context, {
      ...{ stopper: this.#stopper, sandboxes: this.#sandboxes, resizer: this.#resizer },
    });
    this.#startTime = pod.status?.startTime;
  }

  get pod(): NodePod {
    return this.#pod;
  }

  /** Settles when what is being taken off the node is off, or has failed. */
  get left(): Promise<void> {
    return this.#leaving ?? Promise.resolve();
  }

  /** Nothing is left of the pod, neither in the API nor on the node. */
  get gone(): boolean {
    return this.#gone;
  }

  /** It takes up resources: neither rejected nor ended. */
  get active(): boolean {
    const phase = this.#pod.status?.phase;
    return !this.#verdict && !this.#finished && phase !== 'Failed' && phase !== 'Succeeded';
  }

  get inApi(): boolean {
    return this.#inApi;
  }

  update(pod: NodePod): void {
    this.#pod = pod;
    this.#inApi = true;
  }

  /** The API has it no more: end what runs, soon. */
  removedFromApi(): void {
    this.#inApi = false;
    if (!this.#termination)
      this.#terminate(Math.min(this.#pod.spec.terminationGracePeriodSeconds ?? 30, 2), 'removed');
  }

  /** The node does not take it. */
  reject(rejection: Rejection): void {
    const { recorder, decisions } = this.#context;
    this.#verdict = rejection;
    this.#startTime ??= this.#now();
    recorder.event(
      this.#pod,
      'Warning',
      rejection.reason,
      rejection.message.replace(/^Pod was rejected: /, ''),
    );
    decisions.record('pod.rejected', decisionObject(this.#pod), { ...rejection });
  }

  /** Ends it for the node's sake, at once. */
  evict(message: string): void {
    const { recorder, requeue } = this.#context;
    if (!this.active || this.#termination) return;
    recorder.event(this.#pod, 'Warning', 'Evicted', message);
    this.#verdict = { reason: 'Evicted', message };
    const reason = 'TerminationByKubelet';
    this.#disruption = [{ type: 'DisruptionTarget', status: 'True', reason, message }];
    this.#terminate(1, 'evicted');
    requeue(this.uid);
  }

  async sync(): Promise<void> {
    const { cache } = this.#context;
    if (this.#gone || this.#leaving) return;
    this.#startTime ??= this.#now();
    this.#noteDeletion();
    this.#noteDeadline();
    await this.#noteEnds(cache.get(this.uid));
    if (this.#termination || this.#verdict || this.#finished || this.#hasEnded()) await this.#syncEnd();
    else await this.#syncActive();
  }

  #hasEnded(): boolean {
    const phase = this.#pod.status?.phase;
    return phase === 'Succeeded' || phase === 'Failed';
  }

  // ── while it is to run ──────────────────────────────────────────────────────────────────────────────────

  async #syncActive(): Promise<void> {
    const { cache, teardowns } = this.#context;
    const runtime = cache.get(this.uid);
    if (!this.#adopted) this.#adopt(runtime);
    this.#probe();
    const plan = planPod(this.#pod, runtime, this.#planFacts());
    if (plan.finished) {
      this.#finished = true;
      await this.#syncEnd();
      return;
    }
    if (plan.reset) {
      await this.#reset(plan.reset);
      return;
    }
    for (const { container, spec, message, reason } of plan.kill) {
      const gracePeriod = killGrace(this.#pod, spec, reason);
      this.#stopper.stop(this.#pod, container, spec, { gracePeriod, message, reason });
    }
    for (const { container, spec } of await this.#resizer.sync(this.#pod, runtime)) {
      const gracePeriod = killGrace(this.#pod, spec, 'resize');
      const message = `Container ${spec.spec.name} resize requires restart`;
      this.#stopper.stop(this.#pod, container, spec, { gracePeriod, message, reason: 'resize' });
    }
    const due = this.#starter.due(this.#pod, plan);
    this.#publish();
    if (plan.sandbox !== 'keep' || due.length > 0)
      await teardowns.before(() => this.#starter.bringUp(this.#pod, plan, due, () => this.#publish()));
    else await this.#starter.refreshVolumes(this.#pod);
    this.#probe();
    this.#publish();
  }

  /** All its containers end at once, and go: with the next sync it begins as a new pod in the same sandbox. */
  async #reset(reset: PlannedReset): Promise<void> {
    const { cache, cri, requeue, decisions } = this.#context;
    const mayReset = this.#resetting || this.#starter.mayReset(this.#pod, reset);
    this.#resetting = mayReset;
    this.#probe();
    this.#publish();
    if (!mayReset) return;
    for (const container of reset.running) {
      const name = containerName(container);
      const spec = containersOf(this.#pod).find(each => each.spec.name === name);
      const message = `Stopping container ${name}, all containers will be restarted`;
      this.#stopper.stop(this.#pod, container, spec, { gracePeriod: 0, message, reason: 'reset' });
    }
    if (reset.running.length > 0) return;
    for (const { status } of reset.remove) await cri.removeContainer(status.id);
    await cache.refresh(this.uid);
    this.#starter.noteReset(this.#pod, reset);
    this.#resetting = false;
    decisions.record('pod.reset', decisionObject(this.#pod), { container: containerName(reset.source) });
    this.#publish();
    requeue(this.uid);
  }

  // ── probes ─────────────────────────────────────────────────────────────────────────────────────────────

  /** What an earlier agent knew of containers that still run. */
  #adopt(runtime: PodRuntime): void {
    const { prober } = this.#context;
    const { initContainerStatuses = [], containerStatuses = [] } = this.#pod.status ?? {};
    const statuses = new Map([...initContainerStatuses, ...containerStatuses].map(s => [s.containerID, s]));
    for (const { spec } of containersOf(this.#pod)) {
      const running = runtime.containers.find(c => containerName(c) === spec.name && isRunning(c));
      const status = running && statuses.get(`containerd://${running.status.id}`);
      if (running && status) prober.adopt(spec, running.status.id, status);
    }
    this.#resizer.adopt(this.#pod, runtime);
    this.#adopted = true;
  }

  #probe(): void {
    const { prober, cache, facts } = this.#context;
    prober.sync(this.#pod, cache.get(this.uid), facts.hostIPs[0] ?? '');
  }

  // ── its end ─────────────────────────────────────────────────────────────────────────────────────────────

  #noteDeletion(): void {
    const { deletionTimestamp, deletionGracePeriodSeconds } = this.#pod.metadata;
    if (!deletionTimestamp) return;
    const gracePeriod = deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    if (!this.#termination || gracePeriod < this.#termination.gracePeriod)
      this.#terminate(gracePeriod, 'deleted');
  }

  #noteDeadline(): void {
    const { clock, recorder, requeue } = this.#context;
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    if (seconds === undefined || !this.#startTime || this.#termination || !this.active) return;
    const left = timeOf(this.#startTime) + seconds * 1000 - clock.now();
    if (left > 0) {
      requeue(this.uid, left);
      return;
    }
    const message = 'Pod was active on the node longer than the specified deadline';
    recorder.event(this.#pod, 'Normal', 'DeadlineExceeded', message);
    this.#verdict = { reason: 'DeadlineExceeded', message };
    this.#terminate(this.#pod.spec.terminationGracePeriodSeconds ?? 30, 'deadline');
  }

  #terminate(gracePeriod: number, reason: string): void {
    const { clock, decisions } = this.#context;
    // A grace period can only get shorter; one second is the least.
    this.#resetting = false;
    this.#termination = { gracePeriod: Math.max(gracePeriod, 1), since: clock.monotonic() };
    decisions.record('pod.terminating', decisionObject(this.#pod), { gracePeriod, reason });
  }

  async #syncEnd(): Promise<void> {
    const { cache, prober } = this.#context;
    prober.stop(this.uid, true);
    const running = runningContainers(cache.get(this.uid));
    this.#publish();
    if (running.length > 0) {
      this.#probe();
      this.#stopInOrder(running);
      return;
    }
    prober.stop(this.uid);
    this.#finished = true;
    this.#publish();
    if (this.#inApi && !this.#pod.metadata.deletionTimestamp) {
      await this.#sandboxes.stopAll(this.#pod);
      this.#publish();
      return;
    }
    await this.#remove();
  }

  #stopInOrder(running: RuntimeContainer[]): void {
    for (const { container, spec } of stopsDue(this.#pod, running)) {
      const message = `Stopping container ${containerName(container)}`;
      const request = { gracePeriod: this.#graceLeft(), message, reason: 'terminating' };
      this.#stopper.stop(this.#pod, container, spec, request);
    }
  }

  #graceLeft(): number {
    const { clock } = this.#context;
    const { gracePeriod, since } = this.#termination ?? {
      gracePeriod: this.#pod.spec.terminationGracePeriodSeconds ?? 30,
      since: clock.monotonic(),
    };
    return Math.max(gracePeriod - (clock.monotonic() - since) / 1000, 1);
  }

  /**
   * With its containers gone the pod goes from the API, which is what others wait for, while its sandbox is
   * taken down in its turn. A pod with host ports stays until they are free: the next one may want them.
   */
  async #remove(): Promise<void> {
    const { writer, teardowns } = this.#context;
    const stopAll = () => this.#sandboxes.stopAll(this.#pod);
    const awaited = this.#inApi && hostPorts(this.#pod).length > 0;
    const stopped = awaited ? teardowns.before(stopAll) : teardowns.run(stopAll);
    stopped.catch(() => {});
    if (this.#inApi) {
      if (awaited) await stopped;
      await writer.flushed(this.uid);
      await deleteFromApi(this.#context, this.#pod);
      this.#inApi = false;
    }
    this.#leaving = this.#leaveNode(stopped);
  }

  /** Not a part of `sync`: pods that wait here for their turn are in nobody's way. */
  async #leaveNode(stopped: Promise<void>): Promise<void> {
    const { decisions, log, requeue, teardowns } = this.#context;
    try {
      await stopped;
      await teardowns.run(() => removeFromNode(this.#context, this.#pod));
      decisions.record('pod.removed', decisionObject(this.#pod), {});
      this.#gone = true;
      requeue(this.uid);
    } catch (error) {
      log.warn('a pod is not removed yet', { pod: formatPod(this.#pod), error: errorChain(error) });
      requeue(this.uid, this.#retry.next('removal'));
    } finally {
      this.#leaving = undefined;
    }
  }

  // ── what is told ────────────────────────────────────────────────────────────────────────────────────────

  /** Reads the last words of containers that have ended since, and records their end. */
  async #noteEnds(runtime: PodRuntime): Promise<void> {
    const { decisions, prober } = this.#context;
    for (const container of runtime.containers) {
      const { id, state, exitCode, reason } = container.status;
      if (state !== 'CONTAINER_EXITED' || this.#messages.has(id)) continue;
      this.#messages.set(id, await terminationMessage(container.status));
      prober.results.forget(id);
      const detail = { container: containerName(container), id, exitCode, reason };
      decisions.record('container.exited', decisionObject(this.#pod), detail);
    }
  }

  #publish(): void {
    const { writer, cache, prober, facts } = this.#context;
    if (!this.#inApi) return;
    this.#startTime ??= this.#now();
    const pod = writer.latest(this.#pod);
    const status = podStatus(pod, cache.get(this.uid), {
      now: this.#now(),
      startTime: this.#startTime,
      hostIPs: facts.hostIPs,
      verdict: this.#verdict,
      finished: this.#finished,
      resetting: this.#resetting,
      waiting: this.#starter.waiting,
      isReady: (container, id) => prober.isReady(container, id),
      isStarted: (container, id) => prober.isStarted(container, id),
      hookRunning: id => this.#starter.hooks.isRunning(id),
      terminationMessage: id => this.#messages.get(id) ?? '',
      resources: id => this.#resizer.actual(id),
      further: [...this.#resizer.conditions, ...this.#disruption],
    });
    writer.set(this.#pod, status);
  }

  #planFacts() {
    const { results } = this.#context.prober;
    return {
      liveness: (id: string) => results.get(id, 'liveness') ?? 'success',
      startup: (id: string) => results.get(id, 'startup') ?? 'unknown',
      hookRunning: (id: string) => this.#starter.hooks.isRunning(id),
      isStopping: (id: string) => this.#stopper.isStopping(id),
    };
  }

  #now(): string {
    return formatTime(this.#context.clock.now());
  }
}
