import type { KubeObject } from '../../api/objects.ts';
import { cloneJson } from './decoded.ts';
import type { Conversion } from './storage-form.ts';

interface ResourceMetric {
  type: string;
  resource?: {
    name: string;
    target?: { type: string; averageUtilization?: number };
    current?: { averageUtilization?: number; averageValue?: string };
  };
}

interface StoredAutoscaler extends KubeObject {
  spec?: Record<string, unknown> & { metrics?: ResourceMetric[]; behavior?: unknown };
  status?: Record<string, unknown> & { currentMetrics?: ResourceMetric[]; conditions?: unknown };
}

interface ServedAutoscaler extends KubeObject {
  spec?: Record<string, unknown> & { targetCPUUtilizationPercentage?: number };
  status?: Record<string, unknown> & { currentCPUUtilizationPercentage?: number };
}

/** What autoscaling/v1 has no field for travels in annotations (upstream: pkg/apis/autoscaling/annotations.go). */
const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';
const behaviorAnnotation = 'autoscaling.alpha.kubernetes.io/behavior';
const conditionsAnnotation = 'autoscaling.alpha.kubernetes.io/conditions';
const statusesAnnotation = 'autoscaling.alpha.kubernetes.io/current-metrics';

const isCpu = (metric: ResourceMetric) =>
  metric.type === 'Resource' &&
  metric.resource?.name === 'cpu' &&
  metric.resource.target?.type === 'Utilization';

/** autoscaling/v1 HorizontalPodAutoscalers are stored as autoscaling/v2. */
export const autoscalerConversion: Conversion = {
  toStorage(object) {
    const served = cloneJson(object) as ServedAutoscaler;
    const { targetCPUUtilizationPercentage, ...spec } = served.spec ?? {};
    const { currentCPUUtilizationPercentage, ...status } = served.status ?? {};
    const metrics: ResourceMetric[] = [];
    if (targetCPUUtilizationPercentage !== undefined) {
      const target = { type: 'Utilization', averageUtilization: targetCPUUtilizationPercentage };
      metrics.push({ type: 'Resource', resource: { name: 'cpu', target } });
    }
    const annotations = served.metadata?.annotations ?? {};
    metrics.push(...((take(annotations, metricsAnnotation) as ResourceMetric[] | undefined) ?? []));
    const behavior = take(annotations, behaviorAnnotation);
    const conditions = take(annotations, conditionsAnnotation);
    const currentMetrics =
      take(annotations, statusesAnnotation) ?? cpuStatus(currentCPUUtilizationPercentage);
    return {
      ...served,
      apiVersion: 'autoscaling/v2',
      spec: { ...spec, ...(metrics.length && { metrics }), ...(behavior !== undefined && { behavior }) },
      status: {
        ...status,
        ...(conditions !== undefined && { conditions }),
        ...(currentMetrics !== undefined && { currentMetrics }),
      },
    } as KubeObject;
  },
  fromStorage(object) {
    const stored = cloneJson(object) as StoredAutoscaler;
    const { metrics = [], behavior, ...spec } = stored.spec ?? {};
    const { currentMetrics, conditions, ...status } = stored.status ?? {};
    const cpu = metrics.find(isCpu)?.resource?.target?.averageUtilization;
    const current = currentMetrics?.find(metric => metric.resource?.name === 'cpu')?.resource?.current
      ?.averageUtilization;
    const others = metrics.filter(metric => !isCpu(metric));
    const annotations: Record<string, string> = { ...stored.metadata?.annotations };
    put(annotations, metricsAnnotation, others.length ? others : undefined);
    put(annotations, behaviorAnnotation, behavior);
    put(annotations, conditionsAnnotation, conditions);
    put(annotations, statusesAnnotation, currentMetrics);
    return {
      ...stored,
      apiVersion: 'autoscaling/v1',
      metadata: { ...stored.metadata, ...(Object.keys(annotations).length && { annotations }) },
      spec: { ...spec, ...(cpu !== undefined && { targetCPUUtilizationPercentage: cpu }) },
      status: { ...status, ...(current !== undefined && { currentCPUUtilizationPercentage: current }) },
    } as KubeObject;
  },
};

function cpuStatus(averageUtilization: number | undefined): ResourceMetric[] | undefined {
  if (averageUtilization === undefined) return undefined;
  return [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization } } }];
}

function take(annotations: Record<string, string>, key: string): unknown {
  const text = annotations[key];
  if (text === undefined) return undefined;
  delete annotations[key];
  try {
    return JSON.parse(text);
  } catch {
    // Upstream drops what it can't read, too.
    return undefined;
  }
}

function put(annotations: Record<string, string>, key: string, value: unknown): void {
  if (value !== undefined) annotations[key] = JSON.stringify(value);
}
