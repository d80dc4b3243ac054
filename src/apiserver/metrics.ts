import type { Store } from '../store/store.ts';
import type { InFlight } from './filters/in-flight.ts';

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
    store: Store;
    watches: number;
    resources: readonly [string, string][];
  }): string {
    const lines = ['# TYPE apiserver_request_total counter'];
    for (const [labels, count] of this.#requests) lines.push(`apiserver_request_total{${labels}} ${count}`);
    const { reading, mutating } = state.inFlight.count;
    lines.push('# TYPE apiserver_current_inflight_requests gauge');
    lines.push(`apiserver_current_inflight_requests{request_kind="readOnly"} ${reading}`);
    lines.push(`apiserver_current_inflight_requests{request_kind="mutating"} ${mutating}`);
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
