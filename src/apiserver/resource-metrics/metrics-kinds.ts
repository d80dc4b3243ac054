/** The kinds of `metrics.k8s.io/v1beta1`, as metrics-server has them. */

import type { ObjectMeta } from '../../api/generated/types.ts';
import type { JsonObject } from '../../api/json.ts';
import { completeResource } from '../../api/resources.ts';
import type { CustomKind } from '../openapi/custom-kinds.ts';

export const metricsGroup = 'metrics.k8s.io';
export const metricsVersion = 'v1beta1';
export const metricsApiVersion = `${metricsGroup}/${metricsVersion}`;

/** Quantities. */
export interface ResourceUsage {
  cpu: string;
  memory: string;
}

interface Measured {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  timestamp: string;
  /** As Go prints a duration: `15.064s`. */
  window: string;
}

export interface NodeMetrics extends Measured {
  usage: ResourceUsage;
}

export interface PodMetrics extends Measured {
  containers: { name: string; usage: ResourceUsage }[];
}

const row = { group: metricsGroup, version: metricsVersion, singular: '', verbs: ['get', 'list'] } as const;

export const nodeMetricsResource = completeResource({
  ...row,
  kind: 'NodeMetrics',
  plural: 'nodes',
  namespaced: false,
});

export const podMetricsResource = completeResource({
  ...row,
  kind: 'PodMetrics',
  plural: 'pods',
  namespaced: true,
});

const quantity: JsonObject = { type: 'string' };
const usage: JsonObject = {
  description: 'The memory usage is the memory working set.',
  type: 'object',
  additionalProperties: quantity,
};
const measured: JsonObject = {
  timestamp: {
    description: 'The end of the time in which the metrics were collected.',
    type: 'string',
    format: 'date-time',
  },
  window: { description: 'How long the metrics were collected.', type: 'string' },
};

const nodeSchema: JsonObject = {
  description: 'NodeMetrics sets resource usage metrics of a node.',
  type: 'object',
  required: ['timestamp', 'window', 'usage'],
  properties: { ...measured, usage },
};

const podSchema: JsonObject = {
  description: 'PodMetrics sets resource usage metrics of a pod.',
  type: 'object',
  required: ['timestamp', 'window', 'containers'],
  properties: {
    ...measured,
    containers: {
      description: 'Metrics for all containers are collected within the same time window.',
      type: 'array',
      items: {
        description: 'ContainerMetrics sets resource usage metrics of a container.',
        type: 'object',
        required: ['name', 'usage'],
        properties: {
          name: {
            description: 'Container name corresponding to the one from pod.spec.containers.',
            type: 'string',
          },
          usage,
        },
      },
    },
  },
};

/** For OpenAPI. */
export const metricsKinds: readonly CustomKind[] = [
  { resource: nodeMetricsResource, schema: nodeSchema },
  { resource: podMetricsResource, schema: podSchema },
];
