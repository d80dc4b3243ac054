import type { ListMeta } from '../../api/generated/types.ts';
import type { KubeObject } from '../../api/objects.ts';
import { type TableOptions, tableFor } from '../tables/table.ts';
import type { View } from './representation.ts';

/** The table of `objects` that `kubectl get` prints. */
export function tableOf(
  view: View,
  objects: readonly KubeObject[],
  metadata: ListMeta,
  noHeaders = false,
): KubeObject {
  const table = tableFor(view.endpoint.resource, objects, {
    now: view.clock.now(),
    includeObject: view.includeObject as TableOptions['includeObject'],
    metadata,
    noHeaders,
    ...(view.endpoint.custom && { columns: view.endpoint.custom.columns }),
  });
  const version = view.accept.version ?? 'v1';
  return { ...table, apiVersion: `meta.k8s.io/${version}` } as KubeObject;
}
