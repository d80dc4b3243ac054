import { rm } from 'node:fs/promises';
import { ApiError } from '../../api/status.ts';
import type { PodContext } from '../node-facts.ts';
import { podCgroupPath } from './pod-cgroup.ts';
import type { NodePod } from './pod-identity.ts';

/** The last step of a graceful deletion: with its containers gone the pod goes from the API. */
export async function deleteFromApi({ api }: PodContext, pod: NodePod): Promise<void> {
  const { namespace = '', name, uid } = pod.metadata;
  try {
    await api.pods.delete(namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    // Gone already, or another pod of that name by now.
    if (!(error instanceof ApiError && (error.code === 404 || error.code === 409))) throw error;
  }
}

/** Takes everything of an ended pod off the node. May be repeated. */
export async function removeFromNode(context: PodContext, pod: NodePod): Promise<void> {
  const { cri, cache, volumes, paths, images, tokens, writer, backoff } = context;
  const { uid } = pod.metadata;
  const { sandboxes, containers } = cache.get(uid);
  for (const { status } of containers) await cri.removeContainer(status.id);
  for (const { id } of sandboxes) await cri.removePodSandbox(id);
  await cache.refresh(uid);
  await volumes.remove(uid);
  await rm(paths.logs(pod), { recursive: true, force: true });
  await removeCgroup(context, pod);
  images.forget(uid);
  tokens.forget(uid);
  writer.forget(uid);
  backoff.forget(`${uid}/`);
}

async function removeCgroup({ cgroups, facts, log }: PodContext, pod: NodePod): Promise<void> {
  const path = podCgroupPath(pod, facts.cgroupRoot);
  try {
    if (await cgroups.exists(path)) await cgroups.remove(path);
  } catch (error) {
    // An empty directory more harms nobody; the node's whole tree goes when the node goes.
    log.debug('a cgroup stays', { path, error });
  }
}
