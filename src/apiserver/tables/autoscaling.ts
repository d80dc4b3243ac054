import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerV2,
  MetricSpecV2,
  MetricStatusV2,
  MetricTargetV2,
  MetricValueStatusV2,
} from '../../api/generated/types.ts';
import { ageOf } from './age.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { firstOf, none, unknown, unset } from './format.ts';
import type { Printer } from './table.ts';

const columns = [
  nameColumn,
  column('Reference', 'What is scaled.'),
  column('Targets', 'The metrics as they are and as they should be.'),
  column('MinPods', 'The lower limit.'),
  column('MaxPods', 'The upper limit.'),
  column('Replicas', 'The number of replicas there are.'),
  ageColumn,
];

export const autoscalerPrinter: Printer<HorizontalPodAutoscalerV2> = {
  columns,
  cells: (object, now) => [
    object.metadata?.name ?? '',
    `${object.spec?.scaleTargetRef?.kind}/${object.spec?.scaleTargetRef?.name}`,
    formatMetrics(object.spec?.metrics ?? [], object.status?.currentMetrics ?? []),
    String(object.spec?.minReplicas ?? unset),
    object.spec?.maxReplicas ?? 0,
    object.status?.currentReplicas ?? 0,
    ageOf(object, now),
  ],
};

export const oldAutoscalerPrinter: Printer<HorizontalPodAutoscaler> = {
  columns,
  cells({ metadata, spec, status }, now) {
    const target = spec?.targetCPUUtilizationPercentage;
    const current = status?.currentCPUUtilizationPercentage;
    const metric = `cpu: ${current === undefined ? unknown : `${current}%`}/${target}%`;
    return [
      metadata?.name ?? '',
      `${spec?.scaleTargetRef?.kind}/${spec?.scaleTargetRef?.name}`,
      target === undefined ? none : metric,
      String(spec?.minReplicas ?? unset),
      spec?.maxReplicas ?? 0,
      status?.currentReplicas ?? 0,
      ageOf({ metadata }, now),
    ];
  },
};

function formatMetrics(specs: MetricSpecV2[], statuses: MetricStatusV2[]): string {
  if (specs.length === 0) return none;
  return firstOf(
    specs.map((spec, i) => formatMetric(spec, statuses[i])),
    2,
    ', ',
  );
}

function formatMetric(spec: MetricSpecV2, status: MetricStatusV2 | undefined): string {
  switch (spec.type) {
    case 'External':
      return ofValue(spec.external?.target, status?.external?.current, ' (avg)');
    case 'Pods':
      return ofValue(spec.pods?.target, status?.pods?.current, '');
    case 'Object':
      return ofValue(spec.object?.target, status?.object?.current, ' (avg)');
    case 'Resource':
      return `${spec.resource?.name}: ${ofUse(spec.resource?.target, status?.resource?.current)}`;
    case 'ContainerResource': {
      const use = ofUse(spec.containerResource?.target, status?.containerResource?.current);
      return `${spec.containerResource?.name}: ${use}`;
    }
    default:
      return '<unknown type>';
  }
}

function ofValue(
  target: MetricTargetV2 | undefined,
  current: MetricValueStatusV2 | undefined,
  averageNote: string,
): string {
  if (target?.averageValue !== undefined) {
    return `${current?.averageValue ?? unknown}/${target.averageValue}${averageNote}`;
  }
  return `${current?.value ?? unknown}/${target?.value ?? ''}`;
}

function ofUse(target: MetricTargetV2 | undefined, current: MetricValueStatusV2 | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue}`;
  const now = current?.averageUtilization === undefined ? unknown : `${current.averageUtilization}%`;
  const goal = target?.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`;
  return `${now}/${goal}`;
}
