import type { Node } from '../api/generated/types.ts';
import type { Stored } from '../api/objects.ts';
import { ApiError } from '../api/status.ts';
import { systemClock } from '../base/clock.ts';
import { errorChain } from '../base/log.ts';
import type { HttpTransport } from '../client/http-transport.ts';
import { nameFlag } from './cluster-config.ts';
import type { CrashWatch } from './crash-watch.ts';
import { SystemFailure } from './failure.ts';

const readyTimeout = 120_000;
/** A process that ended so often while it was waited for will not come up. */
const maxEnds = 3;
const crashInterval = 100;
/** How long the API may be away while nodes are waited for, and how often it is tried meanwhile. */
const answerTimeout = 20_000;
const answerInterval = 200;

/** A supervised process that is waited for. */
export interface StartedProcess {
  watch: CrashWatch;
  /** Starts it at once where it waits to be started again. */
  restart(): Promise<void>;
}

/** A node that is waited for. */
export interface StartedNode {
  name: string;
  /** Its agent was started then, in milliseconds since 1970: what the node said of itself before is not believed. */
  since?: number;
  processes: StartedProcess[];
}

/**
 * Resolves when the API answers.
 * @throws SystemFailure when the server keeps ending, or after two minutes.
 */
export async function whenServing(
  cluster: string,
  transport: HttpTransport,
  server: StartedProcess,
  signal: AbortSignal,
): Promise<void> {
  const see = `see: causeway logs${nameFlag(cluster)} server`;
  const serving = async (ended: AbortSignal) => {
    const began = systemClock.monotonic();
    for (;;) {
      try {
        await transport.request({ method: 'GET', path: '/api', signal: ended });
        return;
      } catch (cause) {
        ended.throwIfAborted();
        if (systemClock.monotonic() - began >= readyTimeout) {
          const why = errorChain(cause);
          throw new SystemFailure(`the API server did not become ready (${why}): ${see}`, { cause });
        }
        await systemClock.sleep(15, ended);
      }
    }
  };
  await unlessCrashing([{ what: 'the API server', see, process: server }], signal, serving);
}

/**
 * Resolves when all nodes are Ready.
 * @param note is told how many are.
 * @throws SystemFailure when a process of a node keeps ending, or after two minutes.
 */
export async function whenNodesReady(
  cluster: string,
  transport: HttpTransport,
  nodes: readonly StartedNode[],
  signal: AbortSignal,
  note: (text: string) => void = () => {},
): Promise<void> {
  const logsOf = (name: string) => `see: causeway logs${nameFlag(cluster)} ${name}`;
  const waiting = new Map(nodes.map(({ name }) => [name, 'it has not registered']));
  const suspects = nodes.flatMap(({ name, processes }) =>
    processes.map(process => ({ what: `${process.watch.name} of ${name}`, see: logsOf(name), process })),
  );
  const timeout = AbortSignal.timeout(readyTimeout);
  try {
    await unlessCrashing(suspects, AbortSignal.any([signal, timeout]), async ended => {
      let answered = systemClock.monotonic();
      const follow = async () => {
        const path = '/api/v1/nodes?watch=1';
        for await (const { type, object } of transport.watch<Node>({ method: 'GET', path, signal: ended })) {
          answered = systemClock.monotonic();
          if (type === 'ADDED' || type === 'MODIFIED') noteReadiness(waiting, nodes, object as Stored<Node>);
          note(`${nodes.length - waiting.size} of ${nodes.length} ready`);
          if (waiting.size === 0) return;
        }
      };
      while (waiting.size > 0) {
        await follow().catch(async error => {
          // A server that ends is started again, and may be one of several.
          const silent = systemClock.monotonic() - answered;
          if (ended.aborted || error instanceof ApiError || silent > answerTimeout) throw error;
          await systemClock.sleep(answerInterval, ended);
        });
      }
    });
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof SystemFailure) throw cause;
    const [name = '', why] = [...waiting][0] ?? [];
    throw new SystemFailure(`node ${name} is not ready: ${why}: ${logsOf(name)}`, { cause });
  }
}

function noteReadiness(
  waiting: Map<string, string>,
  nodes: readonly StartedNode[],
  node: Stored<Node>,
): void {
  const { name } = node.metadata;
  const wanted = nodes.find(candidate => candidate.name === name);
  if (!wanted) return;
  const ready = node.status?.conditions?.find(condition => condition.type === 'Ready');
  // Heartbeats are in whole seconds.
  const since = Math.floor((wanted.since ?? 0) / 1000) * 1000;
  const fresh = ready?.lastHeartbeatTime && Date.parse(ready.lastHeartbeatTime) >= since;
  if (ready?.status === 'True' && fresh) waiting.delete(name);
  else waiting.set(name, (fresh && ready.message) || 'its agent has not reported yet');
}

interface Suspect {
  what: string;
  see: string;
  process: StartedProcess;
}

/** `work`, given up as soon as one of the processes it waits for has ended too often. */
async function unlessCrashing<T>(
  suspects: readonly Suspect[],
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const ended = AbortSignal.any([signal, abort.signal]);
  const guard = watchCrashes(suspects, ended).catch(error => {
    abort.abort(error);
    throw error;
  });
  try {
    return (await Promise.race([work(ended), guard])) as T;
  } finally {
    abort.abort();
    await guard.catch(() => {});
  }
}

/** Never resolves; an end that is not one too many is followed by a start at once. */
async function watchCrashes(suspects: readonly Suspect[], signal: AbortSignal): Promise<never> {
  const seen = new Map<Suspect, number>();
  for (;;) {
    await systemClock.sleep(crashInterval, signal);
    for (const suspect of suspects) {
      const { ends, reason } = suspect.process.watch.look();
      if (ends >= maxEnds) {
        const words = reason ? `: ${reason}` : '';
        throw new SystemFailure(`${suspect.what} ends as soon as it is started${words}: ${suspect.see}`);
      }
      if (ends > (seen.get(suspect) ?? 0)) await suspect.process.restart();
      seen.set(suspect, ends);
    }
  }
}
