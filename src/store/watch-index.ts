import type { Logger } from '../base/log.ts';
import type { Change, WatchHandle, WatchListener } from './store.ts';

interface Watcher {
  readonly prefix: string;
  readonly listener: WatchListener;
  /** The listener has had every change up to this revision. */
  position: number;
  closed: boolean;
}

/** The watchers whose prefix lies in one directory. */
interface Directory {
  /** Of the directory as a whole. */
  whole: Set<Watcher>;
  /** Of a part of the names in it: `/registry/pods/default/we`. */
  part: Set<Watcher>;
}

/**
 * The watchers by the directory of their prefix, so that a change is compared only with those that watch a
 * directory above it, and all that watch the same one share one array of changes.
 */
export class WatchIndex {
  readonly #log: Logger;
  readonly #directories = new Map<string, Directory>();

  constructor(log: Logger) {
    this.#log = log;
  }

  add(prefix: string, position: number, listener: WatchListener): WatchHandle {
    const watcher: Watcher = { prefix, listener, position, closed: false };
    const path = directoryOf(prefix);
    const directory = this.#directories.get(path) ?? { whole: new Set(), part: new Set() };
    this.#directories.set(path, directory);
    const set = path === prefix ? directory.whole : directory.part;
    set.add(watcher);
    return {
      close: () => {
        watcher.closed = true;
        set.delete(watcher);
        const empty = directory.whole.size === 0 && directory.part.size === 0;
        if (empty && this.#directories.get(path) === directory) this.#directories.delete(path);
      },
    };
  }

  /** Tells the watchers of `changes`, which are in order and end at `revision`. */
  tell(changes: readonly Change[], revision: number): void {
    const due = new Map<Watcher, readonly Change[]>();
    const shared = new Map<Directory, Change[]>();
    for (const change of changes) {
      for (const path of pathsAbove(change.key)) {
        const directory = this.#directories.get(path);
        if (directory) gather(directory, change, shared, due);
      }
    }
    for (const [watcher, found] of due) this.#deliver(watcher, found, revision);
  }

  closeAll(): void {
    for (const { whole, part } of this.#directories.values()) {
      for (const watcher of [...whole, ...part]) watcher.closed = true;
    }
    this.#directories.clear();
  }

  #deliver(watcher: Watcher, found: readonly Change[], revision: number): void {
    if (watcher.closed || watcher.position >= revision) return;
    // One that began within this batch, or at a revision still to come, has had or wants no more than a part.
    const fresh = found.filter(change => change.revision > watcher.position);
    watcher.position = revision;
    if (fresh.length === 0) return;
    try {
      watcher.listener(fresh.length === found.length ? found : fresh, revision);
    } catch (error) {
      this.#log.error('a watch listener failed', { prefix: watcher.prefix, error });
    }
  }
}

function gather(
  directory: Directory,
  change: Change,
  shared: Map<Directory, Change[]>,
  due: Map<Watcher, readonly Change[]>,
): void {
  let all = shared.get(directory);
  if (!all) {
    all = [];
    shared.set(directory, all);
    for (const watcher of directory.whole) due.set(watcher, all);
  }
  all.push(change);
  for (const watcher of directory.part) {
    if (!change.key.startsWith(watcher.prefix)) continue;
    const own = due.get(watcher) as Change[] | undefined;
    if (own) own.push(change);
    else due.set(watcher, [change]);
  }
}

/** Up to and including the last slash. */
function directoryOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf('/') + 1);
}

/** The directories a key lies in: `/a/b` → ``, `/`, `/a/`. */
function* pathsAbove(key: string): Iterable<string> {
  yield '';
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
    yield key.slice(0, slash + 1);
  }
}
