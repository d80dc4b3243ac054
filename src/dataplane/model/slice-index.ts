import type { EndpointSlice } from '../../api/generated/types.ts';

/**
 * The index of EndpointSlices by `namespace/name` of their Service. The service proxy adds it to the informer
 * that all of a node's data plane shares; the balancer announcer reads by it.
 */
export const sliceServiceIndex = 'service';

/** The index by the addresses of their endpoints, in whatever condition; the service proxy adds it, too. */
export const sliceAddressIndex = 'address';

/** `namespace/name` of the Service that a slice belongs to. */
export function serviceOf({ metadata }: EndpointSlice): string | undefined {
  const service = metadata?.labels?.['kubernetes.io/service-name'];
  return service && `${metadata?.namespace}/${service}`;
}
