import type {
  HorizontalPodAutoscalerStatusV2,
  HorizontalPodAutoscalerV2,
  MetricStatusV2,
  Pod,
} from '../../api/generated/types.ts';
import type { LabelSelector } from '../../api/label-selector.ts';
import { objectKey, type Stored } from '../../api/objects.ts';
import { parseQuantity, scaledValue } from '../../api/quantity.ts';
import { formatTime } from '../../api/time.ts';
import type { Component } from '../../base/component.ts';
import { decisionObject } from '../../base/decisions.ts';
import { errorChain } from '../../base/log.ts';
import { ResourceClient } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { isNotFound } from '../api-failures.ts';
import { type ControllerDeps, ControllerLoop } from '../controller.ts';
import { builtin, resources } from '../resources.ts';
import { sameStatus } from '../same-status.ts';
import { sameContent } from '../template-hash.ts';
import { AutoscalerConditions } from './autoscaler-conditions.ts';
import { MetricFailure, MetricProposals, type Scaled } from './metric-proposals.ts';
import { MetricsSource } from './metrics-source.ts';
import { defaultTolerance } from './replica-count.ts';
import { type ScaleTarget, ScaleTargets } from './scale-target.ts';
import { podsOf, refuseRivals, scaleSelector, UnclearPods } from './scaled-pods.ts';
import { decideReplicas, noHistory, type ScalingHistory, withChange } from './scaling-rules.ts';

type Autoscaler = Stored<HorizontalPodAutoscalerV2>;

/** Milliseconds between two looks at an autoscaler (--horizontal-pod-autoscaler-sync-period). */
const syncPeriod = 15_000;

const autoscalers = builtin('autoscaling/v2', 'horizontalpodautoscalers');

/** What is remembered of an autoscaler; it is not in the API. */
interface Memory {
  uid: string;
  history: ScalingHistory;
  /** Of the pods it scales, once known. */
  selector?: LabelSelector;
}

/** One look at an autoscaler. */
interface Look {
  key: string;
  autoscaler: Autoscaler;
  memory: Memory;
  conditions: AutoscalerConditions;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What a look came to. */
interface Decision {
  replicas: number;
  /** Why it is not what it was. */
  reason: string;
  metrics: MetricStatusV2[] | undefined;
}

/** Metrics that say nothing; the message is that of the event. */
class NoDecision extends Error {
  readonly metrics: MetricStatusV2[] | undefined;

