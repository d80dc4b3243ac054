import type { Container, Pod } from '../../api/generated/types.ts';
import type { ProbeResult } from '../probe/probe-results.ts';
import {
  type ContainerSpec,
  containerHash,
  containersOf,
  isHostNetwork,
  isSidecar,
  runtimeAnnotations,
} from './pod-identity.ts';
import {
  containerName,
  isRunning,
  newestContainer,
  type PodRuntime,
  type RuntimeContainer,
  readySandbox,
  restartCountOf,
  sandboxAddresses,
} from './pod-runtime.ts';
import { type PlannedReset, planReset, ruledAction } from './restart-rules.ts';

/** What to do for a pod that is to run. Decided from its spec and from what the runtime has; pure. */
export interface PodPlan {
  /** `create`: none there that counts; `replace`: the same, and what is left of the old one is killed first. */
  sandbox: 'keep' | 'create' | 'replace';
  /** Attempt number of a sandbox to create. */
  attempt: number;
  kill: PlannedKill[];
  /** In order; each only after the one before was started. */
  start: PlannedStart[];
  /** Before anything else: the pod begins anew. */
  reset?: PlannedReset;
  /** Nothing will ever run again: every container has ended for good. Sidecars and the sandbox may go. */
  finished: boolean;
}

export interface PlannedStart {
  container: ContainerSpec;
  /** Restart count of the new container; undefined where the runtime no longer has an earlier one. */
  restartCount: number | undefined;
  /** The ended container it replaces, for back-off. */
  replaces: RuntimeContainer | undefined;
}

export interface PlannedKill {
  container: RuntimeContainer;
  spec: ContainerSpec | undefined;
  /** The text of the Killing event. */
  message: string;
  reason: 'definition' | 'liveness' | 'startup' | 'resize' | 'unknown';
}

/** What the agent knows beyond spec and runtime. */
export interface PlanFacts {
  liveness(containerId: string): ProbeResult;
  startup(containerId: string): ProbeResult;
  /** The container's postStart hook still runs. */
  hookRunning(containerId: string): boolean;
  /** It is being stopped already. */
  isStopping(containerId: string): boolean;
}

export function planPod(pod: Pod, runtime: PodRuntime, facts: PlanFacts): PodPlan {
  const plan: PodPlan = { sandbox: 'keep', attempt: 0, kill: [], start: [], finished: false };
  const sandbox = usableSandbox(pod, runtime);
  if (hasEnded(pod, runtime, sandbox !== undefined)) return { ...plan, finished: true };
  if (!sandbox) {
    plan.sandbox = runtime.sandboxes.length > 0 ? 'replace' : 'create';
    plan.attempt = runtime.sandboxes.length > 0 ? (runtime.sandboxes[0]!.metadata?.attempt ?? 0) + 1 : 0;
  }
  const reset = sandbox && planReset(pod, runtime, sandbox);
  if (reset) return { ...plan, reset };
  const view = new PlanView(pod, runtime, sandbox, facts, plan);
  planEphemeral(view);
  if (planInit(view)) planRegular(view);
  return plan;
}

/** A ready sandbox that fits the pod: only one ready, and with an address unless it is on the host network. */
function usableSandbox(pod: Pod, runtime: PodRuntime): string | undefined {
  const newest = readySandbox(runtime);
  if (!newest) return undefined;
  if (!isHostNetwork(pod) && sandboxAddresses(newest).length === 0) return undefined;
  return newest.id;
}

/** Whether no container will be started again. */
function hasEnded(pod: Pod, runtime: PodRuntime, sandboxReady: boolean): boolean {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const failedInit = initContainers.some(init => {
    const newest = newestContainer(runtime, init.name);
    if (!newest || isSidecar(init) || newest.status.state !== 'CONTAINER_EXITED') return false;
    return newest.status.exitCode !== 0 && !shouldRestart(pod, init, newest.status.exitCode);
  });
  if (failedInit && !containers.some(({ name }) => isAlive(newestContainer(runtime, name)))) return true;
  const lost = !sandboxReady && pod.spec?.restartPolicy === 'Never' && runtime.containers.length > 0;
  return containers.every(container => {
    const newest = newestContainer(runtime, container.name);
    // With the sandbox gone, what was never started in a pod that restarts nothing never will be.
    if (!newest) return lost && container.restartPolicy === undefined;
    if (newest.status.state !== 'CONTAINER_EXITED') return lost && !isRunning(newest);
    return !shouldRestart(pod, container, newest.status.exitCode);
  });
}

function isAlive(container: RuntimeContainer | undefined): boolean {
  return container !== undefined && container.status.state !== 'CONTAINER_EXITED';
}

/** Whether a container that ended so is to be started again; its own rules come before the pod's policy. */
export function shouldRestart(pod: Pod, container: Container, exitCode: number): boolean {
  if (ruledAction(container, exitCode) !== undefined) return true;
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  return policy === 'Always' && !isPlainInit(pod, container) ? true : exitCode !== 0;
}

