import type { Store } from '../store/store.ts';
import type { InFlight } from './filters/in-flight.ts';
import type { PriorityLevel } from './flowcontrol/priority-level.ts';

/** Counters of `/metrics`, in upstream's names where upstream has them. */
export class RequestMetrics {
  readonly #requests = new Map<string, number>();

  /** Counts one answered request. */
  count(verb: string, resource: string, code: number): void {
    const key = `code="${code}",resource="${resource}",verb="${verb.toUpperCase()}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }

  text(state: {
    inFlight: InFlight;
    levels: Iterable<PriorityLevel>;
    store: Store;
    watches: number;
    resources: readonly [string, string][];
  }): string {
    const lines = ['# TYPE apiserver_request_total counter'];
    for (const [labels, count] of this.#requests) lines.push(`apiserver_request_total{${labels}} ${count}`);
    const { reading, mutating } = state.inFlight;
    lines.push('# TYPE apiserver_current_inflight_requests gauge');
    lines.push(`apiserver_current_inflight_requests{request_kind="readOnly"} ${reading}`);
    lines.push(`apiserver_current_inflight_requests{request_kind="mutating"} ${mutating}`);
    lines.push(...flowControlLines(state.levels));
    lines.push('# TYPE apiserver_longrunning_requests gauge');
    lines.push(`apiserver_longrunning_requests{verb="WATCH"} ${state.watches}`);
    lines.push('# TYPE apiserver_storage_objects gauge');
    for (const [name, prefix] of state.resources) {
      lines.push(`apiserver_storage_objects{resource="${name}"} ${state.store.count(prefix)}`);
    }
    const memory = process.memoryUsage();
    lines.push('# TYPE process_resident_memory_bytes gauge', `process_resident_memory_bytes ${memory.rss}`);
    return `${lines.join('\n')}\n`;
  }
}

const flowControlMetrics: readonly [name: string, type: string, value: (level: PriorityLevel) => number][] = [
  ['nominal_limit_seats', 'gauge', level => level.nominal],
  ['current_executing_seats', 'gauge', level => level.used],
  ['current_inqueue_requests', 'gauge', level => level.waiting],
  ['dispatched_requests_total', 'counter', level => level.dispatched],
  ['rejected_requests_total', 'counter', level => level.rejected],
];

function flowControlLines(levels: Iterable<PriorityLevel>): string[] {
  const all = [...levels];
  return flowControlMetrics.flatMap(([name, type, value]) => [
    `# TYPE apiserver_flowcontrol_${name} ${type}`,
    ...all.map(level => `apiserver_flowcontrol_${name}{priority_level="${level.name}"} ${value(level)}`),
  ]);
}
