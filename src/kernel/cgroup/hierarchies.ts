/** Where control groups are mounted, and what each mount counts. */
export interface Hierarchies {
  version: 1 | 2;
  /** The directory of each hierarchy that is used; the first one's processes are the ones that count. */
  roots: { path: string; controllers: string[] }[];
  /** Directories of the hierarchies that are not used: container runtimes make groups in them all the same. */
  others: string[];
}

/** Hierarchies of version 1 a cluster has a place in. cpuset, devices and the like bring nothing here. */
const usedControllers = ['memory', 'cpu', 'cpuacct', 'pids', 'freezer'];

/**
 * Reads `/proc/self/mountinfo`. A machine with version 1 controllers is version 1, even with a version 2
 * hierarchy mounted beside (hybrid): there the controllers are in version 1.
 */
export function readHierarchies(mountinfo: string): Hierarchies | undefined {
  const roots: Hierarchies['roots'] = [];
  const others: string[] = [];
  let unified: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ');
    const path = left?.split(' ')[4];
    const [type, , superOptions = ''] = right?.split(' ') ?? [];
    if (!path) continue;
    if (type === 'cgroup2') unified ??= path;
    if (type !== 'cgroup') continue;
    const controllers = superOptions.split(',').filter(name => usedControllers.includes(name));
    const fresh = controllers.some(name => !roots.some(root => root.controllers.includes(name)));
    if (fresh) roots.push({ path, controllers });
    else others.push(path);
  }
  if (roots.length > 0) {
    roots.sort((a, b) => rank(a.controllers) - rank(b.controllers));
    if (unified !== undefined) others.push(unified);
    return { version: 1, roots, others };
  }
  if (unified === undefined) return undefined;
  return { version: 2, roots: [{ path: unified, controllers: ['all'] }], others };
}

function rank(controllers: readonly string[]): number {
  return Math.min(...controllers.map(name => usedControllers.indexOf(name)));
}
