import type { Node } from '../../api/generated/types.ts';
import type { Clock } from '../../base/clock.ts';
import { errorChain, type Logger } from '../../base/log.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import type { NodeMetrics } from './node-metrics.ts';
import { type NodeReading, parseResourceMetrics, type Usage, usageBetween } from './readings.ts';

/** Milliseconds for which what was read last is an answer. */
const freshTime = 5000;
/** Milliseconds after which a reading is too old to be the first of two. */
const longestWindow = 30_000;
/** Milliseconds between two readings, where there is no first one yet. */
const firstWindow = 1000;
/** Milliseconds a node has to answer. */
const nodeTime = 3000;

interface Round {
  /** By the monotonic clock. */
  at: number;
  /** Milliseconds since the epoch. */
  time: number;
  nodes: Map<string, NodeReading>;
}

/**
 * What nodes and pods use, read from the kubelets when somebody asks and never else: CPU is the difference of two
 * readings. Whoever asks after a pause waits for the second one; who asks again gets the time in between.
 */
export class UsageReader {
  readonly #deps: { clock: Clock; log: Logger; reader: ObjectReader; metrics: NodeMetrics };
  #before: Round | undefined;
  #last: Round | undefined;
  #running: Promise<void> | undefined;

  constructor(deps: { clock: Clock; log: Logger; reader: ObjectReader; metrics: NodeMetrics }) {
    this.#deps = deps;
  }

  /** Has `node` and `pod` tell of the last seconds. Those who ask at the same time wait for the same readings. */
  refresh(): Promise<void> {
    this.#running ??= this.#read().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Undefined where a node was not read twice. */
  node(name: string): Usage | undefined {
    const last = this.#last?.nodes.get(name)?.node;
    return last && usageBetween(this.#before?.nodes.get(name)?.node, last, Number.POSITIVE_INFINITY);
  }

  /** Of each container of a pod on `node`; undefined where one of them has no two points yet, or there is none. */
  pod(node: string, key: string): Map<string, Usage> | undefined {
    const last = this.#last?.nodes.get(node)?.pods.get(key);
    const before = this.#before?.nodes.get(node)?.pods.get(key);
    if (!last || !this.#before) return undefined;
    const found = new Map<string, Usage>();
    for (const [name, point] of last) {
      const usage = usageBetween(before?.get(name), point, this.#before.time);
      if (!usage) return undefined;
      found.set(name, usage);
    }
    return found;
  }

  async #read(): Promise<void> {
    const { clock } = this.#deps;
    const age = this.#last ? clock.monotonic() - this.#last.at : Number.POSITIVE_INFINITY;
    if (age < freshTime) return;
    let first = this.#last;
    if (!first || age > longestWindow) {
      first = await this.#round();
      await clock.sleep(firstWindow);
    }
    const last = await this.#round();
    this.#before = first;
    this.#last = last;
  }

  async #round(): Promise<Round> {
    const { clock, reader } = this.#deps;
    const [at, time] = [clock.monotonic(), clock.now()];
    const readings = await Promise.all(
      reader.list<Node>('nodes').map(async node => {
        const { name } = node.metadata;
        return [name, isReady(node) ? await this.#nodeReading(name) : undefined] as const;
      }),
    );
    const nodes = new Map<string, NodeReading>();
    for (const [name, reading] of readings) if (reading) nodes.set(name, reading);
    return { at, time, nodes };
  }

  async #nodeReading(name: string): Promise<NodeReading | undefined> {
    const { clock, log, metrics } = this.#deps;
    const deadline = new AbortController();
    const cancel = clock.after(nodeTime, () => deadline.abort(new Error(`no answer within ${nodeTime} ms`)));
    try {
      return parseResourceMetrics(await metrics.read(name, deadline.signal));
    } catch (error) {
      log.debug('a node does not tell what it uses', { node: name, error: errorChain(error) });
      return undefined;
    } finally {
      cancel();
    }
  }
}

/** One that is away would keep everybody waiting. */
function isReady({ status }: Node): boolean {
  return (status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}
