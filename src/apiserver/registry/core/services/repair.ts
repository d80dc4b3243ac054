import type { IPAddress, Service } from '../../../../api/generated/types.ts';
import { decisionObject } from '../../../../base/decisions.ts';
import type { Logger } from '../../../../base/log.ts';
import type { ObjectReader } from '../../../admission/object-reader.ts';
import { type AddressAllocator, AddressUnavailable, managedBy, managedByLabel } from './address-allocator.ts';
import { addressesOf } from './service-strategy.ts';

const addressResource = 'networking.k8s.io/v1/ipaddresses';

/**
 * Brings Services and IPAddress objects together after a crash between the two writes: an address no Service
 * has is given back, one that a Service has without an object gets its object (upstream: ipallocator repair).
 */
export async function repairAddresses(deps: {
  reader: ObjectReader;
  allocator: AddressAllocator;
  log: Logger;
  /**
   * Since when an address may have been given whose Service is not stored yet, by another server; milliseconds
   * since 1970, undefined where there is none.
   */
  underWaySince: number | undefined;
}): Promise<void> {
  const { reader, allocator, log, underWaySince = Number.POSITIVE_INFINITY } = deps;
  const owned = new Map<string, Service>();
  for (const service of reader.list<Service>('services')) {
    for (const address of addressesOf(service)) owned.set(address, service);
  }
  for (const object of reader.list<IPAddress>(addressResource)) {
    const { name, labels, creationTimestamp } = object.metadata;
    if (owned.has(name)) owned.delete(name);
    else if (labels?.[managedByLabel] === managedBy && Date.parse(creationTimestamp ?? '') < underWaySince) {
      log.warn('an address was given to no Service', { address: name });
      await allocator.release({ kind: 'Service', name: '' }, name);
    }
  }
  for (const [address, service] of owned) {
    try {
      await allocator.allocate(decisionObject(service), address);
    } catch (error) {
      if (!(error instanceof AddressUnavailable)) throw error;
      log.warn('a Service has an address it can not keep', {
        address,
        service: service.metadata?.name,
        error,
      });
    }
  }
}
