import type { ServiceModel, TransportProtocol } from '../model/service-model.ts';

/** Flows to a frontend that go to an endpoint which is none any more. */
export interface StaleFlow {
  protocol: TransportProtocol;
  /** The frontend's address; undefined for NodePort. */
  address?: string;
  port: number;
  /** The endpoint whose flows to forget; undefined for those that were never translated. */
  endpoint?: string;
}

/**
 * UDP has no end the kernel could see: a client that keeps its port would be sent to a vanished endpoint for
 * as long as it sends. And what a client sent before there was any endpoint was let through untranslated.
 */
export function staleFlows(before: ServiceModel | undefined, after: ServiceModel | undefined): StaleFlow[] {
  const flows: StaleFlow[] = [];
  const now = frontendsOf(after);
  const earlier = frontendsOf(before);
  for (const [key, { frontend, protocol }] of earlier) {
    const left = new Set((now.get(key)?.frontend.endpoints ?? []).map(endpoint => endpoint.address));
    for (const { address } of frontend.endpoints) {
      if (!left.has(address)) flows.push({ ...flowOf(protocol, frontend), endpoint: address });
    }
  }
  for (const [key, { frontend, protocol }] of now) {
    const was = earlier.get(key)?.frontend.endpoints.length ?? 0;
    if (was === 0 && frontend.endpoints.length > 0) flows.push(flowOf(protocol, frontend));
  }
  return flows;
}

type ModelFrontend = ServiceModel['ports'][number]['frontends'][number];

function flowOf(protocol: TransportProtocol, { address, port }: ModelFrontend): StaleFlow {
  return { protocol, ...(address !== undefined && { address }), port };
}

function frontendsOf(model: ServiceModel | undefined) {
  const found = new Map<string, { frontend: ModelFrontend; protocol: TransportProtocol }>();
  for (const { protocol, frontends } of model?.ports ?? []) {
    if (protocol !== 'udp') continue;
    for (const frontend of frontends) {
      found.set(`${frontend.family} ${frontend.address ?? 'node'} ${frontend.port}`, { frontend, protocol });
    }
  }
  return found;
}
