import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResourceMetrics, type UsagePoint, usageBetween } from './readings.ts';

test('what kubelets tell is read, whatever stands beside', () => {
  const { node, pods } =
    parseResourceMetrics(`# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time
# TYPE node_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="a",namespace="ns",pod="web"} 1.5 1000
container_cpu_usage_seconds_total{container="b",namespace="ns",pod="web"} 2e-3 2000
container_memory_working_set_bytes{container="a",namespace="ns",pod="web"} 4096 1000
container_start_time_seconds{container="a",namespace="ns",pod="web"} 0.25 1000
container_swap_usage_bytes{container="a",namespace="ns",pod="web"} 7 1000
node_cpu_usage_seconds_total 30 1000
node_memory_working_set_bytes 8192 1000
pod_cpu_usage_seconds_total{namespace="ns",pod="web"} 1.502 1000
resource_scrape_error 0
`);
  assert.deepEqual(node, { since: 0, at: 1000, cpu: 30, memory: 8192 });
  assert.deepEqual([...pods.keys()], ['ns/web']);
  assert.deepEqual(Object.fromEntries(pods.get('ns/web')!), {
    a: { since: 250, at: 1000, cpu: 1.5, memory: 4096 },
    b: { since: 0, at: 2000, cpu: 0.002, memory: 0 },
  });
  assert.equal(parseResourceMetrics('resource_scrape_error 1\n').node, undefined);
});

const point = (at: number, cpu: number, since = 0): UsagePoint => ({ since, at, cpu, memory: 7 });

/** The reading before was taken at 10,000. */
const rows: [what: string, before: UsagePoint | undefined, last: UsagePoint, cpu: number | undefined][] = [
  ['two points', point(10_000, 1), point(20_000, 6), 0.5],
  ['one point of a container that was there before', undefined, point(20_000, 6, 9000), undefined],
  ['a container that began since', undefined, point(20_000, 4, 12_000), 0.5],
  ['one that began anew since', point(10_000, 9), point(20_000, 4, 12_000), 0.5],
  ['one that began a moment ago', undefined, point(12_100, 4, 12_000), undefined],
  ['time that went backwards', point(10_000, 9), point(20_000, 4), undefined],
  ['the same point twice', point(10_000, 1), point(10_000, 1), undefined],
];
for (const [what, before, last, cpu] of rows) {
  test(`usage of ${what}`, () => {
    const usage = usageBetween(before, last, 10_000);
    assert.equal(usage?.cpu, cpu);
    if (usage) assert.deepEqual([usage.memory, usage.at], [7, last.at]);
  });
}
