import type { Endpoint } from '../model/service-model.ts';
import { marks } from './marks.ts';

/**
 * A number for each of a frontend's endpoints, none twice. It follows from address and port, so that a client with
 * session affinity keeps its endpoint while others come and go, also over a restart of the agent.
 */
export function endpointIds(endpoints: readonly Endpoint[]): number[] {
  const taken = new Set<number>();
  return endpoints.map(({ address, port }) => {
    let id = hashOf(`${address} ${port}`);
    while (taken.has(id)) id = (id % marks.maxId) + 1;
    taken.add(id);
    return id;
  });
}

/** From 1 to `marks.maxId`; FNV-1a, its halves laid over each other. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return ((((hash >>> 16) ^ hash) >>> 0) % marks.maxId) + 1;
}
