import type { Container, Pod, Probe } from '../../api/generated/types.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { type DecisionLog, decisionObject } from '../../base/decisions.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { type ContainerSpec, containerFieldPath, containersOf } from '../pod/pod-identity.ts';
import {
  isRunning,
  newestContainer,
  type PodRuntime,
  readySandbox,
  sandboxAddresses,
} from '../pod/pod-runtime.ts';
import { type ProbeKind, type ProbeResult, ProbeResults } from './probe-results.ts';
import type { ProbeRunner } from './probe-runner.ts';

export interface ProberDeps {
  clock: Clock;
  decisions: DecisionLog;
  recorder: EventRecorder;
  runner: ProbeRunner;
  /** A settled result changed. */
  onChange: (uid: string) => void;
}

interface Worker {
  stop(): void;
}

const kinds: readonly ProbeKind[] = ['startup', 'readiness', 'liveness'];

/**
 * Runs the probes of all running containers and settles their results by the thresholds. One worker a
 * container id and kind; `sync` begins what is missing and ends what is no longer wanted.
 */
export class Prober {
  readonly results = new ProbeResults();
  readonly #deps: ProberDeps;
  readonly #workers = new Map<string, Map<string, Worker>>();

  constructor(deps: ProberDeps) {
    this.#deps = deps;
  }

  /** Looks at what of the pod runs now. `hostIP` is the address of pods on the host network. */
  sync(pod: Pod, runtime: PodRuntime, hostIP: string): void {
    const uid = pod.metadata?.uid ?? '';
    const wanted = this.#wanted(pod, runtime, hostIP);
    const present = this.#workers.get(uid) ?? new Map<string, Worker>();
    for (const [key, worker] of present) {
      if (wanted.has(key)) continue;
      worker.stop();
      present.delete(key);
    }
    for (const [key, begin] of wanted) if (!present.has(key)) present.set(key, begin());
    if (present.size > 0) this.#workers.set(uid, present);
    else this.#workers.delete(uid);
  }

  /** Ends probing of a pod; with `onlyLiveness` its readiness is still asked for while it terminates. */
  stop(uid: string, onlyLiveness = false): void {
    const workers = this.#workers.get(uid);
    for (const [key, worker] of workers ?? []) {
      if (onlyLiveness && key.startsWith('readiness/')) continue;
      worker.stop();
      workers?.delete(key);
    }
    if (workers?.size === 0) this.#workers.delete(uid);
  }

