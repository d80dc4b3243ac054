/** How many replicas a metric asks for. Pure; the rules are those of upstream's podautoscaler/replica_calculator.go. */
import type { Pod } from '../../api/generated/types.ts';
import { timeOf } from '../../api/time.ts';
import { isFinished, isReady, podCondition } from '../pods/pod-state.ts';

/** What a pod uses, or another number about it. */
export interface PodMetric {
  /** Thousandths. */
  value: number;
  /** The end of the time it was collected in, milliseconds since the epoch. */
  at: number;
  /** How long that was, milliseconds. */
  window: number;
}

/** By the pod's name. */
export type PodMetrics = ReadonlyMap<string, PodMetric>;

/** Parts of the target by which what is used may be off without anything being done. */
export interface Tolerances {
  up: number;
  down: number;
}

export const defaultTolerance = 0.1;

/** A metric that says nothing; the message is upstream's. */
export class MetricError extends Error {}

/** Milliseconds after its start in which a pod's CPU counts only if all of it was used while it was ready. */
const cpuInitializationPeriod = 300_000;
/** Milliseconds after its start in which a pod that becomes unready was never ready to begin with. */
const initialReadinessDelay = 30_000;
const maxReplicas = 2 ** 31 - 1;

export interface PodsSituation {
  /** Of the scale's spec. */
  current: number;
  /** All that the scale selects. */
  pods: readonly Pod[];
  metrics: PodMetrics;
  tolerances: Tolerances;
  /** CPU is used to start, too. */
  isCpu: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

export interface Proposal {
  replicas: number;
  /** Thousandths for each pod. */
  usage: number;
  /** Percent of what the pods requested. */
  utilization?: number;
}

/**
 * For a use of `target` percent of what pods request.
 * @param requestsOf thousandths, by the pod's name; not asked where no metric counts
 * @throws MetricError
 */
export function replicasForUtilization(
  situation: PodsSituation,
  target: number,
  requestsOf: () => ReadonlyMap<string, number>,
): Proposal {
  let known: ReadonlyMap<string, number> | undefined;
  const requests = () => {
    known ??= requestsOf();
    return known;
  };
  const measure = (values: ReadonlyMap<string, number>) => utilizationOf(values, requests(), target);
  const whole = (name: string) => ((requests().get(name) ?? 0) * Math.max(100, target)) / 100;
  return proposal(situation, measure, whole);
}

/** For an average of `target` thousandths a pod. @throws MetricError */
export function replicasForAverage(situation: PodsSituation, target: number): Proposal {
  const measure = (values: ReadonlyMap<string, number>) => {
    const usage = Math.trunc(sum(values.values()) / values.size);
    return { ratio: usage / target, usage };
  };
  return proposal(situation, measure, () => target);
}

interface Measured {
  /** 1 where exactly the target is used. */
  ratio: number;
  usage: number;
  utilization?: number;
}

function utilizationOf(
  values: ReadonlyMap<string, number>,
  requests: ReadonlyMap<string, number>,
  target: number,
): Measured {
  const known = [...values].filter(([name]) => requests.has(name));
  const requested = sum(known.map(([name]) => requests.get(name)!));
  if (requested === 0) throw new MetricError('no metrics returned matched known pods');
  const used = sum(known.map(([, value]) => value));
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / target, utilization, usage: Math.trunc(used / known.length) };
}

