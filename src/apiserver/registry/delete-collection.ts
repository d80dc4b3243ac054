import { ApiError } from '../../api/status.ts';
import { decodeStored } from '../objects/decoded.ts';
import { type DeleteRequest, deleteObject } from './delete.ts';
import { type ListedObjects, listObjects } from './list.ts';
import type { ListOptions } from './list-options.ts';
import type { Registry } from './registry.ts';
import type { ResourceEndpoint } from './resource-endpoint.ts';
import type { Selection } from './selection.ts';

/** Deletions under way at a time. */
const parallel = 32;

/** Deletes what a LIST shows, each as DELETE would; what is gone in the meantime counts as deleted. */
export async function deleteCollection(
  registry: Registry,
  endpoint: ResourceEndpoint,
  selection: Selection,
  options: ListOptions,
  request: DeleteRequest,
): Promise<ListedObjects> {
  const listed = await listObjects(registry.store, endpoint, selection, options);
  const waiting = [...listed.items];
  const worker = async () => {
    for (let entry = waiting.pop(); entry; entry = waiting.pop()) {
      const { namespace = '', name } = decodeStored(entry).metadata;
      await deleteObject(registry, endpoint, namespace, name, request).catch(ignoreNotFound);
    }
  };
  const workers = Array.from({ length: Math.min(parallel, waiting.length) }, worker);
  // When a refusal is answered, nothing is under way any more.
  const failed = (await Promise.allSettled(workers)).find(each => each.status === 'rejected');
  if (failed) throw failed.reason;
  return listed;
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
}
