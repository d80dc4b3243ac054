import type { Endpoint, ServiceModel } from '../model/service-model.ts';

/**
 * Whether new connections go to any of `addresses`. One that is used only because nothing else is left does
 * not count: nobody will take its place by waiting.
 */
export function sendsTo(models: Iterable<ServiceModel>, addresses: readonly string[]): boolean {
  const used = ({ address, terminating }: Endpoint) => !terminating && addresses.includes(address);
  for (const { ports } of models) {
    for (const { frontends } of ports) {
      for (const { endpoints, internalEndpoints } of frontends) {
        if (endpoints.some(used) || internalEndpoints?.some(used)) return true;
      }
    }
  }
  return false;
}
