/** What is made of a number of replicas that metrics ask for. Pure; upstream: podautoscaler/horizontal.go. */
import type { HorizontalPodAutoscalerBehaviorV2, HPAScalingRulesV2 } from '../../api/generated/types.ts';

interface Recommendation {
  replicas: number;
  /** Milliseconds since the epoch. */
  at: number;
}

interface Change {
  /** How many replicas came or went. */
  replicas: number;
  at: number;
}

/** What was asked for and done before. */
export interface ScalingHistory {
  recommendations: readonly Recommendation[];
  ups: readonly Change[];
  downs: readonly Change[];
}

export const noHistory: ScalingHistory = { recommendations: [], ups: [], downs: [] };

export interface Wish {
  current: number;
  /** What the metrics ask for. */
  desired: number;
  min: number;
  max: number;
  /** With its defaults. */
  behavior: HorizontalPodAutoscalerBehaviorV2 | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

interface Reason {
  reason: string;
  message: string;
}

export interface Outcome {
  replicas: number;
  /** Of the condition AbleToScale. */
  stabilized: Reason;
  /** Of the condition ScalingLimited. */
  limited: Reason & { status: 'True' | 'False' };
  history: ScalingHistory;
}

/** Milliseconds for which the highest recommendation counts before anything is scaled down. */
const downWindow = 300_000;
const maxReplicas = 2 ** 31 - 1;

const ready: Reason = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const downStabilized: Reason = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const upStabilized: Reason = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const withinRange: Reason = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
const tooMany: Reason = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const tooFew: Reason = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};
const upLimit: Reason = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const downLimit: Reason = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};

/** Steadies what metrics ask for by what they asked for before, and keeps it within bounds and rates. */
export function decideReplicas(wish: Wish, history: ScalingHistory): Outcome {
  const stable = stabilize(wish, history);
  const limit = wish.behavior
    ? limitByPolicies({ ...wish, desired: stable }, wish.behavior, history)
    : limitByFactor({ ...wish, desired: stable });
  const holdsBack = wish.behavior && wish.desired >= wish.current ? upStabilized : downStabilized;
  return {
    replicas: limit.replicas,
    stabilized: stable === wish.desired ? ready : holdsBack,
    limited: { ...limit.reason, status: limit.replicas === stable ? 'False' : 'True' },
    history: { ...history, recommendations: recommendationsAfter(wish, history) },
  };
}

/** The history after the number of replicas was changed; where there are no policies nobody asks for it. */
export function withChange(
  history: ScalingHistory,
  { behavior, now }: Pick<Wish, 'behavior' | 'now'>,
  before: number,
  after: number,
): ScalingHistory {
  if (!behavior) return history;
  const change = { replicas: Math.abs(after - before), at: now };
  const recent = (changes: readonly Change[], rules: HPAScalingRulesV2 | undefined) =>
    changes.filter(({ at }) => at >= now - longestPeriod(rules));
  return after > before
    ? { ...history, ups: [...recent(history.ups, behavior.scaleUp), change] }
    : { ...history, downs: [...recent(history.downs, behavior.scaleDown), change] };
}

function longestPeriod(rules: HPAScalingRulesV2 | undefined): number {
  return Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds)) * 1000;
}

function windows(behavior: HorizontalPodAutoscalerBehaviorV2 | undefined): { up: number; down: number } {
  const down = behavior?.scaleDown?.stabilizationWindowSeconds;
  return {
    up: (behavior?.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000,
    down: down === undefined ? downWindow : down * 1000,
  };
}

function stabilize({ current, desired, behavior, now }: Wish, { recommendations }: ScalingHistory): number {
  const { up, down } = windows(behavior);
  const since = (window: number) =>
    recommendations.filter(({ at }) => at > now - window).map(({ replicas }) => replicas);
  const highest = Math.max(desired, ...since(down));
  if (!behavior) return highest;
  const lowest = Math.min(desired, ...since(up));
  return Math.min(Math.max(current, lowest), highest);
}

function recommendationsAfter({ desired, behavior, now }: Wish, history: ScalingHistory): Recommendation[] {
  const { up, down } = windows(behavior);
  const counted = history.recommendations.filter(({ at }) => at > now - Math.max(up, down));
  return [...counted, { replicas: desired, at: now }];
}

interface Limited {
  replicas: number;
  reason: Reason;
}

/** Without policies: no more than twice as many, or four. */
function limitByFactor({ current, desired, min, max }: Wish): Limited {
  const fastest = Math.max(2 * current, 4);
  if (desired < min) return { replicas: min, reason: tooFew };
  if (desired <= Math.min(max, fastest)) return { replicas: desired, reason: withinRange };
  return max > fastest ? { replicas: fastest, reason: upLimit } : { replicas: max, reason: tooMany };
}

function limitByPolicies(
  { current, desired, min, max, now }: Wish,
  { scaleUp = {}, scaleDown = {} }: HorizontalPodAutoscalerBehaviorV2,
  history: ScalingHistory,
): Limited {
  if (desired > current) {
    const fastest = Math.max(current, upBound(current, scaleUp, history, now));
    const bound = Math.min(max, fastest);
    if (desired > bound) return { replicas: bound, reason: max > fastest ? upLimit : tooMany };
  } else if (desired < current) {
    const fastest = Math.min(current, downBound(current, scaleDown, history, now));
    const bound = Math.max(min, fastest);
    if (desired < bound) return { replicas: bound, reason: min < fastest ? downLimit : tooFew };
  }
  return { replicas: desired, reason: withinRange };
}

/** The replicas there were at the beginning of a policy's period. */
function atStart(current: number, period: number, { ups, downs }: ScalingHistory, now: number): number {
  const within = (changes: readonly Change[]) =>
    changes.filter(({ at }) => at > now - period * 1000).reduce((sum, { replicas }) => sum + replicas, 0);
  return current - within(ups) + within(downs);
}

function upBound(current: number, rules: HPAScalingRulesV2, history: ScalingHistory, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const bounds = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = atStart(current, periodSeconds, history, now);
    // Rounded up, or a small percentage would never add a replica.
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.min(maxReplicas, ...bounds) : Math.max(0, ...bounds);
}

function downBound(current: number, rules: HPAScalingRulesV2, history: ScalingHistory, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const bounds = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = atStart(current, periodSeconds, history, now);
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.max(0, ...bounds) : Math.min(maxReplicas, ...bounds);
}
