/** What the node agent decides, as types of `DecisionLog`. Imported for its declarations. */
declare module '../base/decisions.ts' {
  interface DecisionTypes {
    'node.registered': { podCIDRs: string[] };
    'node.condition': { type: string; status: string; reason: string };
    'pod.admitted': Record<string, never>;
    'pod.rejected': { reason: string; message: string };
    /** All containers were ended and removed, for the exit of this one. */
    'pod.reset': { container: string };
    'pod.terminating': { gracePeriod: number; reason: string };
    'pod.removed': Record<string, never>;
    'node.image.pulling': { image: string };
    'node.image.pulled': { image: string; bytes: number; ms: number };
    'node.image.pull-failed': { image: string; error: string };
    'node.image.removed': { image: string };
    'sandbox.created': { id: string; attempt: number; addresses: string[]; ms: number };
    'sandbox.stopped': { id: string };
    'container.created': { container: string; id: string; attempt: number };
    'container.started': { container: string; id: string; ms: number };
    'container.resized': { container: string; id: string };
    'container.exited': { container: string; id: string; exitCode: number; reason: string };
    'container.killed': { container: string; id: string; gracePeriod: number; reason: string };
    /** No rule of any node sends new connections to its pod any more; after so many milliseconds. */
    'traffic.released': { container: string; ms: number };
    /** Its pod had so many connections to accept when it was released; so many were left after those milliseconds. */
    'traffic.accepted': { container: string; connections: number; left: number; ms: number };
    'container.backoff': { container: string; ms: number };
    'probe.changed': { container: string; probe: string; result: string; message: string };
    'volume.mounted': { volume: string };
    'volume.updated': { volume: string };
    'volume.failed': { volume: string; error: string };
    'pod.status': { phase: string; ready: boolean };
  }
}

export {};
