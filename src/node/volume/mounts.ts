import { readFile } from 'node:fs/promises';
import type { ViewMount } from '../../cri/cri.ts';
import type { Commands } from '../../kernel/command.ts';

/** The mounts a node agent makes for volumes. */
export interface Mounts {
  /** A tmpfs at `path`; `bytes` undefined: the kernel's default limit. One that is there is kept. */
  tmpfs(path: string, bytes?: number): Promise<void>;
  /** Binds `source` to `target`, which exists and is of the same type. One that is there is kept. */
  bind(source: string, target: string): Promise<void>;
  /** Mounts what the runtime says, read-only. One that is there is kept. */
  view(mount: ViewMount, path: string): Promise<void>;
  /** Fine where nothing is mounted. */
  unmount(path: string): Promise<void>;
  /** The mount points at or below `path`, deepest first. */
  below(path: string): Promise<string[]>;
}

export class LinuxMounts implements Mounts {
  readonly #commands: Commands;

  constructor(deps: { commands: Commands }) {
    this.#commands = deps.commands;
  }

  async tmpfs(path: string, bytes?: number): Promise<void> {
    if ((await this.below(path)).includes(path)) return;
    const size = bytes === undefined ? [] : ['-o', `size=${bytes}`];
    await this.#commands.run(['mount', '-t', 'tmpfs', ...size, 'tmpfs', path]);
  }

  async bind(source: string, target: string): Promise<void> {
    if ((await this.below(target)).includes(target)) return;
    // `source` may be /proc/<pid>/fd/<n>: it must be taken as it is, not resolved.
    await this.#commands.run(['mount', '--no-canonicalize', '--bind', source, target]);
  }

  async view({ type, source, options }: ViewMount, path: string): Promise<void> {
    if (type === 'bind') {
      await this.bind(source, path);
      return;
    }
    if ((await this.below(path)).includes(path)) return;
    const all = [...new Set(['ro', ...options])].join(',');
    await this.#commands.run(['mount', '-t', type, '-o', all, source, path]);
  }

  async unmount(path: string): Promise<void> {
    for (const point of await this.below(path)) await this.#commands.run(['umount', '-l', point]);
  }

  async below(path: string): Promise<string[]> {
    const table = await readFile('/proc/self/mountinfo', 'utf8');
    const points = table.split('\n').map(line => decodeOctal(line.split(' ')[4] ?? ''));
    return points.filter(point => point === path || point.startsWith(`${path}/`)).reverse();
  }
}

/** mountinfo writes space, tab, newline and backslash as octal. */
function decodeOctal(point: string): string {
  return point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Keeps what was mounted; nothing reaches the kernel. */
export class FakeMounts implements Mounts {
  readonly points = new Map<string, string>();

  async tmpfs(path: string, bytes?: number): Promise<void> {
    if (!this.points.has(path)) this.points.set(path, bytes === undefined ? 'tmpfs' : `tmpfs ${bytes}`);
  }

  async bind(source: string, target: string): Promise<void> {
    if (!this.points.has(target)) this.points.set(target, source);
  }

  async view({ source }: ViewMount, path: string): Promise<void> {
    await this.bind(source, path);
  }

  async unmount(path: string): Promise<void> {
    for (const point of await this.below(path)) this.points.delete(point);
  }

  async below(path: string): Promise<string[]> {
    return [...this.points.keys()].filter(point => point === path || point.startsWith(`${path}/`)).reverse();
  }
}
