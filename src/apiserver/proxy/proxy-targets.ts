import type { EndpointSlice, Pod, Service } from '../../api/generated/types.ts';
import { badRequest, notFound, serviceUnavailable } from '../../api/status.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import type { Call } from '../call.ts';
import type { Random } from '../random.ts';
import type { Target } from './forward.ts';
import type { NodeClient } from './node-client.ts';

const slices = 'discovery.k8s.io/v1/endpointslices';
const serviceLabel = 'kubernetes.io/service-name';

interface ProxiedName {
  scheme: string;
  name: string;
  port: string;
}

/** Where `proxy` below a pod, Service or node leads. */
export class ProxyTargets {
  readonly #deps: { reader: ObjectReader; nodes: NodeClient; random: Random };

  constructor(deps: { reader: ObjectReader; nodes: NodeClient; random: Random }) {
    this.#deps = deps;
  }

  /** @throws ApiError 400, 404, 503 */
  of(call: Call): Target {
    const { info, request } = call;
    const named = splitName(info.pathName);
    const query = request.query.toString();
    const path = `/${info.rest}${query ? `?${query}` : ''}`;
    if (info.resource === 'nodes') {
      return {
        secure: true,
        options: this.#deps.nodes.target(named.name, Number(named.port) || undefined),
        path,
      };
    }
    const { host, port } = info.resource === 'pods' ? this.#pod(call, named) : this.#service(call, named);
    const secure = named.scheme === 'https';
    // A pod's certificate is nobody's business but its users': upstream does not check it either.
    const options = { host, port, ...(secure && { rejectUnauthorized: false }) };
    return { secure, options, path };
  }

  #pod({ info }: Call, { name, port }: ProxiedName): { host: string; port: number } {
    const pod = this.#deps.reader.get<Pod>('pods', info.namespace, name);
    if (!pod) throw notFound({ resource: 'pods' }, name);
    const host = pod.status?.podIP;
    if (!host) throw badRequest('address not allowed');
    const ports = (pod.spec?.containers ?? []).flatMap(each => each.ports ?? []);
    if (port === '') return { host, port: ports[0]?.containerPort ?? 80 };
    const number = /^\d+$/.test(port) ? Number(port) : ports.find(each => each.name === port)?.containerPort;
    if (!number) throw badRequest(`no port ${JSON.stringify(port)} in pod ${JSON.stringify(name)}`);
    return { host, port: number };
  }

  #service({ info }: Call, { name, port }: ProxiedName): { host: string; port: number } {
    const { reader, random } = this.#deps;
    const service = reader.get<Service>('services', info.namespace, name);
    if (!service) throw notFound({ resource: 'services' }, name);
    const wanted = servicePort(service, port);
    const choices = reader
      .list<EndpointSlice>(slices, info.namespace)
      .filter(slice => slice.metadata.labels?.[serviceLabel] === name)
      .flatMap(slice => endpointsOf(slice, wanted));
    if (choices.length === 0) {
      throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(info.pathName)}`);
    }
    return choices[random.integer(choices.length)]!;
  }
}

/** The name of the asked port (by number or name; the first where none is asked). */
function servicePort(service: Service, asked: string): string {
  const ports = service.spec?.ports ?? [];
  const found =
    asked === '' ? ports[0] : ports.find(each => each.name === asked || String(each.port) === asked);
  if (!found)
    throw serviceUnavailable(
      `no service port ${JSON.stringify(asked)} found for service ${JSON.stringify(service.metadata?.name)}`,
    );
  return found.name ?? '';
}

function endpointsOf(slice: EndpointSlice, portName: string): { host: string; port: number }[] {
  const port = (slice.ports ?? []).find(each => (each.name ?? '') === portName)?.port;
  if (!port) return [];
  return (slice.endpoints ?? [])
    .filter(each => each.conditions?.ready !== false)
    .flatMap(each => each.addresses.slice(0, 1).map(host => ({ host, port })));
}

/** `name`, `name:port`, `scheme:name:port`. */
function splitName(text: string): ProxiedName {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: '', name: text, port: '' };
  if (parts.length === 2) return { scheme: '', name: parts[0]!, port: parts[1]! };
  const [scheme = '', name = '', port = ''] = parts;
  if (parts.length > 3 || !['', 'http', 'https'].includes(scheme)) {
    throw badRequest(`invalid proxy request ${JSON.stringify(text)}`);
  }
  return { scheme, name, port };
}
