import { decisionObject } from '../../base/decisions.ts';
import type { PodContext } from '../node-facts.ts';
import { podCgroup } from './pod-cgroup.ts';
import { isHostNetwork, type NodePod } from './pod-identity.ts';
import { containerName, type RuntimeContainer } from './pod-runtime.ts';

/** Milliseconds between two looks. */
const period = 20;

/**
 * Resolves when no connection waits to be accepted in the pod's network: a server that closes its listening sockets at
 * the stop signal would have the kernel reset those that do. Resolves also when `signal` aborts; at once for a pod on
 * the node's network, whose sockets are not its own, and where the pod's network cannot be looked at.
 */
export async function whenAccepted(
  context: PodContext,
  pod: NodePod,
  container: RuntimeContainer,
  signal: AbortSignal,
): Promise<void> {
  const { acceptQueues, clock, decisions } = context;
  const pid = isHostNetwork(pod) ? undefined : await sandboxProcess(context, pod, container.sandboxId);
  if (pid === undefined) return;
  const began = clock.monotonic();
  const connections = await acceptQueues.waiting(pid);
  if (connections === 0) return;
  let left = connections;
  while (left > 0 && !signal.aborted) {
    await clock.sleep(period, signal).catch(() => {});
    left = await acceptQueues.waiting(pid);
  }
  const ms = Math.round(clock.monotonic() - began);
  decisions.record('traffic.accepted', decisionObject(pod), {
    container: containerName(container),
    connections,
    left,
    ms,
  });
}

/** The process that holds the sandbox's namespaces. The runtime gives each sandbox a group of its name in the pod's. */
async function sandboxProcess(
  { cgroups, facts }: PodContext,
  pod: NodePod,
  sandboxId: string,
): Promise<number | undefined> {
  const path = `${podCgroup(pod, facts.cgroupRoot)}/${sandboxId}`.replace(/^\//, '');
  const [pid] = await cgroups.processes(path).catch(() => []);
  return pid;
}
