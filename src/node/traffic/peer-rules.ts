/** The agent of another node. */
export interface Peer {
  /** Of the node. */
  name: string;
  /** Address and port of its kubelet API. */
  host: string;
  port: number;
}

/** The service rules of other nodes, as their agents tell of them. */
export interface PeerRules {
  /**
   * Resolves with true when the rules of `peer` follow the EndpointSlices of version `revision` or a later one; with
   * false where its agent answers that it cannot tell.
   * @throws Error when no answer comes, and the reason of `signal` when that aborts first
   */
  whenWritten(peer: Peer, revision: string, signal: AbortSignal): Promise<boolean>;
}
