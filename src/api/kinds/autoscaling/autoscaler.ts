import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpecV2,
  HorizontalPodAutoscalerV2,
  HPAScalingRulesV2,
  MetricSpecV2,
  MetricTargetV2,
} from '../../generated/types.ts';
import { pathSegmentErrors } from '../../names.ts';
import { checkNonNegative } from '../checks.ts';
import { type FieldPath, specPath, statusPath } from '../field-path.ts';
import type { Findings } from '../findings.ts';
import type { KindRules } from '../kind-rules.ts';
import { signOf } from '../quantities.ts';

/** The field of each type of metric. */
const metricFields = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const;
const metricTypes = Object.keys(metricFields);
const maxWindow = 3600;
const maxPeriod = 1800;

export const autoscalerRules: KindRules<HorizontalPodAutoscalerV2> = {
  hasStatus: true,
  initialStatus: () => ({ currentMetrics: null, desiredReplicas: 0 }),
  defaults({ spec }) {
    if (!spec) return;
    spec.minReplicas ??= 1;
    if (!spec.metrics?.length) {
      const target = { type: 'Utilization', averageUtilization: 80 };
      spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
    }
    if (spec.behavior) defaultBehavior(spec.behavior);
  },
  validate({ spec }, out) {
    checkBounds(spec, out);
    (spec?.metrics ?? []).forEach((metric, i) => {
      checkMetric(metric, specPath.child('metrics').index(i), out);
    });
    for (const direction of ['scaleUp', 'scaleDown'] as const) {
      const rules = spec?.behavior?.[direction];
      if (rules) checkScaling(rules, specPath.child('behavior', direction), out);
    }
  },
  validateStatusUpdate: checkStatus,
};

function defaultBehavior(behavior: NonNullable<HorizontalPodAutoscalerSpecV2['behavior']>): void {
  behavior.scaleUp = {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
    ...behavior.scaleUp,
  };
  behavior.scaleDown = {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    ...behavior.scaleDown,
  };
}

export const oldAutoscalerRules: KindRules<HorizontalPodAutoscaler> = {
  hasStatus: true,
  initialStatus: () => ({ currentReplicas: 0, desiredReplicas: 0 }),
  defaults({ spec }) {
    if (!spec) return;
    spec.minReplicas ??= 1;
    spec.targetCPUUtilizationPercentage ??= 80;
  },
  validate({ spec }, out) {
    checkBounds(spec, out);
    const target = spec?.targetCPUUtilizationPercentage;
    if (target === undefined || target >= 1) return;
    out.invalid(specPath.child('targetCPUUtilizationPercentage'), target, 'must be greater than 0');
  },
  validateStatusUpdate: checkStatus,
};

function checkStatus(
  { status }: HorizontalPodAutoscaler | HorizontalPodAutoscalerV2,
  _old: unknown,
  out: Findings,
): void {
  for (const field of ['currentReplicas', 'desiredReplicas'] as const) {
    checkNonNegative(status?.[field], statusPath.child(field), out);
  }
}

type Bounds = Pick<HorizontalPodAutoscalerSpecV2, 'minReplicas' | 'maxReplicas' | 'scaleTargetRef'>;

function checkBounds(spec: Bounds | undefined, out: Findings): void {
  const { minReplicas, maxReplicas = 0, scaleTargetRef } = spec ?? {};
  if (minReplicas !== undefined && minReplicas < 1) {
    out.invalid(specPath.child('minReplicas'), minReplicas, 'must be greater than or equal to 1');
  }
  const at = specPath.child('maxReplicas');
  if (maxReplicas < 1) out.invalid(at, maxReplicas, 'must be greater than 0');
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    out.invalid(at, maxReplicas, 'must be greater than or equal to `minReplicas`');
  }
  for (const field of ['kind', 'name'] as const) {
    const value = scaleTargetRef?.[field];
    const here = specPath.child('scaleTargetRef', field);
    if (!value) out.required(here);
    else out.invalidAll(here, value, pathSegmentErrors(value));
  }
}

function checkMetric(metric: MetricSpecV2, at: FieldPath, out: Findings): void {
  if (!metric.type) {
    out.required(at.child('type'), 'must specify a metric source type');
    return;
  }
  if (!metricTypes.includes(metric.type)) {
    out.notSupported(at.child('type'), metric.type, metricTypes);
    return;
  }
  const field = metricFields[metric.type as keyof typeof metricFields];
  const source = metric[field];
  if (!source) {
    out.required(at.child(field), `must populate information for the given metric source`);
    return;
  }
  for (const other of Object.values(metricFields)) {
    if (other === field || !metric[other]) continue;
    out.forbidden(at.child(other), 'must populate the given metric source only');
  }
  if ('name' in source && !source.name) out.required(at.child(field, 'name'), 'must specify a resource name');
  if ('metric' in source && !source.metric?.name) out.required(at.child(field, 'metric', 'name'));
  checkTarget(source.target ?? { type: '' }, at.child(field, 'target'), out);
}

function checkTarget(target: MetricTargetV2, at: FieldPath, out: Findings): void {
  if (!target.type) out.required(at.child('type'), 'must specify a metric target type');
  else if (!['Utilization', 'Value', 'AverageValue'].includes(target.type)) {
    out.invalid(at.child('type'), target.type, 'must be either Utilization, Value, or AverageValue');
  }
  const { averageUtilization, averageValue, value } = target;
  if (averageUtilization !== undefined && averageUtilization < 1) {
    out.invalid(at.child('averageUtilization'), averageUtilization, 'must be greater than 0');
  }
  if (value !== undefined && signOf(value) <= 0) out.invalid(at.child('value'), value, 'must be positive');
  if (averageValue !== undefined && signOf(averageValue) <= 0) {
    out.invalid(at.child('averageValue'), averageValue, 'must be positive');
  }
}

function checkScaling(rules: HPAScalingRulesV2, at: FieldPath, out: Findings): void {
  const window = rules.stabilizationWindowSeconds;
  const windowAt = at.child('stabilizationWindowSeconds');
  if (window !== undefined && window < 0)
    out.invalid(windowAt, window, 'must be greater than or equal to zero');
  if (window !== undefined && window > maxWindow) {
    out.invalid(windowAt, window, `must be less than or equal to ${maxWindow}`);
  }
  const selects = ['Disabled', 'Max', 'Min'];
  if (rules.selectPolicy !== undefined && !selects.includes(rules.selectPolicy)) {
    out.notSupported(at.child('selectPolicy'), rules.selectPolicy, selects);
  }
  if (!rules.policies?.length) out.required(at.child('policies'), 'must specify at least one Policy');
  (rules.policies ?? []).forEach((policy, i) => {
    const here = at.child('policies').index(i);
    if (!['Percent', 'Pods'].includes(policy.type))
      out.notSupported(here.child('type'), policy.type, ['Percent', 'Pods']);
    if (policy.value <= 0) out.invalid(here.child('value'), policy.value, 'must be greater than zero');
    if (policy.periodSeconds <= 0) {
      out.invalid(here.child('periodSeconds'), policy.periodSeconds, 'must be greater than zero');
    }
    if (policy.periodSeconds > maxPeriod) {
      out.invalid(
        here.child('periodSeconds'),
        policy.periodSeconds,
        `must be less than or equal to ${maxPeriod}`,
      );
    }
  });
}
