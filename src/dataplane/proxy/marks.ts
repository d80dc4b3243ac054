/**
 * The bits of the packet mark the service rules use while the first packet of a flow passes. The random
 * index of the endpoint stands in the low bits and, with the bits above it, is part of the key under which
 * the endpoint is looked up; what is left of it is cleared in postrouting.
 */
export const marks = {
  /** Most endpoints a frontend can balance over. */
  maxEndpoints: 0x2000,
  /** The client is on this node: its own endpoints were chosen (externalTrafficPolicy Local). */
  internal: 0x2000,
  /** The source address has to be rewritten to the node's. */
  masquerade: 0x4000,
  /** Above these bits stands the number of an endpoint, for session affinity. */
  idShift: 15,
  maxId: 0xfffe,
  all: 0x7fffffff,
} as const;
