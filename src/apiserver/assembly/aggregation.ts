import { ApiServiceController } from '../aggregation/api-service-controller.ts';
import { ApiServices } from '../aggregation/api-services.ts';
import { RemoteClient } from '../aggregation/remote-client.ts';
import { RemoteDocuments } from '../aggregation/remote-documents.ts';
import { RemoteProxy } from '../aggregation/remote-proxy.ts';
import type { ApiServerOptions } from '../options.ts';
import type { Registry } from '../registry/registry.ts';
import type { Foundation } from './foundation.ts';

/** What makes other servers' APIs a part of this one's. */
export interface Aggregation {
  client: RemoteClient;
  documents: RemoteDocuments;
  proxy: RemoteProxy;
  controller: ApiServiceController;
  services: ApiServices;
}

export function assembleAggregation(
  foundation: Foundation & { registry: Registry },
  { frontProxy }: ApiServerOptions,
): Aggregation {
  const services = new ApiServices();
  const client = new RemoteClient(foundation, frontProxy);
  const documents = new RemoteDocuments({ log: foundation.log, client, services });
  const proxy = new RemoteProxy(services, client);
  const controller = new ApiServiceController({ ...foundation, services, client, documents });
  return { client, documents, proxy, controller, services };
}
