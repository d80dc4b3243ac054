import type { HorizontalPodAutoscalerConditionV2 } from '../../api/generated/types.ts';
import { formatTime } from '../../api/time.ts';

type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';

/** The conditions of an autoscaler while one look at it is under way. */
export class AutoscalerConditions {
  readonly #now: string;
  #all: readonly HorizontalPodAutoscalerConditionV2[];

  /** @param now milliseconds since the epoch */
  constructor(before: readonly HorizontalPodAutoscalerConditionV2[], now: number) {
    this.#all = before;
    this.#now = formatTime(now);
  }

  get all(): HorizontalPodAutoscalerConditionV2[] {
    return [...this.#all];
  }

  /** Reason and message are always the last ones; the time is that of the last change of status. */
  set(type: ConditionType, status: 'True' | 'False', reason: string, message: string): void {
    const present = this.#all.find(each => each.type === type);
    const lastTransitionTime = present?.status === status ? present.lastTransitionTime : this.#now;
    const next = { type, status, lastTransitionTime, reason, message };
    this.#all = present ? this.#all.map(each => (each === present ? next : each)) : [...this.#all, next];
  }
}
