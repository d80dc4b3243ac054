import type { StatsSummary } from './stats-summary.ts';

type Summary = Awaited<ReturnType<StatsSummary['summary']>>;

interface Sample {
  labels: Record<string, string>;
  value: number;
  /** RFC 3339. */
  time: string;
}

/**
 * `/metrics/resource`, in Prometheus' text format: what metrics-server reads.
 * Source: kubelet `metrics/collectors/resource_metrics.go`.
 */
export function resourceMetrics({ node, pods }: Summary): string {
  const nodeSample = (value: unknown, time: string) => [{ labels: {}, value: Number(value ?? 0), time }];
  const ofPods = (value: (pod: Summary['pods'][number]) => unknown): Sample[] =>
    pods.map(pod => {
      const { namespace, name } = pod.podRef;
      return { labels: { namespace, pod: name }, value: Number(value(pod) ?? 0), time: pod.cpu.time };
    });
  const ofContainers = (
    value: (container: Summary['pods'][number]['containers'][number]) => unknown,
  ): Sample[] =>
    pods.flatMap(({ podRef: { namespace, name }, containers }) =>
      containers.map(container => {
        const labels = { container: container.name, namespace, pod: name };
        return { labels, value: Number(value(container) ?? 0), time: container.cpu.time };
      }),
    );
  const seconds = (nanoseconds: unknown) => Number(nanoseconds ?? 0) / 1e9;
  return [
    ...family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the container in core-seconds',
      ofContainers(({ cpu }) => seconds(cpu.usageCoreNanoSeconds)),
    ),
    ...family(
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set of the container in bytes',
      ofContainers(({ memory }) => memory.workingSetBytes),
    ),
    ...family(
      'container_start_time_seconds',
      'gauge',
      'Start time of the container since unix epoch in seconds',
      ofContainers(({ startTime }) => Date.parse(startTime) / 1000),
    ),
    ...family(
      'node_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the node in core-seconds',
      nodeSample(seconds(node.cpu.usageCoreNanoSeconds), node.cpu.time),
    ),
    ...family(
      'node_memory_working_set_bytes',
      'gauge',
      'Current working set of the node in bytes',
      nodeSample(node.memory.workingSetBytes, node.memory.time),
    ),
    ...family(
      'pod_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the pod in core-seconds',
      ofPods(({ cpu }) => seconds(cpu.usageCoreNanoSeconds)),
    ),
    ...family(
      'pod_memory_working_set_bytes',
      'gauge',
      'Current working set of the pod in bytes',
      ofPods(({ memory }) => memory.workingSetBytes),
    ),
    '# HELP resource_scrape_error [STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
    '# TYPE resource_scrape_error gauge',
    'resource_scrape_error 0',
    '',
  ].join('\n');
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return [];
  // Names of pods and containers need no escaping: they are DNS names.
  const line = ({ labels, value, time }: Sample) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value} ${Date.parse(time)}`;
  };
  return [`# HELP ${name} [STABLE] ${help}`, `# TYPE ${name} ${type}`, ...samples.map(line)];
}