  stopAll(): void {
    for (const uid of [...this.#workers.keys()]) this.stop(uid);
  }

  /** Whether a running container counts as ready. */
  isReady(container: Container, containerId: string): boolean {
    if (!this.isStarted(container, containerId)) return false;
    return container.readinessProbe === undefined || this.results.get(containerId, 'readiness') === 'success';
  }

  isStarted(container: Container, containerId: string): boolean {
    return container.startupProbe === undefined || this.results.get(containerId, 'startup') === 'success';
  }

  /** Takes over from the pod's status what an earlier agent had settled. */
  adopt(container: Container, containerId: string, status: { ready: boolean; started?: boolean }): void {
    if (container.startupProbe && status.started) this.results.set(containerId, 'startup', 'success');
    if (container.readinessProbe && status.ready) this.results.set(containerId, 'readiness', 'success');
  }

  #wanted(pod: Pod, runtime: PodRuntime, hostIP: string): Map<string, () => Worker> {
    const wanted = new Map<string, () => Worker>();
    const podIP = pod.spec?.hostNetwork ? hostIP : sandboxAddresses(readySandbox(runtime))[0];
    for (const spec of containersOf(pod)) {
      const current = newestContainer(runtime, spec.spec.name);
      if (!current || !isRunning(current) || podIP === undefined) continue;
      const { id, startedAt } = current.status;
      for (const kind of kinds) {
        const probe = spec.spec[`${kind}Probe`];
        const run = { pod, spec, probe: probe!, kind, containerId: id, startedAt: startedAt / 1e6, podIP };
        if (probe) wanted.set(`${kind}/${id}`, () => this.#begin(run));
      }
    }
    return wanted;
  }

  #begin(run: Omit<ProbeRun, 'deps' | 'results'>): Worker {
    const worker = new ProbeWorker({ ...run, deps: this.#deps, results: this.results });
    worker.start();
    return worker;
  }
}

interface ProbeRun {
  deps: ProberDeps;
  results: ProbeResults;
  pod: Pod;
  spec: ContainerSpec;
  probe: Probe;
  kind: ProbeKind;
  containerId: string;
  /** Milliseconds since the Unix epoch. */
  startedAt: number;
  podIP: string;
}

class ProbeWorker implements Worker {
  readonly #run: ProbeRun;
  #cancel: Cancel = () => {};
  #stopped = false;
  #row = 0;
  #last: 'success' | 'failure' | undefined;

  constructor(run: ProbeRun) {
    this.#run = run;
  }

  start(): void {
    const { deps, probe, startedAt } = this.#run;
    const due = startedAt + (probe.initialDelaySeconds ?? 0) * 1000 - deps.clock.now();
    this.#schedule(Math.max(due, 0));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #schedule(ms: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#run.deps.clock.after(ms, () => void this.#try());
  }

  async #try(): Promise<void> {
    const { deps, probe, kind, containerId, spec, podIP } = this.#run;
    const period = (probe.periodSeconds ?? 10) * 1000;
    const began = deps.clock.monotonic();
    if (!this.#onHold()) {
      const outcome = await deps.runner.run(probe, { containerId, container: spec.spec, podIP });
      if (this.#stopped) return;
      this.#settle(outcome.result, outcome.message);
      if (this.#isSettledForGood()) return;
    } else if (kind !== 'startup') {
      // Looked at again as soon as start-up may have succeeded.
      this.#schedule(Math.min(period, 1000));
      return;
    }
    this.#schedule(Math.max(period - (deps.clock.monotonic() - began), 0));
  }

  /** Liveness and readiness wait for the startup probe. */
  #onHold(): boolean {
    const { kind, spec, results, containerId } = this.#run;
    if (kind === 'startup' || !spec.spec.startupProbe) return false;
    return results.get(containerId, 'startup') !== 'success';
  }

  /** A start-up that succeeded is not asked again; a container that is to be killed is not either. */
  #isSettledForGood(): boolean {
    const { kind, results, containerId } = this.#run;
    const result = results.get(containerId, kind);
    return kind === 'startup' ? result !== undefined : kind === 'liveness' && result === 'failure';
  }

  #settle(result: 'success' | 'failure' | 'error', message: string): void {
    const { deps, kind, probe, spec, pod, results, containerId } = this.#run;
    if (result !== 'success') this.#tell(result, message);
    if (result === 'error') return;
    this.#row = result === this.#last ? this.#row + 1 : 1;
    this.#last = result;
    const threshold = result === 'success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#row < threshold) return;
    const before = results.get(containerId, kind);
    if (!results.set(containerId, kind, result)) return;
    if (unchanged(kind, before, result)) return;
    const detail = { container: spec.spec.name, probe: kind, result, message: message.slice(0, 200) };
    deps.decisions.record('probe.changed', decisionObject(pod), detail);
    deps.onChange(pod.metadata?.uid ?? '');
  }

  #tell(result: 'failure' | 'error', message: string): void {
    const { deps, kind, pod, spec } = this.#run;
    const name = `${kind[0]!.toUpperCase()}${kind.slice(1)}`;
    const words = `${name} probe ${result === 'error' ? 'errored and resulted in unknown state' : 'failed'}: ${message}`;
    deps.recorder.event(pod, 'Warning', 'Unhealthy', words, { fieldPath: containerFieldPath(spec) });
  }
}

/** The first result says nothing new where it is what was assumed: alive, not ready. */
function unchanged(kind: ProbeKind, before: ProbeResult | undefined, result: ProbeResult): boolean {
  if (before !== undefined) return false;
  return (kind === 'liveness' && result === 'success') || (kind === 'readiness' && result === 'failure');
}
