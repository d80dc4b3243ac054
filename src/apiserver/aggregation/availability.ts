import type { APIServiceCondition, EndpointSlice, Service } from '../../api/generated/types.ts';
import type { RemoteApi } from './api-services.ts';

/** What an APIService's condition `Available` says, but for its time. */
export type Availability = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>;

export const locallyAvailable: Availability = {
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
};

export const passed: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' };

const unavailable = (reason: string, message: string): Availability => ({ status: 'False', reason, message });

/**
 * Why the Service of an API leads nowhere, in upstream's words (kube-aggregator: remote_available_controller.go);
 * undefined where it can be asked.
 */
export function serviceFault(
  { service: { namespace, name, port } }: RemoteApi,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Availability | undefined {
  const which = `service/${name} in ${JSON.stringify(namespace)}`;
  if (!service) return unavailable('ServiceNotFound', `${which} is not present`);
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const found = (service.spec?.ports ?? []).find(each => each.port === port);
  if (!found) return unavailable('ServicePortError', `${which} is not listening on port ${port}`);
  if (slices.length === 0) return unavailable('EndpointsNotFound', `cannot find endpointslices for ${which}`);
  const portName = found.name ?? '';
  if (slices.some(slice => hasReady(slice, portName))) return undefined;
  const why = `endpointslices for ${which} have no addresses with port name ${JSON.stringify(portName)}`;
  return unavailable('MissingEndpoints', why);
}

function hasReady({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const ready = (endpoints ?? []).some(each => each.conditions?.ready !== false);
  return ready && (ports ?? []).some(each => (each.name ?? '') === portName && each.port);
}

export function failedDiscovery(message: string): Availability {
  return unavailable('FailedDiscoveryCheck', message);
}

/** The conditions with `Available` as found; the same list where nothing differs. */
export function withAvailability(
  conditions: readonly APIServiceCondition[],
  { status, reason, message }: Availability,
  now: string,
): readonly APIServiceCondition[] {
  const present = conditions.find(each => each.type === 'Available');
  if (present?.status === status && present.reason === reason && present.message === message) {
    return conditions;
  }
  const lastTransitionTime = present?.status === status ? present.lastTransitionTime : now;
  const changed: APIServiceCondition = { type: 'Available', status, reason, message };
  if (lastTransitionTime) changed.lastTransitionTime = lastTransitionTime;
  return [...conditions.filter(each => each.type !== 'Available'), changed];
}
