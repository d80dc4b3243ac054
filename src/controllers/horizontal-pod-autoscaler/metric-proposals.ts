import type {
  LabelSelector as LabelSelectorSpec,
  MetricIdentifierV2,
  MetricSpecV2,
  MetricStatusV2,
  MetricTargetV2,
  MetricValueStatusV2,
  Pod,
} from '../../api/generated/types.ts';
import { formatLabelSelector, selectorFromLabelSelector } from '../../api/label-selector.ts';
import { formatQuantity, milliOf } from '../../api/quantity.ts';
import type { MetricName, MetricsSource } from './metrics-source.ts';
import { requestsOf } from './pod-requests.ts';
import {
  MetricError,
  type PodMetrics,
  type PodsSituation,
  type Proposal,
  replicasForAverage,
  replicasForRatio,
  replicasForShare,
  replicasForUtilization,
  type Tolerances,
} from './replica-count.ts';
import type { ScaleTargets } from './scale-target.ts';

/** What an autoscaler's metrics are about. */
export interface Scaled {
  namespace: string;
  /** Of the scale's spec and status. */
  specReplicas: number;
  statusReplicas: number;
  /** Of its pods, as text. */
  selector: string;
  pods: readonly Pod[];
  tolerances: Tolerances;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What one metric asks for. */
export interface MetricProposal {
  replicas: number;
  /** For messages: `cpu resource utilization (percentage of request)`. */
  name: string;
  status: MetricStatusV2;
}

/** A metric that could not be had. */
export class MetricFailure extends Error {
  /** Of event and condition: `FailedGetResourceMetric`. */
  readonly reason: string;
  /** Of the event: without what the message of the failure has in front. */
  readonly detail: string;

  constructor(reason: string, what: string, cause: Error) {
    super(`failed to get ${what}: ${cause.message}`, { cause });
    this.reason = reason;
    this.detail = cause.message;
  }
}

/** Says how many replicas a metric asks for (upstream: computeReplicasForMetric). */
export class MetricProposals {
  readonly #source: MetricsSource;
  readonly #targets: ScaleTargets;

  constructor(deps: { source: MetricsSource; targets: ScaleTargets }) {
    this.#source = deps.source;
    this.#targets = deps.targets;
  }

  /** @throws MetricFailure */
  async of(spec: MetricSpecV2, scaled: Scaled): Promise<MetricProposal> {
    const { resource, containerResource, pods, object, external } = spec;
    if (resource) {
      const what = `${resource.name} resource metric value`;
      return failingAs('FailedGetResourceMetric', what, this.#resource(resource, scaled));
    }
    if (containerResource) {
      const what = `${containerResource.container} container metric value`;
      return failingAs('FailedGetContainerResourceMetric', what, this.#container(containerResource, scaled));
    }
    if (pods) return failingAs('FailedGetPodsMetric', 'pods metric value', this.#pods(pods, scaled));
    if (object)
      return failingAs('FailedGetObjectMetric', 'object metric value', this.#object(object, scaled));
    if (external) {
      const what = `${external.metric.name} external metric value`;
      return failingAs('FailedGetExternalMetric', what, this.#external(external, scaled));
    }
    const cause = new MetricError(`unknown metric source type "${spec.type}"`);
    throw new MetricFailure('InvalidMetricSourceType', 'metric value', cause);
  }

  async #resource(
    { name, target }: NonNullable<MetricSpecV2['resource']>,
    scaled: Scaled,
  ): Promise<MetricProposal> {
    const { current, ...found } = await this.#used(name, undefined, target, scaled);
    return { ...found, status: { type: 'Resource', resource: { name, current } } };
  }

  async #container(
    { name, container, target }: NonNullable<MetricSpecV2['containerResource']>,
    scaled: Scaled,
  ): Promise<MetricProposal> {
    const { current, ...found } = await this.#used(name, container, target, scaled);
    return {
      ...found,
      status: { type: 'ContainerResource', containerResource: { name, container, current } },
    };
  }

  async #used(
    resource: string,
    container: string | undefined,
    target: MetricTargetV2,
    scaled: Scaled,
  ): Promise<{ replicas: number; name: string; current: MetricValueStatusV2 }> {
    const { averageValue, averageUtilization } = target;
    const asShare = averageValue === undefined;
    if (asShare && averageUtilization === undefined) {
      const neither = 'neither an average utilization target nor an average value (usage) target was set';
      throw new MetricError(`invalid resource metric source: ${neither}`);
    }
    const situate = (metrics: PodMetrics) => situation(scaled, metrics, resource === 'cpu');
    const proposal = await inWords(
      `failed to get ${resource} ${asShare ? 'utilization' : 'usage'}`,
      async () => {
        const { namespace, selector, pods } = scaled;
        const metrics = await inWords(`unable to get metrics for resource ${resource}`, () =>
          this.#source.resource(namespace, selector, resource, container),
        );
        return asShare
          ? replicasForUtilization(situate(metrics), averageUtilization!, () =>
              requestsOf(pods, resource, container),
            )
          : replicasForAverage(situate(metrics), milliOf(averageValue));
      },
    );
    const { utilization } = proposal;
    const what = container === undefined || !asShare ? 'resource' : 'container resource';
    return {
      replicas: proposal.replicas,
      name: `${resource} ${what}${asShare ? ' utilization (percentage of request)' : ''}`,
      current: {
        ...(utilization !== undefined && { averageUtilization: utilization }),
        averageValue: quantity(proposal.usage, resource),
      },
    };
  }

  async #pods(
    { metric, target }: NonNullable<MetricSpecV2['pods']>,
    scaled: Scaled,
  ): Promise<MetricProposal> {
    const { namespace, selector } = scaled;
    const metrics = await inWords(`unable to get metric ${metric.name}`, () =>
      this.#source.pods(namespace, selector, metricName(metric)),
    );
    const { replicas, usage } = replicasForAverage(
      situation(scaled, metrics, false),
      milliOf(target.averageValue),
    );
    const current = { averageValue: quantity(usage) };
    return {
      replicas,
      name: `pods metric ${metric.name}`,
      status: { type: 'Pods', pods: { metric, current } },
    };
  }

  async #object(
    { metric, target, describedObject }: NonNullable<MetricSpecV2['object']>,
    scaled: Scaled,
  ): Promise<MetricProposal> {
    const { namespace } = scaled;
    const { kind, name } = describedObject;
    const value = () =>
      inWords(`unable to get metric ${metric.name} on ${kind} ${namespace}/${name}`, async () => {
        const { plural, group } = await this.#targets.resourceOf(describedObject);
        const resource = group ? `${plural}.${group}` : plural;
        return this.#source.object(namespace, resource, name, metricName(metric));
      });
    const status = (current: MetricValueStatusV2): MetricStatusV2 => ({
      type: 'Object',
      object: { describedObject, metric, current },
    });
    if (target.type === 'Value' && target.value !== undefined) {
      const proposal = byRatio(await value(), target.value, scaled);
      return { ...proposal, name: `${kind} metric ${metric.name}`, status: status(proposal.current) };
    }
    if (target.type === 'AverageValue' && target.averageValue !== undefined) {
      const average = target.averageValue;
      const proposal = await inWords(`failed to get ${metric.name} object metric`, async () =>
        byShare(await value(), average, scaled),
      );
      return { ...proposal, name: externalName(metric), status: status(proposal.current) };
    }
    throw new MetricError(`invalid object metric source: ${noTarget}`);
  }

