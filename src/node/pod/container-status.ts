import type { Container, ContainerState, ContainerStatus, Pod } from '../../api/generated/types.ts';
import { mayRestartAll } from '../../api/kinds/pod/restart-all.ts';
import { formatTime } from '../../api/time.ts';
import type { ContainerSpec } from './pod-identity.ts';
import { containersOf } from './pod-identity.ts';
import { shouldRestart } from './pod-plan.ts';
import {
  containerName,
  type PodRuntime,
  type RuntimeContainer,
  readySandbox,
  restartCountOf,
} from './pod-runtime.ts';
import type { ContainerResources } from './resize-plan.ts';

/** Why a container waits: `CrashLoopBackOff`, `ErrImagePull`, … */
export interface WaitingReason {
  reason: string;
  message: string;
}

export interface ContainerFacts {
  /** By container name; overrides what the runtime shows. */
  waiting: ReadonlyMap<string, WaitingReason>;
  isReady(container: Container, containerId: string): boolean;
  isStarted(container: Container, containerId: string): boolean;
  /** Its postStart hook still runs, so that it does not count as running. */
  hookRunning(containerId: string): boolean;
  /** What it runs with, where its pod asks for something else by now. */
  resources(containerId: string): ContainerResources | undefined;
  /** What an ended container left as its last words. */
  terminationMessage(containerId: string): string;
}

export interface ContainerStatuses {
  init: ContainerStatus[];
  regular: ContainerStatus[];
  ephemeral: ContainerStatus[];
}

/** The statuses of all containers of a pod, in the order of its spec. */
export function containerStatuses(
  pod: Pod,
  runtime: PodRuntime,
  old: Pod['status'],
  facts: ContainerFacts,
): ContainerStatuses {
  const result: ContainerStatuses = { init: [], regular: [], ephemeral: [] };
  const before = new Map(
    [
      ...(old?.initContainerStatuses ?? []),
      ...(old?.containerStatuses ?? []),
      ...(old?.ephemeralContainerStatuses ?? []),
    ].map(status => [status.name, status]),
  );
  // The newest record of a container stays as long as its sandbox, unless all are started anew.
  const wasReset = mayRestartAll(pod.spec) && readySandbox(runtime) !== undefined;
  for (const container of containersOf(pod)) {
    const records = runtime.containers.filter(record => containerName(record) === container.spec.name);
    const old = before.get(container.spec.name);
    const [newest, previous] = records;
    const status = newest
      ? containerStatus(pod, container, { newest, previous }, old, facts)
      : withoutRecord(pod, container.spec, old, facts.waiting.get(container.spec.name), wasReset);
    if (container.kind === 'regular') result.regular.push(status);
    else if (container.kind === 'ephemeral') result.ephemeral.push(status);
    else result.init.push(status);
  }
  return result;
}

function containerStatus(
  pod: Pod,
  container: ContainerSpec,
  { newest, previous }: { newest: RuntimeContainer; previous: RuntimeContainer | undefined },
  old: ContainerStatus | undefined,
  facts: ContainerFacts,
): ContainerStatus {
  const { spec } = container;
  const waiting = facts.waiting.get(spec.name);
  const { status } = newest;
  let state = stateOf(newest, old, facts);
  const before = previous && stateOf(previous, old, facts);
  let last = before?.terminated ? before : undefined;
  const ended = state.terminated && !shouldRestart(pod, spec, state.terminated.exitCode);
  if (waiting && !state.running && !ended) {
    if (state.terminated) last = state;
    state = { waiting: { reason: waiting.reason, ...(waiting.message && { message: waiting.message }) } };
  }
  const running = state.running !== undefined;
  return {
    ...baseStatus(spec, facts.resources(status.id)),
    state,
    lastState: last ?? (previous ? {} : stateBefore(old, status.id)),
    ready: isReady(container, state, status.id, facts),
    restartCount: restartCountOf(newest),
    started: running && facts.isStarted(spec, status.id),
    image: status.image?.image || spec.image || '',
    imageID: status.imageRef,
    containerID: `containerd://${status.id}`,
    ...(status.user?.linux && { user: { linux: status.user.linux } }),
  };
}

