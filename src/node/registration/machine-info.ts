import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import { readHierarchies } from '../../kernel/cgroup/hierarchies.ts';

/** What a node tells of the machine it is on. */
export interface MachineInfo {
  cpus: number;
  memoryBytes: number;
  /** Of the file system the node's data lies on. */
  storageBytes: number;
  cgroupVersion: 1 | 2;
  /** `amd64`, `arm64`. */
  architecture: string;
  kernelVersion: string;
  osImage: string;
  bootId: string;
  machineId: string;
  systemUuid: string;
}

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

export async function readMachineInfo(dataDir: string): Promise<MachineInfo> {
  const text = async (path: string) => (await readFile(path, 'utf8').catch(() => '')).trim();
  const release = await text('/etc/os-release');
  const { blocks, bsize } = await statfs(dataDir);
  const machineId = await text('/etc/machine-id');
  const hierarchies = readHierarchies(await text('/proc/self/mountinfo'));
  return {
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    storageBytes: blocks * bsize,
    cgroupVersion: hierarchies?.version ?? 2,
    architecture: architectures[process.arch] ?? process.arch,
    kernelVersion: os.release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? 'Linux',
    bootId: await text('/proc/sys/kernel/random/boot_id'),
    machineId,
    systemUuid: (await text('/sys/class/dmi/id/product_uuid')) || machineId,
  };
}