  async #external(
    { metric, target }: NonNullable<MetricSpecV2['external']>,
    scaled: Scaled,
  ): Promise<MetricProposal> {
    const { namespace } = scaled;
    const { name } = metric;
    const value = () =>
      inWords(`unable to get external metric ${namespace}/${name}/${goSelector(metric.selector)}`, () =>
        this.#source.external(namespace, metricName(metric)),
      );
    const { averageValue } = target;
    if (averageValue === undefined && target.value === undefined) {
      throw new MetricError(`invalid external metric source: ${noTarget}`);
    }
    const failed =
      averageValue === undefined
        ? `failed to get external metric ${name}`
        : `failed to get ${name} external metric`;
    const proposal = await inWords(failed, async () =>
      averageValue === undefined
        ? byRatio(await value(), target.value!, scaled)
        : byShare(await value(), averageValue, scaled),
    );
    const external = { metric, current: proposal.current };
    return {
      replicas: proposal.replicas,
      name: externalName(metric),
      status: { type: 'External', external },
    };
  }
}

const noTarget = 'neither a value target nor an average value target was set';

function byRatio(value: number, target: string, { specReplicas, tolerances, pods }: Scaled) {
  const replicas = replicasForRatio(specReplicas, value / milliOf(target), tolerances, pods);
  return { replicas, current: { value: quantity(value) } };
}

function byShare(value: number, target: string, { statusReplicas, tolerances }: Scaled) {
  const { replicas, usage }: Proposal = replicasForShare(statusReplicas, value, milliOf(target), tolerances);
  return { replicas, current: { averageValue: quantity(usage) } };
}

function situation(
  { specReplicas, pods, tolerances, now }: Scaled,
  metrics: PodMetrics,
  isCpu: boolean,
): PodsSituation {
  return { current: specReplicas, pods, metrics, tolerances, isCpu, now };
}

function metricName({ name, selector }: MetricIdentifierV2): MetricName {
  return { name, selector: formatLabelSelector(selectorFromLabelSelector(selector)) };
}

function externalName({ name, selector }: MetricIdentifierV2): string {
  return `external metric ${name}(${goSelector(selector)})`;
}

/** A selector as Go prints it. */
function goSelector(selector: LabelSelectorSpec | undefined): string {
  if (!selector) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const map = labels.map(([key, value]) => `${key}: ${value},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${map}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}

/** @param value thousandths */
function quantity(value: number, resource = ''): string {
  const format = resource === 'memory' ? 'BinarySI' : 'DecimalSI';
  return formatQuantity({ mantissa: BigInt(Math.round(value)), scale: -3, format });
}

/** Puts words in front of an error's. */
async function inWords<T>(words: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MetricError(`${words}: ${why}`, { cause });
  }
}

async function failingAs(
  reason: string,
  what: string,
  proposal: Promise<MetricProposal>,
): Promise<MetricProposal> {
  try {
    return await proposal;
  } catch (cause) {
    throw new MetricFailure(reason, what, cause instanceof Error ? cause : new MetricError(String(cause)));
  }
}
