import { mkdir, writeFile } from 'node:fs/promises';
import { decisionObject } from '../../base/decisions.ts';
import { type PodSandboxConfig, type PodSandboxStatus, rpcMessage } from '../../cri/cri.ts';
import type { PodContext } from '../node-facts.ts';
import { podDnsConfig } from './dns-config.ts';
import { hostsFile, podHostname, sandboxHostname } from './hosts-file.ts';
import { podCgroupLimits, podCgroupPath } from './pod-cgroup.ts';
import { isHostNetwork, type NodePod } from './pod-identity.ts';
import { sandboxAddresses } from './pod-runtime.ts';
import { sandboxConfig } from './sandbox-config.ts';

/** A sandbox could not be made; the event was sent. */
export class SandboxError extends Error {}

/** Makes the sandboxes of pods and the files that need their address. */
export class SandboxStarter {
  readonly #context: PodContext;

  constructor(context: PodContext) {
    this.#context = context;
  }

  /** The configuration of a pod's sandbox, which containers are created with as well. */
  config(pod: NodePod, attempt: number): PodSandboxConfig {
    const { facts, paths, recorder } = this.#context;
    const { config: dns, problem } = podDnsConfig(pod, facts.clusterDns, facts.hostDns);
    if (problem) recorder.event(pod, 'Warning', 'DNSConfigForming', problem);
    const name = podHostname(pod, facts.clusterDns.domain, facts.nodeName);
    return sandboxConfig(pod, {
      attempt,
      hostname: sandboxHostname(pod, name),
      dns,
      logDirectory: paths.logs(pod),
      cgroupRoot: facts.cgroupRoot,
      seccompDir: facts.seccompDir,
    });
  }

  /** @throws SandboxError */
  async start(pod: NodePod, attempt: number): Promise<PodSandboxStatus> {
    const { cri, cache, clock, decisions, recorder, paths } = this.#context;
    const { uid } = pod.metadata;
    const began = clock.monotonic();
    try {
      await Promise.all([
        mkdir(paths.pod(uid), { recursive: true, mode: 0o750 }),
        mkdir(paths.logs(pod), { recursive: true, mode: 0o755 }),
        this.#limit(pod),
      ]);
      const id = await cri.runPodSandbox(this.config(pod, attempt));
      const status = await cache.noteSandbox(uid, id);
      const addresses = sandboxAddresses(status);
      const ms = Math.round(clock.monotonic() - began);
      decisions.record('sandbox.created', decisionObject(pod), { id, attempt, addresses, ms });
      return status;
    } catch (cause) {
      const message = `Failed to create pod sandbox: ${rpcMessage(cause)}`;
      recorder.event(pod, 'Warning', 'FailedCreatePodSandBox', message);
      throw new SandboxError(message, { cause });
    }
  }

  /** Before anything runs in it, the pod's control group gets what the pod as a whole may use. */
  async #limit(pod: NodePod): Promise<void> {
    const { cgroups, facts } = this.#context;
    const limits = podCgroupLimits(pod);
    if (!limits) return;
    const path = podCgroupPath(pod, facts.cgroupRoot);
    await cgroups.create(path);
    await cgroups.limit(path, limits);
  }

  /** Writes `/etc/hosts` for a pod whose address is known. */
  async writeHosts(pod: NodePod, sandbox: PodSandboxStatus): Promise<void> {
    const { facts, paths } = this.#context;
    const { uid } = pod.metadata;
    const ips = isHostNetwork(pod) ? facts.hostIPs : sandboxAddresses(sandbox);
    const name = podHostname(pod, facts.clusterDns.domain, facts.nodeName);
    await mkdir(paths.pod(uid), { recursive: true, mode: 0o750 });
    await writeFile(paths.hosts(uid), hostsFile(pod, name, ips, facts.nodeHosts), { mode: 0o644 });
  }

  /**
   * Stops the ready sandboxes of a pod. With `evenNotReady` all of them: one whose process died may still have
   * containers that run, and its address.
   */
  async stopAll(pod: NodePod, { evenNotReady = false } = {}): Promise<void> {
    const { cri, cache, decisions } = this.#context;
    const { uid } = pod.metadata;
    for (const { id, state } of cache.get(uid).sandboxes) {
      if (state !== 'SANDBOX_READY' && !evenNotReady) continue;
      await cache.whileStopping(id, async () => {
        await cri.stopPodSandbox(id);
        await cache.noteSandbox(uid, id);
      });
      decisions.record('sandbox.stopped', decisionObject(pod), { id });
    }
  }
}
