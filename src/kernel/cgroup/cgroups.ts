/**
 * Control groups, by path below the roots of the hierarchies: `causeway/demo/node-1`. Under version 1 a group
 * is one directory in each hierarchy that counts or limits something, under version 2 one directory.
 */
export interface Cgroups {
  /** Makes the group and those above it; one that is there is kept. */
  create(path: string): Promise<void>;
  /** The `cgroup.procs` files a process writes `0` to in order to join the group. */
  joinFiles(path: string): string[];
  /** What the group and those below it may use together. @throws Error where there is no such group */
  limit(path: string, limits: CgroupLimits): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** The names of the groups directly below. */
  children(path: string): Promise<string[]>;
  /** The processes of the group, those of groups below it included, as the caller's PID namespace numbers them. */
  processes(path: string): Promise<number[]>;
  /** What the group and those below it use; undefined where there is no such group. */
  usage(path: string): Promise<CgroupUsage | undefined>;
  /** Kills every process of the group and below. Resolves when none is left. */
  kill(path: string): Promise<void>;
  /** Removes the group and those below. @throws CgroupBusy when processes are left in it. */
  remove(path: string): Promise<void>;
}

export interface CgroupUsage {
  /** Bytes of memory without reclaimable file cache. */
  memory: number;
  /** Bytes of memory with all that is charged to the group. */
  charged: number;
  /** `charged` without file cache that was not used of late: what a limit of the group has to leave room for. */
  workingSet: number;
  /** Bytes of memory that no file lies behind. */
  anonymous: number;
  pageFaults: number;
  majorPageFaults: number;
  /** CPU time used since the group was made, milliseconds. */
  cpu: number;
}

export const noUsage: CgroupUsage = {
  ...{ memory: 0, charged: 0, workingSet: 0, anonymous: 0, pageFaults: 0, majorPageFaults: 0 },
  cpu: 0,
};

export interface CgroupLimits {
  /** Weight against other groups, in the unit of version 1: 1024 for one processor. */
  cpuShares: number;
  /** Microseconds of CPU time in each 100 ms; 0: no limit. */
  cpuQuota: number;
  /** Bytes; 0: no limit. */
  memory: number;
}

export class CgroupBusy extends Error {
  constructor(path: string, options?: ErrorOptions) {
    super(`processes are left in the control group ${path}`, options);
    this.name = 'CgroupBusy';
  }
}
