import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { GrpcCri } from '../../src/cri/grpc-cri.ts';
import { clusterFolder, processesIn } from './cluster.ts';

/** What really runs on a node, seen past the API. */
export interface NodeView {
  /** `POD-UID CONTAINER` of each running container, once for each time it runs. */
  containers: string[];
  /** The pod's uid for each ready sandbox. */
  sandboxes: string[];
  /** Addresses in the network namespaces of pods' processes: uid of the pod, address. */
  addresses: { uid: string; address: string }[];
  /** Addresses that the log of the pod network gives to somebody. */
  logged: { uid: string; address: string }[];
}

export async function viewNode(cluster: string, node: string): Promise<NodeView> {
  const cri = new GrpcCri({ socket: `/run/causeway/${cluster}/${node}/containerd.sock` });
  try {
    const containers = await cri.listContainers({ state: { state: 'CONTAINER_RUNNING' } });
    const sandboxes = await cri.listPodSandbox({ state: { state: 'SANDBOX_READY' } });
    return {
      containers: containers.map(
        ({ labels }) => `${labels['io.kubernetes.pod.uid']} ${labels['io.kubernetes.container.name']}`,
      ),
      sandboxes: sandboxes.map(({ metadata }) => metadata!.uid),
      addresses: addressesInside(cluster, node),
      logged: loggedAddresses(cluster, node),
    };
  } finally {
    cri.close();
  }
}

/** Looks into every network namespace that a process of a pod is in. */
function addressesInside(cluster: string, node: string): NodeView['addresses'] {
  const found = new Map<string, { uid: string; address: string }[]>();
  for (const pid of processesIn(`${cluster}/nodes/${node}/pods`)) {
    try {
      const namespace = readlinkSync(`/proc/${pid}/ns/net`);
      const uid = /\/pod([0-9a-f-]{36})/.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
      if (!uid || found.has(namespace)) continue;
      const words = [`--net=/proc/${pid}/ns/net`, '--', 'ip', '-json', 'address', 'show', 'dev', 'eth0'];
      const [link] = JSON.parse(execFileSync('nsenter', words, { encoding: 'utf8', stdio: 'pipe' }));
      const addresses: { scope: string; local: string }[] = link.addr_info;
      found.set(
        namespace,
        addresses.filter(({ scope }) => scope === 'global').map(({ local }) => ({ uid, address: local })),
      );
    } catch (error) {
      // The process may have ended meanwhile; one that is there must be readable.
      if (processesIn(`${cluster}/nodes/${node}/pods`).includes(pid)) throw error;
    }
  }
  return [...found.values()].flat();
}

function loggedAddresses(cluster: string, node: string): NodeView['logged'] {
  const path = join(clusterFolder(cluster), 'nodes', node, 'podnet', 'addresses.log');
  const given = new Map<string, { uid: string; address: string }[]>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    const entry = JSON.parse(line);
    if (entry.give) {
      const { containerId, ifname, addresses, pod } = entry.give;
      given.set(
        `${containerId}/${ifname}`,
        addresses.map((address: string) => ({ uid: pod.uid, address })),
      );
    }
    if (entry.free) given.delete(entry.free);
  }
  return [...given.values()].flat();
}

/** The running program of a supervised process, or the first process of a machine. */
export function programOf(group: string, words: RegExp): number | undefined {
  return processesIn(group).find(pid => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return words.test(line) && !line.includes('supervise.sh');
    } catch {
      return false;
    }
  });
}
