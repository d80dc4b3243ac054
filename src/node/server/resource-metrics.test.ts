import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceMetrics } from './resource-metrics.ts';

test('usage in the form metrics-server reads', () => {
  const time = '2026-01-01T00:00:01.000Z';
  const usage = {
    cpu: { time, usageCoreNanoSeconds: 1_500_000_000 },
    memory: {
      ...{ time, workingSetBytes: 4096, usageBytes: 8192, rssBytes: 0, pageFaults: 0, majorPageFaults: 0 },
    },
  };
  const podRef = { name: 'web', namespace: 'default', uid: 'u' };
  const text = resourceMetrics({
    node: { nodeName: 'n1', startTime: time, ...usage },
    pods: [{ podRef, startTime: time, containers: [{ name: 'c', startTime: time, ...usage }], ...usage }],
  });
  const samples = text.split('\n').filter(line => line && !line.startsWith('#'));
  const at = Date.parse(time);
  assert.deepEqual(samples, [
    `container_cpu_usage_seconds_total{container="c",namespace="default",pod="web"} 1.5 ${at}`,
    `container_memory_working_set_bytes{container="c",namespace="default",pod="web"} 4096 ${at}`,
    `container_start_time_seconds{container="c",namespace="default",pod="web"} ${at / 1000} ${at}`,
    `node_cpu_usage_seconds_total 1.5 ${at}`,
    `node_memory_working_set_bytes 4096 ${at}`,
    `pod_cpu_usage_seconds_total{namespace="default",pod="web"} 1.5 ${at}`,
    `pod_memory_working_set_bytes{namespace="default",pod="web"} 4096 ${at}`,
    'resource_scrape_error 0',
  ]);
});
