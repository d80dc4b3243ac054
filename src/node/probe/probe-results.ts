export type ProbeKind = 'liveness' | 'readiness' | 'startup';
export type ProbeResult = 'success' | 'failure' | 'unknown';

/** The settled results of probes, by container id: thresholds are counted already. */
export class ProbeResults {
  readonly #results = new Map<string, ProbeResult>();

  /** Without a result: a container is alive, its start-up unknown. Readiness: see `isReady` of the prober. */
  get(containerId: string, kind: ProbeKind): ProbeResult | undefined {
    return this.#results.get(key(containerId, kind));
  }

  /** True where this changed something. */
  set(containerId: string, kind: ProbeKind, result: ProbeResult): boolean {
    const changed = this.#results.get(key(containerId, kind)) !== result;
    this.#results.set(key(containerId, kind), result);
    return changed;
  }

  forget(containerId: string): void {
    for (const kind of ['liveness', 'readiness', 'startup'] as const) {
      this.#results.delete(key(containerId, kind));
    }
  }
}

function key(containerId: string, kind: ProbeKind): string {
  return `${kind}/${containerId}`;
}
