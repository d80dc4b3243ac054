/**
 * The index of EndpointSlices by `namespace/name` of their Service. The service proxy adds it to the informer
 * that all of a node's data plane shares; the balancer announcer reads by it.
 */
export const sliceServiceIndex = 'service';
