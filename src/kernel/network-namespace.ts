import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Commands } from './command.ts';

/** The path of a network namespace: a bind mount, or `/proc/PID/ns/net`. Undefined is the process's own. */
export type NetnsPath = string;

/** Network namespaces that live as long as a bind mount of theirs, without a process. */
export interface NetworkNamespaces {
  /** Makes a namespace with nothing but a loopback link that is down; one that is there is kept. */
  create(path: NetnsPath): Promise<void>;
  /** Whether a live namespace is mounted at `path`: a plain file left by one that is gone is none. */
  exists(path: NetnsPath): Promise<boolean>;
  /** Unmounts it and removes the file; one that is gone is no error. */
  remove(path: NetnsPath): Promise<void>;
}

const nsfsMagic = 0x6e736673;

export class LinuxNetworkNamespaces implements NetworkNamespaces {
  readonly #commands: Commands;

  constructor(deps: { commands: Commands }) {
    this.#commands = deps.commands;
  }

  async create(path: NetnsPath): Promise<void> {
    if (await this.exists(path)) return;
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await writeFile(path, '', { flag: 'a', mode: 0o444 });
    await this.#commands.run(['unshare', `--net=${path}`, 'true']);
  }

  exists(path: NetnsPath): Promise<boolean> {
    return isNamespace(path);
  }

  async remove(path: NetnsPath): Promise<void> {
    // Mounts may lie on top of each other when two creators raced; each is taken off.
    for (let layer = 0; layer < 8 && (await isNamespace(path)); layer++) {
      await this.#commands.run(['umount', '--lazy', '--no-canonicalize', path]);
    }
    await rm(path, { force: true });
  }
}

async function isNamespace(path: string): Promise<boolean> {
  try {
    return (await statfs(path)).type === nsfsMagic;
  } catch {
    return false;
  }
}

/** The words that run a command in the network namespace `path`, keeping mounts (unlike `ip netns exec`). */
export function inNetns(path: NetnsPath | undefined, argv: readonly string[]): [string, ...string[]] {
  const words = path === undefined ? argv : ['nsenter', `--net=${path}`, '--', ...argv];
  return words as [string, ...string[]];
}

/** The network namespace that process `pid` (in the caller's PID namespace) is in. */
export function netnsOf(pid: number): NetnsPath {
  return `/proc/${pid}/ns/net`;
}

/** For tests of what uses the port. @public */
export class FakeNetworkNamespaces implements NetworkNamespaces {
  readonly paths = new Set<NetnsPath>();

  async create(path: NetnsPath): Promise<void> {
    this.paths.add(path);
  }
  async exists(path: NetnsPath): Promise<boolean> {
    return this.paths.has(path);
  }
  async remove(path: NetnsPath): Promise<void> {
    this.paths.delete(path);
  }
}
