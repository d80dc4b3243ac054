import { notFound } from '../../../api/status.ts';
import type { Call } from '../../call.ts';
import type { ServerResponse } from '../../exchange.ts';
import { negotiate } from '../../negotiation.ts';
import { tableFor } from '../../tables/table.ts';
import { encoded } from '../representation.ts';
import type { ResourceEndpoint } from '../resource-endpoint.ts';

const names = ['controller-manager', 'scheduler', 'etcd-0'];

/** `componentstatuses`: deprecated, and still what `kubectl get cs` asks. All of it runs in this process. */
export function componentStatuses(call: Call, endpoint: ResourceEndpoint, now: number): ServerResponse {
  call.warnings.push('v1 ComponentStatus is deprecated in v1.19+');
  const accept = negotiate(call.request);
  const { pathName } = call.info;
  const items = names.filter(name => pathName === '' || name === pathName).map(healthy);
  if (pathName !== '' && items.length === 0) throw notFound(endpoint.qualified, pathName);
  if (accept.as === 'Table') return encoded(accept, 200, tableFor(endpoint.resource, items, { now }));
  if (pathName !== '') return encoded(accept, 200, items[0]);
  return encoded(accept, 200, { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items });
}

function healthy(name: string) {
  const conditions = [{ type: 'Healthy', status: 'True', message: 'ok' }];
  return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions };
}
