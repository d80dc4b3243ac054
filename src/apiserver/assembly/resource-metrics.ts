import type { ApiServices } from '../aggregation/api-services.ts';
import type { CustomKind } from '../openapi/custom-kinds.ts';
import type { NodeClient } from '../proxy/node-client.ts';
import { MetricsApi } from '../resource-metrics/metrics-api.ts';
import { metricsGroup, metricsKinds, metricsVersion } from '../resource-metrics/metrics-kinds.ts';
import { KubeletMetrics } from '../resource-metrics/node-metrics.ts';
import { UsageReader } from '../resource-metrics/usage-reader.ts';
import type { Foundation } from './foundation.ts';

/** The metrics API of this server: there while an APIService says so that names no other server. */
export interface ResourceMetrics extends Pick<MetricsApi, 'handle'> {
  /** What is served at the time. */
  kinds(): readonly CustomKind[];
}

export function assembleMetrics(
  foundation: Foundation,
  nodes: NodeClient,
  services: ApiServices,
): ResourceMetrics {
  const { clock, log, reader } = foundation;
  const metrics = foundation.nodeMetrics ?? new KubeletMetrics(nodes);
  const api = new MetricsApi({ clock, reader, usage: new UsageReader({ clock, log, reader, metrics }) });
  const isServed = () => services.isLocal(`${metricsVersion}.${metricsGroup}`);
  return {
    handle: call => (isServed() ? api.handle(call) : undefined),
    kinds: () => (isServed() ? metricsKinds : []),
  };
}
