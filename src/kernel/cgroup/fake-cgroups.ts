import { CgroupBusy, type CgroupLimits, type Cgroups, type CgroupUsage, noUsage } from './cgroups.ts';

/** Control groups as a tree in memory. `join` puts a process in; `kill` makes it leave and be in `killed`. */
export class FakeCgroups implements Cgroups {
  readonly killed: number[] = [];
  readonly limits = new Map<string, CgroupLimits>();
  readonly #groups = new Map<string, Set<number>>();
  readonly #usage = new Map<string, Partial<CgroupUsage>>();

  async create(path: string): Promise<void> {
    const parts = path.split('/');
    for (let length = 1; length <= parts.length; length++) {
      const name = parts.slice(0, length).join('/');
      if (!this.#groups.has(name)) this.#groups.set(name, new Set());
    }
  }

  joinFiles(path: string): string[] {
    return [`/fake/${path}/cgroup.procs`];
  }

  join(path: string, pid: number): void {
    const group = this.#groups.get(path);
    if (!group) throw new Error(`no control group ${path}`);
    for (const other of this.#groups.values()) other.delete(pid);
    group.add(pid);
  }

  /** Has a group that is there use this much from now on. */
  use(path: string, usage: Partial<CgroupUsage>): void {
    this.#usage.set(path, usage);
  }

  async limit(path: string, limits: CgroupLimits): Promise<void> {
    if (!this.#groups.has(path)) throw new Error(`no control group ${path}`);
    this.limits.set(path, limits);
  }

  async exists(path: string): Promise<boolean> {
    return this.#groups.has(path);
  }

  async children(path: string): Promise<string[]> {
    const depth = path.split('/').length;
    const names = this.#below(path).map(name => name.split('/')[depth]);
    return [...new Set(names.filter(name => name !== undefined))].sort();
  }

  async processes(path: string): Promise<number[]> {
    return this.#below(path)
      .flatMap(name => [...this.#groups.get(name)!])
      .sort((a, b) => a - b);
  }

  async usage(path: string): Promise<CgroupUsage | undefined> {
    return this.#groups.has(path) ? { ...noUsage, ...this.#usage.get(path) } : undefined;
  }

  async kill(path: string): Promise<void> {
    this.killed.push(...(await this.processes(path)));
    for (const name of this.#below(path)) this.#groups.get(name)!.clear();
  }

  async remove(path: string): Promise<void> {
    if ((await this.processes(path)).length > 0) throw new CgroupBusy(path);
    for (const name of this.#below(path)) {
      this.#groups.delete(name);
      this.limits.delete(name);
    }
  }

  #below(path: string): string[] {
    return [...this.#groups.keys()].filter(name => name === path || name.startsWith(`${path}/`));
  }
}
