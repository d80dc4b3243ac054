/** What a container or a node had used at one moment. */
export interface UsagePoint {
  /** Since when CPU time is counted, milliseconds since the epoch; 0 where nobody says. */
  since: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** Seconds of a core since `since`. */
  cpu: number;
  /** Bytes of the working set. */
  memory: number;
}

/** What a node's kubelet told at one moment. */
export interface NodeReading {
  node: UsagePoint | undefined;
  /** Containers by name, pods by `namespace/name`. */
  pods: Map<string, Map<string, UsagePoint>>;
}

/** What was used between two points. */
export interface Usage {
  /** Cores. */
  cpu: number;
  /** Bytes. */
  memory: number;
  /** Of the later point, milliseconds since the epoch. */
  at: number;
  /** Milliseconds between the points. */
  window: number;
}

const samplePattern = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)(?: (\d+))?$/;

/** Reads what a kubelet answers at `/metrics/resource`; lines of other metrics are passed over. */
export function parseResourceMetrics(text: string): NodeReading {
  const node: UsagePoint = emptyPoint();
  const pods: NodeReading['pods'] = new Map();
  for (const line of text.split('\n')) {
    const [, metric = '', labels = '', value = '', time = '0'] = samplePattern.exec(line) ?? [];
    const take = fields[metric];
    if (!take) continue;
    const at = Number(time);
    if (metric.startsWith('node_')) take(node, Number(value), at);
    else take(pointOf(pods, labels), Number(value), at);
  }
  return { node: node.at > 0 ? node : undefined, pods };
}

const fields: Record<string, (point: UsagePoint, value: number, at: number) => void> = {
  node_cpu_usage_seconds_total: takeCpu,
  node_memory_working_set_bytes: takeMemory,
  container_cpu_usage_seconds_total: takeCpu,
  container_memory_working_set_bytes: takeMemory,
  container_start_time_seconds: (point, value) => {
    point.since = value * 1000;
  },
};

function takeCpu(point: UsagePoint, value: number, at: number): void {
  point.cpu = value;
  point.at = at;
}

function takeMemory(point: UsagePoint, value: number): void {
  point.memory = value;
}

function emptyPoint(): UsagePoint {
  return { since: 0, at: 0, cpu: 0, memory: 0 };
}

function pointOf(pods: NodeReading['pods'], text: string): UsagePoint {
  const labels = new Map([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const key = `${labels.get('namespace')}/${labels.get('pod')}`;
  const containers = pods.get(key) ?? new Map<string, UsagePoint>();
  pods.set(key, containers);
  const name = labels.get('container') ?? '';
  const point = containers.get(name) ?? emptyPoint();
  containers.set(name, point);
  return point;
}

/** Milliseconds between two points that tell a rate. */
const shortestWindow = 500;

/**
 * What was used up to `last`. A container that began after `since` had used nothing when it began, so that its
 * beginning is a point, too; undefined where there is no second point yet.
 * @param since when the reading before `last` was taken, milliseconds since the epoch
 */
export function usageBetween(
  before: UsagePoint | undefined,
  last: UsagePoint,
  since: number,
): Usage | undefined {
  const first = firstPoint(before, last, since);
  if (!first || last.cpu < first.cpu) return undefined;
  const window = last.at - first.at;
  if (window < shortestWindow) return undefined;
  return { cpu: ((last.cpu - first.cpu) * 1000) / window, memory: last.memory, at: last.at, window };
}

function firstPoint(
  before: UsagePoint | undefined,
  last: UsagePoint,
  since: number,
): Pick<UsagePoint, 'at' | 'cpu'> | undefined {
  if (before && last.since <= before.at) return before;
  return last.since > since ? { at: last.since, cpu: 0 } : undefined;
}
