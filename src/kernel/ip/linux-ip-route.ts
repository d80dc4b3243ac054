import type { IpFamily } from '../../base/ip-address.ts';
import { CommandError, type Commands } from '../command.ts';
import { inNetns, type NetnsPath } from '../network-namespace.ts';
import { isFdbChange, type Neighbour, type NetworkChange, type Route, renderChange } from './change.ts';
import { type IpRoute, IpRouteError, type Link } from './ip-route.ts';
import { IpSession } from './ip-session.ts';
import {
  type ForwardingJson,
  type LinkJson,
  type NeighbourJson,
  type RouteJson,
  readLink,
  readRoute,
} from './json.ts';

const maxSessionLines = 10_000;

/**
 * iproute2. Changes of the process's own namespace go to one `ip -batch` that stays open, since a pod's share
 * of them is a few tenths of a millisecond and a new process costs several; other namespaces get a process
 * each time, with all changes in one batch.
 */
export class LinuxIpRoute implements IpRoute {
  readonly #commands: Commands;
  readonly #keepOpen: boolean;
  #session: IpSession | undefined;

  /** @param options.keepOpen for long-lived processes: keep one `ip` running between changes. */
  constructor(deps: { commands: Commands }, options: { keepOpen?: boolean } = {}) {
    this.#commands = deps.commands;
    this.#keepOpen = options.keepOpen ?? false;
  }

  async apply(changes: readonly NetworkChange[], netns?: NetnsPath): Promise<void> {
    // Consecutive changes of one program form one batch; fdb changes are rare.
    let batch: NetworkChange[] = [];
    for (const change of changes) {
      if (batch.length > 0 && isFdbChange(batch[0]!) !== isFdbChange(change)) {
        await this.#applyBatch(batch, netns);
        batch = [];
      }
      batch.push(change);
    }
    if (batch.length > 0) await this.#applyBatch(batch, netns);
  }

  async links(netns?: NetnsPath): Promise<Link[]> {
    const rows = await this.#read<LinkJson>(['ip', '-json', '-details', 'address', 'show'], netns);
    return rows.map(readLink);
  }

  async routes(family: IpFamily, netns?: NetnsPath): Promise<Route[]> {
    const rows = await this.#read<RouteJson>(
      ['ip', '-json', familyFlag(family), '-details', 'route', 'show', 'table', 'main'],
      netns,
    );
    return rows.flatMap(row => readRoute(row, family) ?? []);
  }

  async neighbours(family: IpFamily, netns?: NetnsPath): Promise<Neighbour[]> {
    const rows = await this.#read<NeighbourJson>(
      ['ip', '-json', familyFlag(family), 'neighbour', 'show', 'nud', 'permanent'],
      netns,
    );
    return rows.flatMap(({ dst, lladdr, dev }) => (lladdr ? [{ address: dst, mac: lladdr, link: dev }] : []));
  }

  async forwarding(link: string, netns?: NetnsPath): Promise<{ mac: string; remote: string }[]> {
    const rows = await this.#read<ForwardingJson>(['bridge', '-json', 'fdb', 'show', 'dev', link], netns);
    return rows.flatMap(({ mac, dst }) => (dst ? [{ mac, remote: dst }] : []));
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  async #applyBatch(batch: readonly NetworkChange[], netns: NetnsPath | undefined): Promise<void> {
    const lines = batch.map(renderChange);
    if (this.#keepOpen && netns === undefined && !isFdbChange(batch[0]!)) {
      const failure = await this.#runInSession(lines);
      if (!failure) return;
      const error = new IpRouteError(failure.reason, batch[failure.index], lines[failure.index] ?? '');
      // A group without links is none that was made anew.
      if (error.code !== 'not-found' || error.change?.op === 'link.delete-group') throw error;
      // ip remembers the number of each link it has met: one that was made anew under its name looks gone.
      // A new process looks again.
      await this.close();
      await this.#runOnce(batch.slice(failure.index), netns);
      return;
    }
    await this.#runOnce(batch, netns);
  }

  #runInSession(lines: readonly string[]): ReturnType<IpSession['run']> {
    // What it remembers grows with each link it meets.
    if (this.#session && this.#session.lines > maxSessionLines) void this.close();
    this.#session ??= new IpSession();
    return this.#session.run(lines);
  }

  async #runOnce(batch: readonly NetworkChange[], netns: NetnsPath | undefined): Promise<void> {
    const lines = batch.map(renderChange);
    const program = isFdbChange(batch[0]!) ? 'bridge' : 'ip';
    try {
      await this.#commands.run(inNetns(netns, [program, '-batch', '-']), { input: `${lines.join('\n')}\n` });
    } catch (cause) {
      throw batchFailure(batch, lines, cause);
    }
  }

  async #read<T>(argv: readonly string[], netns: NetnsPath | undefined): Promise<T[]> {
    try {
      const { stdout } = await this.#commands.run(inNetns(netns, argv));
      // Nothing to show is printed as nothing, and families that are off as empty objects.
      const rows = stdout.trim() === '' ? [] : (JSON.parse(stdout) as T[]);
      return rows.filter(row => Object.keys(row as object).length > 0);
    } catch (cause) {
      const reason = cause instanceof CommandError ? cause.stderr.trim() || cause.message : String(cause);
      throw new IpRouteError(reason, undefined, argv.slice(1).join(' '), { cause });
    }
  }
}

function batchFailure(
  batch: readonly NetworkChange[],
  lines: readonly string[],
  cause: unknown,
): IpRouteError {
  const stderr = cause instanceof CommandError ? cause.stderr : '';
  const index = Number(/Command failed -:(\d+)/.exec(stderr)?.[1] ?? 1) - 1;
  const reason = stderr.split('\n')[0] || (cause as Error).message;
  return new IpRouteError(reason, batch[index], lines[index] ?? '', { cause });
}

function familyFlag(family: IpFamily): string {
  return family === 'IPv4' ? '-4' : '-6';
}
