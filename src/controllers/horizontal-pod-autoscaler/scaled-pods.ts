import type { Pod } from '../../api/generated/types.ts';
import { type LabelSelector, matchesLabels, parseLabelSelector } from '../../api/label-selector.ts';
import type { Stored } from '../../api/objects.ts';

/** Why it is not clear which pods are scaled, in upstream's words (podautoscaler: validateAndParseSelector). */
export class UnclearPods extends Error {
  /** Of the event. */
  readonly event: string;
  /** Of the condition ScalingActive. */
  readonly reason: string;
  readonly condition: string;

  constructor(event: string, message: string, reason = event, condition = message) {
    super(message);
    this.event = event;
    this.reason = reason;
    this.condition = condition;
  }
}

/** @param text of the scale's status. @throws UnclearPods */
export function scaleSelector(text: string | undefined): LabelSelector {
  if (!text) {
    const condition = "the HPA target's scale is missing a selector";
    throw new UnclearPods('SelectorRequired', 'selector is required', 'InvalidSelector', condition);
  }
  try {
    return parseLabelSelector(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const what = "couldn't convert selector into a corresponding internal selector object";
    throw new UnclearPods('InvalidSelector', `${what}: ${why}`);
  }
}

export function podsOf(selector: LabelSelector, pods: readonly Stored<Pod>[]): Stored<Pod>[] {
  return pods.filter(pod => matchesLabels(selector, pod.metadata.labels));
}

/** @throws UnclearPods where another autoscaler of the namespace scales some of the pods, too */
export function refuseRivals(
  own: { namespace: string; name: string; selector: string; pods: readonly Stored<Pod>[] },
  others: readonly { name: string; selector: LabelSelector }[],
): void {
  const rival = others.find(({ selector }) => podsOf(selector, own.pods).length > 0);
  if (!rival) return;
  const both = [own, rival].map(({ name }) => `{${name} ${own.namespace}}`).join(' ');
  const message = `pods by selector ${own.selector} are controlled by more than one HPA (e.g. [${both}])`;
  throw new UnclearPods('AmbiguousSelector', message);
}
