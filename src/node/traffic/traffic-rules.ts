/** The rules that send connections of this node to pods. */
export interface TrafficRules {
  /**
   * Resolves when no new connections are sent to these addresses, with the version of the EndpointSlices that says
   * so; with undefined where none ever were, and when `signal` aborts first.
   */
  whenReleased(addresses: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  /** Resolves with true when the rules follow the EndpointSlices of this version; false when `signal` aborts first. */
  whenWritten(revision: string, signal: AbortSignal): Promise<boolean>;
}
