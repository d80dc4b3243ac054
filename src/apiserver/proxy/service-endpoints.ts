import type { EndpointSlice, Service } from '../../api/generated/types.ts';
import { serviceUnavailable } from '../../api/status.ts';
import type { ObjectReader } from '../admission/object-reader.ts';

const slices = 'discovery.k8s.io/v1/endpointslices';
const serviceLabel = 'kubernetes.io/service-name';

/** Where something listens, as this server reaches it. */
export interface Address {
  host: string;
  port: number;
}

/**
 * The name of the asked port of a Service (by number or name; the first where none is asked).
 * @throws ApiError 503
 */
export function servicePortName(service: Service, asked: string): string {
  const ports = service.spec?.ports ?? [];
  const found =
    asked === '' ? ports[0] : ports.find(each => each.name === asked || String(each.port) === asked);
  if (found) return found.name ?? '';
  const shown = /^\d+$/.test(asked) ? asked : JSON.stringify(asked);
  throw serviceUnavailable(
    `no service port ${shown} found for service ${JSON.stringify(service.metadata?.name)}`,
  );
}

/** The addresses of the ready endpoints behind a Service's port, in the order of its slices. */
export function readyEndpoints(
  reader: ObjectReader,
  namespace: string,
  service: string,
  portName: string,
): Address[] {
  return reader
    .list<EndpointSlice>(slices, namespace)
    .filter(slice => slice.metadata.labels?.[serviceLabel] === service)
    .flatMap(slice => endpointsOf(slice, portName));
}

function endpointsOf(slice: EndpointSlice, portName: string): Address[] {
  const port = (slice.ports ?? []).find(each => (each.name ?? '') === portName)?.port;
  if (!port) return [];
  return (slice.endpoints ?? [])
    .filter(each => each.conditions?.ready !== false)
    .flatMap(each => each.addresses.slice(0, 1).map(host => ({ host, port })));
}
