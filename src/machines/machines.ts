import type { ProcessId } from '../kernel/process-table.ts';

/** Where a process runs: on the host side of the cluster, or in a machine. */
export type Place = { host: true } | { machine: string };

export const hostSide: Place = { host: true };

/**
 * The host side of a cluster, its node network and the machines on it: namespaces, links, processes. All of it
 * survives the process that made it; every operation finds what is there and does what is missing.
 */
export interface Machines {
  /** Makes the host side and the node network: namespace, bridge, gateway addresses. */
  prepare(): Promise<void>;
  /** Makes a machine and connects it to the node network. One that runs is kept. */
  create(spec: MachineSpec): Promise<Machine>;
  /** The machines that were created and not destroyed, running or not. */
  list(): Promise<Machine[]>;
  /** Ends the processes of a machine, `grace` milliseconds after asking them to, and the machine. */
  stop(name: string, options?: StopOptions): Promise<void>;
  /** Ends a machine at once and forgets it. */
  destroy(name: string): Promise<void>;
  /** Pulls the machine's cable: it runs on, partitioned. */
  cutLink(name: string): Promise<void>;
  restoreLink(name: string): Promise<void>;

  /**
   * Starts a process under a supervisor that restarts it. One of that name that runs is kept; one that waits
   * to be restarted is so at once.
   */
  startProcess(place: Place, spec: ProcessSpec): Promise<void>;
  /** Ends a process and its supervisor. One that does not run is no error. */
  stopProcess(place: Place, name: string, options?: StopOptions): Promise<void>;
  processes(place: Place): Promise<SupervisedProcess[]>;
  /** The words that run `argv` there, as a child of the caller. */
  command(place: Place, argv: readonly string[]): Promise<string[]>;

  /** Memory and CPU of a place and everything in it, pods included. */
  usage(place: Place): Promise<Usage | undefined>;
  /** The control group below which the pods of a machine belong: `/causeway/demo/nodes/node-1/pods`. */
  podsCgroup(machine: string): string;
  /** The control group of all that runs on a machine, as `/causeway/demo/nodes/demo-1`. */
  cgroup(machine: string): string;

  /** Ends and removes everything of the cluster, also what a crash left half-made. */
  destroyAll(): Promise<void>;
}

export interface MachineSpec {
  /** The node's name, and the machine's host name. */
  name: string;
  /** On the node network, one a family, without prefix. */
  addresses: string[];
  /** Directories laid over others in the machine's mount namespace. Both ends must exist. */
  binds?: { source: string; target: string }[];
  /**
   * Folders on whose files syncs do nothing inside the machine, where the kernel can do that. What was written is there
   * as long as the kernel runs; when that goes down, any part of it may be lost. `work` is a folder of the machine's own
   * beside, on the same file system.
   */
  unsynced?: { folder: string; work: string }[];
}

export interface Machine extends MachineSpec {
  /** PID 1 of the machine as the host side numbers it; undefined where it does not run. */
  init: ProcessId | undefined;
  /** Its end of the cable on the host side. */
  link: string;
}

export interface ProcessSpec {
  /** Unique at its place: `agent`, `containerd`. */
  name: string;
  argv: [string, ...string[]];
  /** Added to PATH, HOME and LANG of the caller. */
  env?: Record<string, string>;
  /** Output is appended here; its folder is made. */
  logFile: string;
  /** Bytes past which the log becomes `LOG.1`; 16 MiB where none are given. */
  maxLogBytes?: number;
}

export interface SupervisedProcess {
  name: string;
  /** As the host side numbers them, the supervisor first. */
  pids: number[];
  /** The program itself; undefined while it is started again. */
  pid?: number;
  /** False when the supervisor is gone and the process, if any, will not come back. */
  supervised: boolean;
}

export interface StopOptions {
  /** Milliseconds between SIGTERM and SIGKILL; 5,000 where none are given. */
  grace?: number;
  /** `process` leaves what the process itself started running: containerd's shims. `group` is the default. */
  extent?: 'group' | 'process';
}

export interface Usage {
  /** Bytes. */
  memory: number;
  /** Milliseconds of CPU time since the start. */
  cpu: number;
}

/** The machines cannot do what was asked. */
export class MachineError extends Error {
  readonly code: 'not-found' | 'not-running' | 'failed';
  constructor(code: MachineError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MachineError';
    this.code = code;
  }
}