/** The last state by what was reported, where the runtime has no earlier record. */
function stateBefore(old: ContainerStatus | undefined, id: string): ContainerState {
  const { terminated } = old?.state ?? {};
  if (terminated && terminated.containerID !== `containerd://${id}`) return { terminated };
  return old?.lastState ?? {};
}

/** Nothing in the runtime: not started yet, or removed after it had ended. */
function withoutRecord(
  pod: Pod,
  spec: Container,
  old: ContainerStatus | undefined,
  waiting: WaitingReason | undefined,
  wasReset: boolean,
): ContainerStatus {
  if (old?.state?.terminated && !waiting && !wasReset) return { ...old, ready: false, started: false };
  const hasInit = (pod.spec?.initContainers ?? []).length > 0;
  const reason = hasInit ? 'PodInitializing' : 'ContainerCreating';
  const shown = waiting ?? { reason, message: '' };
  return {
    ...baseStatus(spec),
    state: { waiting: { reason: shown.reason, ...(shown.message && { message: shown.message }) } },
    lastState: old?.state?.terminated ? { terminated: old.state.terminated } : (old?.lastState ?? {}),
    ready: false,
    restartCount: old?.restartCount ?? 0,
    started: false,
    image: spec.image ?? '',
    imageID: '',
  };
}

function baseStatus(
  spec: Container,
  actual: ContainerResources = spec.resources ?? {},
): Pick<ContainerStatus, 'name' | 'allocatedResources' | 'resources' | 'volumeMounts'> {
  const { requests, limits } = actual;
  const mounts = spec.volumeMounts ?? [];
  return {
    name: spec.name,
    ...(requests && { allocatedResources: requests }),
    resources: { ...(limits && { limits }), ...(requests && { requests }) },
    ...(mounts.length > 0 && {
      volumeMounts: mounts.map(({ name, mountPath, readOnly }) => ({
        name,
        mountPath,
        ...(readOnly && { readOnly, recursiveReadOnly: 'Disabled' }),
      })),
    }),
  };
}

function stateOf(
  { status }: RuntimeContainer,
  old: ContainerStatus | undefined,
  facts: ContainerFacts,
): ContainerState {
  switch (status.state) {
    case 'CONTAINER_RUNNING':
      if (facts.hookRunning(status.id)) return { waiting: { reason: 'ContainerCreating' } };
      return { running: { startedAt: time(status.startedAt) } };
    case 'CONTAINER_EXITED': {
      const words = [status.message, facts.terminationMessage(status.id)].filter(Boolean).join(': ');
      const message = words || reportedMessage(old, `containerd://${status.id}`);
      return {
        terminated: {
          exitCode: status.exitCode,
          reason: status.reason || (status.exitCode === 0 ? 'Completed' : 'Error'),
          ...(message && { message }),
          startedAt: time(status.startedAt),
          finishedAt: time(status.finishedAt),
          containerID: `containerd://${status.id}`,
        },
      };
    }
    default:
      return { waiting: { reason: 'ContainerCreating' } };
  }
}

/** The last words of a container as an earlier agent reported them; the file may be gone. */
function reportedMessage(old: ContainerStatus | undefined, containerID: string): string {
  const reported = [old?.state?.terminated, old?.lastState?.terminated];
  return reported.find(terminated => terminated?.containerID === containerID)?.message ?? '';
}

/** An init container is ready when it has ended well, the others as their probes say. */
function isReady(
  { kind, spec }: ContainerSpec,
  state: ContainerState,
  id: string,
  facts: ContainerFacts,
): boolean {
  if (kind === 'init') return state.terminated?.exitCode === 0;
  return kind !== 'ephemeral' && state.running !== undefined && facts.isReady(spec, id);
}

/** Nanoseconds of CRI as a timestamp; one that is not set is the epoch, as upstream shows it. */
function time(nanoseconds: number): string {
  return formatTime(nanoseconds / 1e6);
}