  constructor(message: string, metrics?: MetricStatusV2[]) {
    super(message);
    this.metrics = metrics;
  }
}

/** Changes the number of replicas of what HorizontalPodAutoscalers name, through its scale, by what metrics say. */
export class HorizontalPodAutoscalerController implements Component {
  readonly name = 'horizontal-pod-autoscaler';
  readonly #deps: ControllerDeps;
  readonly #loop: ControllerLoop;
  readonly #autoscalers: Informer<HorizontalPodAutoscalerV2>;
  readonly #pods: Informer<Pod>;
  readonly #client: ResourceClient<HorizontalPodAutoscalerV2>;
  readonly #targets: ScaleTargets;
  readonly #proposals: MetricProposals;
  readonly #memories = new Map<string, Memory>();

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#autoscalers = deps.informers.informer<HorizontalPodAutoscalerV2>(autoscalers);
    this.#pods = deps.informers.informer<Pod>(resources.pods);
    this.#client = new ResourceClient(deps.transport, autoscalers);
    this.#targets = new ScaleTargets(deps.transport);
    const source = new MetricsSource(deps.transport);
    this.#proposals = new MetricProposals({ source, targets: this.#targets });
    this.#loop = new ControllerLoop(deps, {
      name: this.name,
      workers: 5,
      reconcile: key => this.#reconcile(key),
    });
    this.#loop.follow(this.#autoscalers, {
      added: each => this.#loop.add(objectKey(each)),
      // What the controller itself writes into the status is no reason to look again.
      updated: (each, before) => {
        if (!sameContent(each.spec, before.spec)) this.#loop.add(objectKey(each));
      },
      deleted: each => this.#loop.add(objectKey(each)),
    });
    this.#loop.follow(this.#pods);
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#loop.start(signal);
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #reconcile(key: string): Promise<void> {
    const autoscaler = this.#autoscalers.getByKey(key);
    if (!autoscaler) {
      this.#memories.delete(key);
      return;
    }
    this.#loop.addAfter(key, syncPeriod);
    const { uid } = autoscaler.metadata;
    const known = this.#memories.get(key);
    const memory = known?.uid === uid ? known : { uid, history: noHistory };
    this.#memories.set(key, memory);
    const now = this.#deps.clock.now();
    const conditions = new AutoscalerConditions(autoscaler.status?.conditions ?? [], now);
    try {
      await this.#look({ key, autoscaler, memory, conditions, now });
    } catch (error) {
      // The next look is the next try.
      this.#deps.log.debug('an autoscaler cannot do its work', { key, error: errorChain(error) });
    }
  }

  async #look(look: Look): Promise<void> {
    const { autoscaler, conditions, memory, now } = look;
    const target = await this.#target(look);
    if (!target) return;
    const current = target.scale.spec?.replicas ?? 0;
    if (memory.history === noHistory) {
      memory.history = { ...noHistory, recommendations: [{ replicas: current, at: now }] };
    }
    let decision: Decision;
    try {
      decision = await this.#decide(look, target);
    } catch (error) {
      if (!(error instanceof NoDecision)) throw error;
      this.#event(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', error.message);
      const desired = autoscaler.status?.desiredReplicas ?? 0;
      await this.#write(look, { currentReplicas: current, desiredReplicas: desired }, error.metrics);
      return;
    }
    const { replicas, metrics } = decision;
    if (replicas === current) {
      await this.#write(look, { currentReplicas: current, desiredReplicas: current }, metrics);
    } else if (await this.#resize(look, target, decision)) {
      const message = `the HPA controller was able to update the target scale to ${replicas}`;
      conditions.set('AbleToScale', 'True', 'SucceededRescale', message);
      const lastScaleTime = formatTime(now);
      await this.#write(
        look,
        { currentReplicas: current, desiredReplicas: replicas, lastScaleTime },
        metrics,
      );
    } else {
      const desired = autoscaler.status?.desiredReplicas ?? 0;
      await this.#write(look, { currentReplicas: current, desiredReplicas: desired }, metrics);
    }
  }

  /** Undefined where it cannot be had, which is said. */
  async #target(look: Look): Promise<ScaleTarget | undefined> {
    const { autoscaler, conditions } = look;
    try {
      const target = await this.#targets.get(namespaceOf(autoscaler), autoscaler.spec.scaleTargetRef);
      const message = "the HPA controller was able to get the target's current scale";
      conditions.set('AbleToScale', 'True', 'SucceededGetScale', message);
      return target;
    } catch (error) {
      const why = messageOf(error);
      this.#event(autoscaler, 'Warning', 'FailedGetScale', why);
      const message = `the HPA controller was unable to get the target's current scale: ${why}`;
      conditions.set('AbleToScale', 'False', 'FailedGetScale', message);
      const { currentReplicas, desiredReplicas = 0, currentMetrics } = autoscaler.status ?? {};
      await this.#write(
        look,
        { ...(currentReplicas && { currentReplicas }), desiredReplicas },
        currentMetrics,
      );
      return undefined;
    }
  }

  /** @throws NoDecision */
  async #decide(look: Look, { scale }: ScaleTarget): Promise<Decision> {
    const { autoscaler, conditions } = look;
    const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
    const current = scale.spec?.replicas ?? 0;
    if (current === 0) {
      const message = 'scaling is disabled since the replica count of the target is zero';
      conditions.set('ScalingActive', 'False', 'ScalingDisabled', message);
      return { replicas: 0, reason: '', metrics: undefined };
    }
    if (current > max) {
      const reason = 'Current number of replicas above Spec.MaxReplicas';
      return { replicas: max, reason, metrics: undefined };
    }
    if (current < min) {
      const reason = 'Current number of replicas below Spec.MinReplicas';
      return { replicas: min, reason, metrics: undefined };
    }
    const { desired, name, metrics } = await this.#byMetrics(look, scale);
    const { behavior } = autoscaler.spec;
    const wish = { current, desired, min, max, behavior, now: look.now };
    const outcome = decideReplicas(wish, look.memory.history);
    look.memory.history = outcome.history;
    const { stabilized, limited } = outcome;
    conditions.set('AbleToScale', 'True', stabilized.reason, stabilized.message);
    conditions.set('ScalingLimited', limited.status, limited.reason, limited.message);
    const reason = desired > current ? `${name} above target` : 'All metrics below target';
    return { replicas: outcome.replicas, reason: desired === current ? '' : reason, metrics };
  }

  /** The most replicas any metric asks for. @throws NoDecision where they say nothing, or too little to scale down by */
  async #byMetrics(
    look: Look,
    scale: ScaleTarget['scale'],
  ): Promise<{ desired: number; name: string; metrics: MetricStatusV2[] }> {
    const { autoscaler, conditions } = look;
    const scaled = this.#scaledOrRefused(look, scale);
    const specs = autoscaler.spec.metrics ?? [];
    const metrics: MetricStatusV2[] = [];
    const failures: MetricFailure[] = [];
    let best = { desired: 0, name: '' };
    for (const spec of specs) {
      try {
        const { replicas, name, status } = await this.#proposals.of(spec, scaled);
        metrics.push(status);
        if (best.desired === 0 || replicas > best.desired) best = { desired: replicas, name };
      } catch (error) {
        if (!(error instanceof MetricFailure)) throw error;
        // Statuses stand in the order of the metrics.
        metrics.push({ type: '' });
        failures.push(error);
        this.#event(autoscaler, 'Warning', error.reason, error.detail);
      }
    }
    const [first] = failures;
    if (first && (failures.length === specs.length || best.desired < scaled.specReplicas)) {
      const message = `the HPA was unable to compute the replica count: ${first.detail}`;
      conditions.set('ScalingActive', 'False', first.reason, message);
      const count = `${failures.length} invalid out of ${specs.length}`;
      throw new NoDecision(`invalid metrics (${count}), first error is: ${first.message}`, metrics);
    }
    const found = `the HPA was able to successfully calculate a replica count from ${best.name}`;
    conditions.set('ScalingActive', 'True', 'ValidMetricFound', found);
    return { ...best, metrics };
  }

  /** @throws NoDecision where it is not clear which pods are scaled */
  #scaledOrRefused(look: Look, scale: ScaleTarget['scale']): Scaled {
    try {
      return this.#scaled(look, scale);
    } catch (error) {
      if (!(error instanceof UnclearPods)) throw error;
      this.#event(look.autoscaler, 'Warning', error.event, error.message);
      look.conditions.set('ScalingActive', 'False', error.reason, error.condition);
      throw new NoDecision(error.message);
    }
  }

  /** @throws UnclearPods */
  #scaled({ key, autoscaler, memory, now }: Look, { spec, status }: ScaleTarget['scale']): Scaled {
    const namespace = namespaceOf(autoscaler);
    const selector = scaleSelector(status?.selector);
    memory.selector = selector;
    const text = status!.selector!;
    const pods = podsOf(selector, this.#pods.list(namespace));
    const { name } = autoscaler.metadata;
    refuseRivals({ namespace, name, selector: text, pods }, this.#others(key, namespace));
    const { scaleUp, scaleDown } = autoscaler.spec.behavior ?? {};
    return {
      namespace,
      specReplicas: spec?.replicas ?? 0,
      statusReplicas: status?.replicas ?? 0,
      selector: text,
      pods,
      tolerances: { up: toleranceOf(scaleUp?.tolerance), down: toleranceOf(scaleDown?.tolerance) },
      now,
    };
  }

  /** The other autoscalers of the namespace whose pods are known. */
  #others(key: string, namespace: string): { name: string; selector: LabelSelector }[] {
    return this.#autoscalers.list(namespace).flatMap(other => {
      const { name, uid } = other.metadata;
      const memory = this.#memories.get(objectKey(other));
      const known = objectKey(other) !== key && memory?.uid === uid && memory.selector;
      return known ? [{ name, selector: known }] : [];
    });
  }

  /** Whether the target is as large as decided now; events and conditions say it, too. */
  async #resize(look: Look, target: ScaleTarget, { replicas, reason }: Decision): Promise<boolean> {
    const { autoscaler, conditions, memory, now } = look;
    const current = target.scale.spec?.replicas ?? 0;
    const text = `New size: ${replicas}; reason: ${reason}`;
    try {
      await this.#targets.resize(namespaceOf(autoscaler), target, replicas);
    } catch (error) {
      const why = messageOf(error);
      this.#event(autoscaler, 'Warning', 'FailedRescale', `${text}; error: ${why}`);
      const message = `the HPA controller was unable to update the target scale: ${why}`;
      conditions.set('AbleToScale', 'False', 'FailedUpdateScale', message);
      return false;
    }
    this.#event(autoscaler, 'Normal', 'SuccessfulRescale', text);
    this.#deps.decisions.record('controller.updated', decisionObject(autoscaler), {
      by: this.name,
      why: text,
    });
    const { behavior } = autoscaler.spec;
    memory.history = withChange(memory.history, { behavior, now }, current, replicas);
    return true;
  }

  async #write(
    { autoscaler, conditions }: Look,
    counts: Pick<HorizontalPodAutoscalerStatusV2, 'currentReplicas' | 'desiredReplicas' | 'lastScaleTime'>,
    currentMetrics: MetricStatusV2[] | undefined,
  ): Promise<void> {
    const { name, generation } = autoscaler.metadata;
    const before = autoscaler.status;
    const status: HorizontalPodAutoscalerStatusV2 = {
      ...(before?.lastScaleTime && { lastScaleTime: before.lastScaleTime }),
      ...counts,
      ...(currentMetrics && { currentMetrics }),
      conditions: conditions.all,
      ...(generation !== undefined && { observedGeneration: generation }),
    };
    if (sameStatus(status, before)) return;
    const patch = { status: { ...status, currentMetrics: currentMetrics ?? null } };
    try {
      await this.#client.patch(namespaceOf(autoscaler), name, patch, { subresource: 'status' });
    } catch (error) {
      if (isNotFound(error)) return;
      this.#event(autoscaler, 'Warning', 'FailedUpdateStatus', messageOf(error));
      throw error;
    }
  }

  #event(autoscaler: Autoscaler, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#deps.recorder.event(autoscaler, type, reason, message);
  }
}

function namespaceOf({ metadata }: Autoscaler): string {
  return metadata.namespace ?? '';
}

function toleranceOf(text: string | undefined): number {
  return text === undefined ? defaultTolerance : Number(scaledValue(parseQuantity(text), -9)) / 1e9;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