/** An init container that runs to its end: only failure makes it run again. */
function isPlainInit(pod: Pod, container: Container): boolean {
  return (
    !isSidecar(container) && (pod.spec?.initContainers ?? []).some(({ name }) => name === container.name)
  );
}

class PlanView {
  readonly pod: Pod;
  readonly runtime: PodRuntime;
  readonly facts: PlanFacts;
  readonly plan: PodPlan;
  readonly #sandbox: string | undefined;

  constructor(pod: Pod, runtime: PodRuntime, sandbox: string | undefined, facts: PlanFacts, plan: PodPlan) {
    this.pod = pod;
    this.runtime = runtime;
    this.facts = facts;
    this.plan = plan;
    this.#sandbox = sandbox;
  }

  /** The newest container of that name in the sandbox that counts. */
  current(name: string): RuntimeContainer | undefined {
    if (this.#sandbox === undefined) return undefined;
    return this.runtime.containers.find(
      container => containerName(container) === name && container.sandboxId === this.#sandbox,
    );
  }

  start(container: ContainerSpec): void {
    const replaces = newestContainer(this.runtime, container.spec.name);
    const restartCount = replaces ? restartCountOf(replaces) + 1 : undefined;
    this.plan.start.push({ container, restartCount, replaces });
  }

  kill(
    container: RuntimeContainer,
    spec: ContainerSpec,
    reason: PlannedKill['reason'],
    message: string,
  ): void {
    this.plan.kill.push({ container, spec, reason, message });
  }
}

function planEphemeral(view: PlanView): void {
  for (const container of containersOf(view.pod)) {
    if (container.kind !== 'ephemeral') continue;
    if (!newestContainer(view.runtime, container.spec.name)) view.start(container);
  }
}

/** Plans init containers and sidecars; true where the regular containers may run. */
function planInit(view: PlanView): boolean {
  const initialised = (view.pod.spec?.containers ?? []).some(({ name }) => view.current(name) !== undefined);
  for (const container of containersOf(view.pod)) {
    if (container.kind === 'sidecar') {
      if (!planSidecar(view, container) && !initialised) return false;
    } else if (container.kind === 'init' && !initialised && !planPlainInit(view, container)) {
      return false;
    }
  }
  return true;
}

/** True where the next container may start: it runs and has passed its startup probe. */
function planSidecar(view: PlanView, container: ContainerSpec): boolean {
  const current = view.current(container.spec.name);
  if (!current || !isRunning(current)) {
    view.start(container);
    return false;
  }
  if (planKill(view, container, current)) return false;
  const { id } = current.status;
  if (view.facts.hookRunning(id)) return false;
  return container.spec.startupProbe === undefined || view.facts.startup(id) === 'success';
}

/** True where it has ended well. */
function planPlainInit(view: PlanView, container: ContainerSpec): boolean {
  const current = view.current(container.spec.name);
  if (!current) {
    view.start(container);
    return false;
  }
  const { state, exitCode } = current.status;
  if (state === 'CONTAINER_RUNNING') return false;
  if (state === 'CONTAINER_EXITED' && exitCode === 0) return true;
  if (state !== 'CONTAINER_EXITED' || shouldRestart(view.pod, container.spec, exitCode))
    view.start(container);
  return false;
}

function planRegular(view: PlanView): void {
  for (const container of containersOf(view.pod)) {
    if (container.kind !== 'regular') continue;
    const current = view.current(container.spec.name);
    if (current && isRunning(current)) {
      planKill(view, container, current);
      // Containers start in order, and one whose postStart hook runs has not started yet.
      if (view.facts.hookRunning(current.status.id)) return;
    } else if (wantsStart(view, container, current)) {
      view.start(container);
    }
  }
}

function wantsStart(view: PlanView, { spec }: ContainerSpec, current: RuntimeContainer | undefined): boolean {
  const newest = current ?? newestContainer(view.runtime, spec.name);
  if (newest?.status.state !== 'CONTAINER_EXITED') return true;
  return shouldRestart(view.pod, spec, newest.status.exitCode);
}

/** Plans the end of a running container that must be replaced. */
function planKill(view: PlanView, container: ContainerSpec, current: RuntimeContainer): boolean {
  const { id, annotations } = current.status;
  if (view.facts.isStopping(id)) return true;
  const { name } = container.spec;
  const hash = annotations[runtimeAnnotations.hash];
  if (hash !== undefined && hash !== containerHash(container.spec)) {
    view.kill(current, container, 'definition', `Container ${name} definition changed`);
  } else if (view.facts.liveness(id) === 'failure') {
    view.kill(current, container, 'liveness', `Container ${name} failed liveness probe`);
  } else if (view.facts.startup(id) === 'failure') {
    view.kill(current, container, 'startup', `Container ${name} failed startup probe`);
  } else {
    return false;
  }
  const planned = view.plan.kill.at(-1)!;
  if (shouldRestart(view.pod, container.spec, 137)) planned.message += ', will be restarted';
  return true;
}
