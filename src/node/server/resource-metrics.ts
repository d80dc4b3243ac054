import type { Summary } from './stats-summary.ts';
import type { CpuStats } from './usage.ts';

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
  const ofPods = (value: (pod: Summary['pods'][number]) => number): Sample[] =>
    pods.map(pod => {
      const { namespace, name } = pod.podRef;
      return { labels: { namespace, pod: name }, value: value(pod), time: pod.cpu.time };
    });
  const ofContainers = (
    value: (container: Summary['pods'][number]['containers'][number]) => number,
  ): Sample[] =>
    pods.flatMap(({ podRef: { namespace, name }, containers }) =>
      containers.map(container => {
        const labels = { container: container.name, namespace, pod: name };
        return { labels, value: value(container), time: container.cpu.time };
      }),
    );
  const seconds = ({ usageCoreNanoSeconds }: CpuStats) => usageCoreNanoSeconds / 1e9;
  return [
    ...family(
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the container in core-seconds',
      ofContainers(({ cpu }) => seconds(cpu)),
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
      [{ labels: {}, value: seconds(node.cpu), time: node.cpu.time }],
    ),
    ...family('node_memory_working_set_bytes', 'gauge', 'Current working set of the node in bytes', [
      { labels: {}, value: node.memory.workingSetBytes, time: node.memory.time },
    ]),
    ...family(
      'pod_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the pod in core-seconds',
      ofPods(({ cpu }) => seconds(cpu)),
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