/** @param whole what a pod that tells nothing is taken to use where fewer replicas would do */
function proposal(
  { current, pods, metrics, tolerances, isCpu, now }: PodsSituation,
  measure: (values: ReadonlyMap<string, number>) => Measured,
  whole: (name: string) => number,
): Proposal {
  if (pods.length === 0) throw noPods();
  const groups = groupPods(pods, metrics, isCpu, now);
  const values = new Map([...metrics].map(([name, { value }]) => [name, value]));
  for (const name of [...groups.ignored, ...groups.unready]) values.delete(name);
  if (values.size === 0) {
    throw new MetricError('did not receive metrics for targeted pods (pods might be unready)');
  }
  const measured = measure(values);
  const { ratio, usage, utilization } = measured;
  const propose = (replicas: number): Proposal => ({
    replicas: Math.min(replicas, maxReplicas),
    usage,
    ...(utilization !== undefined && { utilization }),
  });
  const withUnready = groups.unready.size > 0 && ratio > 1;
  if (!withUnready && groups.missing.size === 0) {
    return propose(isWithin(tolerances, ratio) ? current : Math.ceil(ratio * groups.ready));
  }
  // Who tells nothing is taken to use what speaks against a change.
  for (const name of groups.missing) {
    if (ratio < 1) values.set(name, whole(name));
    else if (ratio > 1) values.set(name, 0);
  }
  if (withUnready) for (const name of groups.unready) values.set(name, 0);
  const again = measure(values).ratio;
  const turned = (ratio < 1 && again > 1) || (ratio > 1 && again < 1);
  if (isWithin(tolerances, again) || turned) return propose(current);
  const replicas = Math.ceil(again * values.size);
  const wrongWay = (again < 1 && replicas > current) || (again > 1 && replicas < current);
  return propose(wrongWay ? current : replicas);
}

interface PodGroups {
  ready: number;
  /** Not there yet, or still starting. */
  unready: Set<string>;
  /** Of which nothing is known. */
  missing: Set<string>;
  /** On their way out. */
  ignored: Set<string>;
}

function groupPods(pods: readonly Pod[], metrics: PodMetrics, isCpu: boolean, now: number): PodGroups {
  const groups: PodGroups = { ready: 0, unready: new Set(), missing: new Set(), ignored: new Set() };
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const metric = metrics.get(name);
    if (pod.metadata?.deletionTimestamp || isFinished(pod)) groups.ignored.add(name);
    else if (pod.status?.phase === 'Pending') groups.unready.add(name);
    else if (!metric) groups.missing.add(name);
    else if (isCpu && isStarting(pod, metric, now)) groups.unready.add(name);
    else groups.ready++;
  }
  return groups;
}

function isStarting(pod: Pod, metric: PodMetric, now: number): boolean {
  const ready = podCondition(pod, 'Ready');
  if (!ready || pod.status?.startTime === undefined) return true;
  const started = timeOf(pod.status.startTime);
  const changed = timeOf(ready.lastTransitionTime);
  if (started + cpuInitializationPeriod > now) {
    return ready.status === 'False' || metric.at < changed + metric.window;
  }
  return ready.status === 'False' && started + initialReadinessDelay > changed;
}

/** For a number about something else, which is `ratio` times what it should be. @throws MetricError */
export function replicasForRatio(
  current: number,
  ratio: number,
  tolerances: Tolerances,
  pods: readonly Pod[],
): number {
  if (current === 0) return Math.ceil(ratio);
  if (isWithin(tolerances, ratio)) return current;
  if (pods.length === 0) throw new MetricError(`unable to calculate ready pods: ${noPods().message}`);
  const ready = pods.filter(pod => pod.status?.phase === 'Running' && isReady(pod)).length;
  return Math.min(Math.ceil(ratio * ready), maxReplicas);
}

/** For a number about something else, of which each replica takes `target`. Both in thousandths. */
export function replicasForShare(
  replicas: number,
  value: number,
  target: number,
  tolerances: Tolerances,
): Proposal {
  const enough = isWithin(tolerances, value / (target * replicas));
  return {
    replicas: enough ? replicas : Math.min(Math.ceil(value / target), maxReplicas),
    usage: replicas === 0 ? 0 : Math.ceil(value / replicas),
  };
}

function isWithin({ up, down }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

function noPods(): MetricError {
  return new MetricError('no pods returned by selector while calculating replica count');
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
