import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../api/generated/types.ts';
import { mayRestartAll } from '../../api/kinds/pod/restart-all.ts';
import { podQosClass } from '../../api/kinds/qos.ts';
import { type ContainerFacts, containerStatuses } from './container-status.ts';
import { isHostNetwork, isSidecar } from './pod-identity.ts';
import { shouldRestart } from './pod-plan.ts';
import { type PodRuntime, readySandbox, sandboxAddresses } from './pod-runtime.ts';

export interface StatusFacts extends ContainerFacts {
  /** RFC 3339, of this moment. */
  now: string;
  startTime: string;
  hostIPs: readonly string[];
  /** The pod is ended by the node: rejected, past its deadline. Overrides phase, reason and message. */
  verdict?: { reason: string; message: string };
  /** Conditions that are there at times: of a resize that is not done, of an eviction. */
  further?: readonly Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>[];
  /** Nothing of the pod will run again. */
  finished: boolean;
  /** All its containers are being ended, to be started again. */
  resetting: boolean;
}

/**
 * The status of a pod as the node sees it. `old` is the one in the API: times of conditions that did not
 * change, conditions of others and statuses of containers the runtime has forgotten come from there.
 * Source: kubelet `generateAPIPodStatus`, `getPhase`.
 */
export function podStatus(pod: Pod, runtime: PodRuntime, facts: StatusFacts): PodStatus {
  const old = pod.status;
  const statuses = isRefused(runtime, old, facts)
    ? { init: [], regular: [], ephemeral: [] }
    : containerStatuses(pod, runtime, old, facts);
  const phase = settledPhase(
    old?.phase,
    facts.verdict ? 'Failed' : podPhase(pod, statuses.init, statuses.regular, facts.finished),
  );
  const sandbox = readySandbox(runtime);
  const podIPs = isHostNetwork(pod) ? facts.hostIPs : addresses(sandboxAddresses(sandbox), old);
  const conditions = podConditions(pod, phase, statuses, sandbox !== undefined && podIPs.length > 0, facts);
  return {
    phase,
    ...(facts.verdict ?? settledVerdict(old)),
    conditions,
    hostIP: facts.hostIPs[0],
    hostIPs: facts.hostIPs.map(ip => ({ ip })),
    ...(podIPs.length > 0 && { podIP: podIPs[0], podIPs: podIPs.map(ip => ({ ip })) }),
    startTime: facts.startTime,
    qosClass: podQosClass(pod),
    ...(pod.metadata?.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    ...(statuses.init.length > 0 && { initContainerStatuses: statuses.init }),
    ...(statuses.regular.length > 0 && { containerStatuses: statuses.regular }),
    ...(statuses.ephemeral.length > 0 && { ephemeralContainerStatuses: statuses.ephemeral }),
  };
}

/** A pod the node did not take has no containers to tell of: not even such that wait (kubelet's `rejectPod`). */
function isRefused({ sandboxes }: PodRuntime, old: PodStatus | undefined, facts: StatusFacts): boolean {
  const isEnded = facts.verdict !== undefined || old?.phase === 'Failed';
  return isEnded && sandboxes.length === 0 && !old?.containerStatuses?.length;
}

/** A pod that has ended keeps showing the addresses it had. */
function addresses(current: readonly string[], old: PodStatus | undefined): readonly string[] {
  return current.length > 0 ? current : (old?.podIPs ?? []).map(({ ip }) => ip);
}

/** Why a pod was ended stays with it, also when this agent was not the one to decide it. */
function settledVerdict(old: PodStatus | undefined): { reason?: string; message?: string } {
  if (old?.phase !== 'Failed' || !old.reason) return {};
  return { reason: old.reason, ...(old.message && { message: old.message }) };
}

/** A pod that has ended stays so. */
function settledPhase(old: string | undefined, phase: string): string {
  return old === 'Failed' || old === 'Succeeded' ? old : phase;
}

export function podPhase(
  pod: Pod,
  init: readonly ContainerStatus[],
  regular: readonly ContainerStatus[],
  finished: boolean,
): string {
  const restartPolicy = pod.spec?.restartPolicy ?? 'Always';
  const initState = initProgress(pod, init, regular);
  if (initState === 'failed' && restartPolicy === 'Never') return 'Failed';
  const count = { running: 0, waiting: 0, stopped: 0, succeeded: 0, restarting: 0 };
  for (const { name, state, lastState } of regular) {
    if (state?.running) count.running += 1;
    else if (state?.terminated) {
      count.stopped += 1;
      if (state.terminated.exitCode === 0) count.succeeded += 1;
      const container = pod.spec?.containers.find(spec => spec.name === name);
      if (container && shouldRestart(pod, container, state.terminated.exitCode)) count.restarting += 1;
    } else if (lastState?.terminated) {
      count.stopped += 1;
      count.restarting += 1;
    } else count.waiting += 1;
  }
  if (finished && count.running === 0 && count.waiting === 0) {
    return count.succeeded === count.stopped ? 'Succeeded' : 'Failed';
  }
  if (initState !== 'done' || count.waiting > 0) return 'Pending';
  if (count.running > 0 || count.restarting > 0) return 'Running';
  if (restartPolicy === 'Always') return 'Running';
  if (count.succeeded === count.stopped) return 'Succeeded';
  return restartPolicy === 'Never' ? 'Failed' : 'Running';
}

function initProgress(
  pod: Pod,
  init: readonly ContainerStatus[],
  regular: readonly ContainerStatus[],
): 'done' | 'pending' | 'failed' {
  // Once a regular container has run, initialisation is over, whatever sidecars do.
  if (regular.some(({ state, lastState }) => state?.running || state?.terminated || lastState?.terminated))
    return 'done';
  for (const [index, spec] of (pod.spec?.initContainers ?? []).entries()) {
    const status = init[index];
    if (isSidecar(spec)) {
      if (!status?.started) return 'pending';
    } else if (status?.state?.terminated) {
      if (status.state.terminated.exitCode !== 0) return 'failed';
    } else {
      return 'pending';
    }
  }
  return 'done';
}

function podConditions(
  pod: Pod,
  phase: string,
  statuses: { init: ContainerStatus[]; regular: ContainerStatus[] },
  sandboxReady: boolean,
  facts: StatusFacts,
): PodCondition[] {
  const containersReady = containersReadyCondition(pod, phase, statuses);
  const conditions: PodCondition[] = [
    { type: 'PodReadyToStartContainers', status: sandboxReady ? 'True' : 'False' },
    initializedCondition(pod, phase, statuses.init, statuses.regular),
    readyCondition(pod, containersReady),
    { type: 'ContainersReady', ...containersReady },
    { type: 'PodScheduled', status: 'True' },
    ...restartingCondition(pod, phase, facts),
    ...(facts.further ?? []),
  ];
  const before = new Map((pod.status?.conditions ?? []).map(condition => [condition.type, condition]));
  const generation = pod.metadata?.generation;
  return conditions.map(condition => {
    const old = before.get(condition.type);
    const same = old?.status === condition.status;
    return {
      ...condition,
      lastProbeTime: undefined,
      lastTransitionTime: same ? (old.lastTransitionTime ?? facts.now) : facts.now,
      ...(generation !== undefined && { observedGeneration: generation }),
    };
  });
}

/** Of pods whose rules may restart all containers. */
function restartingCondition(pod: Pod, phase: string, { resetting }: StatusFacts): PodCondition[] {
  if (!mayRestartAll(pod.spec)) return [];
  const type = 'AllContainersRestarting';
  if (phase === 'Succeeded') return [{ type, status: 'False', reason: 'PodCompleted' }];
  if (phase === 'Failed') return [{ type, status: 'False', reason: 'PodFailed' }];
  if (!resetting) return [{ type, status: 'False' }];
  const message = 'container exited with restart policy rule';
  return [{ type, status: 'True', reason: 'RestartAllContainersStarted', message }];
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;

function initializedCondition(
  pod: Pod,
  phase: string,
  init: readonly ContainerStatus[],
  regular: readonly ContainerStatus[],
): PodCondition {
  const type = 'Initialized';
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  if (initProgress(pod, init, regular) === 'done') return { type, status: 'True' };
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const incomplete = init.filter(({ name, ready, started }) => (sidecars.has(name) ? !started : !ready));
  const names = incomplete.map(({ name }) => name).join(' ');
  const message = `containers with incomplete status: [${names}]`;
  return { type, status: 'False', reason: 'ContainersNotInitialized', message };
}

function containersReadyCondition(
  pod: Pod,
  phase: string,
  statuses: { init: ContainerStatus[]; regular: ContainerStatus[] },
): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const counted = [...statuses.init.filter(({ name }) => sidecars.has(name)), ...statuses.regular];
  const unready = counted.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotReady', message };
}

/** Ready: its containers are, and so is every gate that others hold. */
function readyCondition(pod: Pod, containersReady: Verdict): PodCondition {
  const type = 'Ready';
  if (containersReady.status !== 'True') return { type, ...containersReady };
  const problems: string[] = [];
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const gate = (pod.status?.conditions ?? []).find(condition => condition.type === conditionType);
    if (!gate)
      problems.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (gate.status !== 'True') {
      problems.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`);
    }
  }
  if (problems.length === 0) return { type, status: 'True' };
  return { type, status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') };
}
