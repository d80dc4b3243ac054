import type { Peer, PeerRules } from './peer-rules.ts';
import type { TrafficRules } from './traffic-rules.ts';

/** Asks rules in the same process, by the name of the node. One that has none is not reached. */
export class FakePeerRules implements PeerRules {
  readonly rules = new Map<string, TrafficRules>();
  /** What was asked: `n2 17`. */
  readonly asked: string[] = [];

  async whenWritten(peer: Peer, revision: string, signal: AbortSignal): Promise<boolean> {
    this.asked.push(`${peer.name} ${revision}`);
    signal.throwIfAborted();
    const rules = this.rules.get(peer.name);
    if (!rules) throw new Error(`connect ECONNREFUSED ${peer.host}:${peer.port}`);
    const written = await rules.whenWritten(revision, signal);
    signal.throwIfAborted();
    return written;
  }
}
