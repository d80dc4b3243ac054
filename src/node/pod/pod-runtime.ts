import type { ContainerStatus, PodSandboxStatus } from '../../cri/cri.ts';
import { runtimeAnnotations } from './pod-identity.ts';

/** A container of a pod as the runtime has it. */
export interface RuntimeContainer {
  sandboxId: string;
  status: ContainerStatus;
}

/** What the runtime has of one pod. Sandboxes and containers newest first. */
export interface PodRuntime {
  uid: string;
  name: string;
  namespace: string;
  sandboxes: readonly PodSandboxStatus[];
  containers: readonly RuntimeContainer[];
}

export function emptyRuntime(uid: string, name = '', namespace = ''): PodRuntime {
  return { uid, name, namespace, sandboxes: [], containers: [] };
}

export function containerName({ status }: RuntimeContainer): string {
  return status.metadata?.name ?? '';
}

/** The newest container of that name, in whichever sandbox. */
export function newestContainer(runtime: PodRuntime, name: string): RuntimeContainer | undefined {
  return runtime.containers.find(container => containerName(container) === name);
}

export function restartCountOf({ status }: RuntimeContainer): number {
  return Number(status.annotations[runtimeAnnotations.restartCount] ?? status.metadata?.attempt ?? 0);
}

/** The sandbox that counts: the newest, if it is ready. */
export function readySandbox(runtime: PodRuntime): PodSandboxStatus | undefined {
  const newest = runtime.sandboxes[0];
  return newest?.state === 'SANDBOX_READY' ? newest : undefined;
}

/** The addresses of a sandbox, the main one first. */
export function sandboxAddresses(sandbox: PodSandboxStatus | undefined): string[] {
  const network = sandbox?.network;
  if (!network?.ip) return [];
  return [network.ip, ...network.additionalIps.map(({ ip }) => ip)];
}

export function isRunning({ status }: RuntimeContainer): boolean {
  return status.state === 'CONTAINER_RUNNING';
}

export function runningContainers(runtime: PodRuntime): RuntimeContainer[] {
  return runtime.containers.filter(isRunning);
}
