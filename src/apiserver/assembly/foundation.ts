import { builtinResources } from '../../api/resources.ts';
import type { Clock } from '../../base/clock.ts';
import type { DecisionLog } from '../../base/decisions.ts';
import type { Logger } from '../../base/log.ts';
import type { Store } from '../../store/store.ts';
import { ObjectReader } from '../admission/object-reader.ts';
import type { Random } from '../random.ts';
import { endpointOf, type ResourceEndpoint } from '../registry/resource-endpoint.ts';
import type { NodeMetrics } from '../resource-metrics/node-metrics.ts';
import type { OpenWatch } from '../watch/object-watch.ts';
import { ResourceHubs } from '../watch/resource-hub.ts';
import { WebhookClient } from '../webhook/webhook-client.ts';

export interface AssemblyDeps {
  clock: Clock;
  log: Logger;
  decisions: DecisionLog;
  store: Store;
  random: Random;
  /** Where it is read what nodes use; the kubelets where not given. */
  nodeMetrics?: NodeMetrics;
}

/** What every part of the server stands on. */
export interface Foundation extends AssemblyDeps {
  hubs: ResourceHubs;
  reader: ObjectReader;
  /** By `group/version/plural`; those of custom resources come and go. */
  endpoints: Map<string, ResourceEndpoint>;
  /** Calls admission and conversion webhooks. */
  webhooks: WebhookClient;
  /** Watches under way. */
  watches: Set<OpenWatch>;
}

export function layFoundation(deps: AssemblyDeps): Foundation {
  const endpoints = builtinResources.map(
    each => [`${each.group}/${each.version}/${each.plural}`, endpointOf(each)] as const,
  );
  const reader = new ObjectReader(deps.store);
  return {
    ...deps,
    hubs: new ResourceHubs(deps.store),
    reader,
    webhooks: new WebhookClient({ ...deps, reader }),
    endpoints: new Map(endpoints),
    watches: new Set(),
  };
}
