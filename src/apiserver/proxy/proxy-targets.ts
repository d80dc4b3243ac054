import type { Pod, Service } from '../../api/generated/types.ts';
import { badRequest, notFound, serviceUnavailable } from '../../api/status.ts';
import type { ObjectReader } from '../admission/object-reader.ts';
import type { Call } from '../call.ts';
import type { Random } from '../random.ts';
import type { Target } from './forward.ts';
import type { NodeClient } from './node-client.ts';
import { type Address, readyEndpoints, servicePortName } from './service-endpoints.ts';

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
    // Links in pages are rewritten, which takes the text as it is.
    return { secure, options, path, headers: { 'accept-encoding': 'identity' } };
  }

  #pod({ info }: Call, { name, port }: ProxiedName): Address {
    const pod = this.#deps.reader.get<Pod>('pods', info.namespace, name);
    if (!pod) throw notFound({ resource: 'pods' }, name);
    const host = pod.status?.podIP;
    if (!host || !proxyable(host)) throw badRequest('address not allowed');
    const ports = (pod.spec?.containers ?? []).flatMap(each => each.ports ?? []);
    if (port === '') return { host, port: ports[0]?.containerPort ?? 80 };
    const number = /^\d+$/.test(port) ? Number(port) : ports.find(each => each.name === port)?.containerPort;
    if (!number) throw badRequest(`no port ${JSON.stringify(port)} in pod ${JSON.stringify(name)}`);
    return { host, port: number };
  }

  #service({ info }: Call, { name, port }: ProxiedName): Address {
    const { reader, random } = this.#deps;
    const service = reader.get<Service>('services', info.namespace, name);
    if (!service) throw notFound({ resource: 'services' }, name);
    const choices = readyEndpoints(reader, info.namespace, name, servicePortName(service, port));
    if (choices.length === 0) {
      throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(info.pathName)}`);
    }
    return choices[random.integer(choices.length)]!;
  }
}

/** Never this machine itself, nor what only a link knows (upstream: util/proxy, IsProxyableIP). */
function proxyable(address: string): boolean {
  return !/^(127\.|0\.0\.0\.0$|169\.254\.|22[4-9]\.|23\d\.|::1?$|fe[89ab]|ff)/i.test(address);
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
